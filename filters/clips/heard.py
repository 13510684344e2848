"""What is known to sound in a clip, for the rules about labels."""

from __future__ import annotations

from typing import Any

__all__ = ["HEARD", "heard"]

HEARD = ("labels", "parents", "events", "sounds")
"""The columns that `heard` takes, in its order."""


def heard(
    labels: list[str] | None,
    parents: list[str] | None,
    events: list[dict[str, Any]] | None,
    sounds: list[str] | None,
) -> list[str]:
    """What is annotated or, where nothing is, what was tagged; then what that is a kind of."""
    annotated = [*(labels or ()), *(event["label"] for event in events or ())]
    return [*(annotated or sounds or ()), *(parents or ())]
