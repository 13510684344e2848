"""A clip goes whose annotated sounds last beyond its end: such times belong to another recording, or another unit."""

from __future__ import annotations

from typing import Any

from aig.filters.clips.rule import Rule

__all__ = ["EVENTS_WITHIN_CLIP"]

_BEYOND_S = 0.5
"""How much longer than a clip its annotation may be, in seconds: a video's cut is not exact."""


def _check(_: bool, events: list[dict[str, Any]] | None, duration_s: float | None) -> str | None:
    last = max(events or (), key=lambda event: float(event["offset_s"]), default=None)
    if last is None or duration_s is None or last["offset_s"] <= duration_s + _BEYOND_S:
        return None
    return f"{last['label']!r} ends at {last['offset_s']:.2f} s, the clip at {duration_s:.2f} s"


EVENTS_WITHIN_CLIP = Rule("events_within_clip", bool, ("events", "duration_s"), _check, default=True, about="events")
