"""Where requests go, and with what key."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from aig.core.errors import UsageError
from aig.generators.settings import GenerateSettings

__all__ = ["api_key", "base_url", "is_loopback"]

_OPENAI = "https://api.openai.com/v1"


def base_url(settings: GenerateSettings) -> str:
    """The setting, else `OPENAI_BASE_URL`, else OpenAI.

    Raises:
        UsageError: it is no http address.
    """
    url = (settings.base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI).rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise UsageError(f"generate.base_url: {url!r} is not an http address", "write it as https://HOST/v1")
    return url


def is_loopback(url: str) -> bool:
    """Whether the endpoint is on this machine, so that it needs neither key nor price."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def api_key(settings: GenerateSettings) -> str:
    """The key from the environment; empty where there is none and the endpoint is on this machine.

    Raises:
        UsageError: the endpoint is elsewhere and the environment holds no key.
    """
    key = os.environ.get(settings.api_key_env, "").strip()
    if not key and not is_loopback(base_url(settings)):
        raise UsageError(
            f"no API key for {base_url(settings)}: the environment variable {settings.api_key_env} is not set",
            f"export {settings.api_key_env}=..., or name another variable in generate.api_key_env, "
            "or set generate.open_ended to false to build the closed-ended part without a model",
        )
    return key
