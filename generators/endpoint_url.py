"""Where requests go."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from generators.settings import GenerateSettings

__all__ = ["base_url", "is_loopback"]

_OPENAI = "https://api.openai.com/v1"


def base_url(settings: GenerateSettings) -> str:
    """The setting, else `OPENAI_BASE_URL`, else OpenAI."""
    return (settings.base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI).rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the endpoint is on this machine, so that it needs neither key nor price."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
