"""How long a server asks to wait: `Retry-After` and durations in other headers."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["duration_s", "retry_after_s"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration_s(text: str) -> float | None:
    """Seconds of a duration such as `6m0s`, `120ms` or `7.66s`, as rate limit headers write it; else `None`."""
    parts = _DURATION.findall(text)
    if not parts or "".join(value + unit for value, unit in parts) != text.strip():
        return None
    return _finite(sum(float(value) * _UNITS[unit] for value, unit in parts))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks to wait, 0 or more; `None` where it does not say, or nothing that can be understood.

    Args:
        headers: of its answer, names in lower case or found in any: `retry-after-ms`, and `retry-after` as a number of
            seconds, a duration or a date (RFC 9110).
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    text = (headers.get("retry-after") or "").strip()
    seconds = _number(text)
    if seconds is None:
        seconds = duration_s(text)
    if seconds is None:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else _finite(float(text))
    except ValueError:
        return None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
