"""When sounds are heard: intervals, their overlap, which starts first and which ends last.

Everything is decided in whole tenths of a second, as it is written, so that an answer never contradicts its own
time stamps. All intervals are (onset, offset) in tenths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aig.core.records import Event, Measured
from aig.prompts.metadata import interval, sounds, tenths, times

__all__ = ["audible", "by_label", "order", "overlaps", "stamps", "within"]

Interval = tuple[int, int]


def within(events: Sequence[Event], duration_s: float) -> tuple[Event, ...]:
    """The events as far as they can be heard in a clip of that length: annotators' clips may be a little longer."""
    heard = (event for event in events if event.onset_s < duration_s)
    return tuple(event if event.offset_s <= duration_s else replace(event, offset_s=duration_s) for event in heard)


def audible(item: Measured) -> Measured:
    """The clip without the events that begin after its end, and its sounds accordingly."""
    clip = item.clip
    if not clip.events or not item.features:
        return item
    clip = replace(clip, events=within(clip.events, item.features.duration_s) or None)
    return replace(item, clip=clip, sounds=item.sounds if item.tagged else sounds(clip))


def by_label(events: Sequence[Event]) -> dict[str, list[Event]]:
    """The events of each label, labels in the order of their first onset."""
    grouped: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.onset_s):
        grouped.setdefault(event.label, []).append(event)
    return grouped


def stamps(label: str, events: Sequence[Event]) -> str:
    """`Snoring: [0.0s-1.3s, 3.2s-4.9s]`."""
    return f"{label}: {times(events)}"


def order(first: str, first_events: Sequence[Event], second: str, second_events: Sequence[Event]) -> str:
    """How two sounds lie in time, from `Timestamps:` to which starts first and which ends last."""
    a, b = _intervals(first_events), _intervals(second_events)
    if _bounds(b)[0] < _bounds(a)[0]:
        return order(second, second_events, first, first_events)
    shared = overlaps(a, b)
    where = (
        f"Sounds of {first} and {second} are overlapped at [{', '.join(interval(*times) for times in shared)}]."
        if shared
        else f"Sounds of {first} and {second} are not overlapped."
    )
    listed = f"Timestamps: {stamps(first, first_events)}; {stamps(second, second_events)}."
    return f"{listed} {where} {_ending(first, _bounds(a), second, _bounds(b))}"


def _ending(first: str, a: Interval, second: str, b: Interval) -> str:
    if a == b:
        return f"Sounds of {first} and {second} start and end at the same time."
    if a[0] == b[0]:
        longer = first if a[1] > b[1] else second
        return f"Both sounds start at the same time but sound of {longer} lasts longer."
    if a[1] == b[1]:
        return f"Sound of {first} starts first but both sounds end at the same time."
    if a[1] > b[1]:
        return f"Sound of {first} starts first and ends last."
    return f"Sound of {first} starts first but sound of {second} ends last."


def overlaps(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    """Where both sound, as disjoint intervals in order; touching ends do not overlap.

    A sound shorter than a tenth has equal ends; it overlaps what begins before and ends after it.
    """
    shared = {
        (max(x[0], y[0]), min(x[1], y[1]))
        for x in a
        for y in b
        if min(x[1], y[1]) > max(x[0], y[0]) or y[0] < x[0] == x[1] < y[1] or x[0] < y[0] == y[1] < x[1]
    }
    merged: list[Interval] = []
    for onset, offset in sorted(shared):
        if merged and onset <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(offset, merged[-1][1]))
        else:
            merged.append((onset, offset))
    return merged


def _intervals(events: Sequence[Event]) -> list[Interval]:
    return [(tenths(event.onset_s), tenths(event.offset_s)) for event in events]


def _bounds(intervals: Sequence[Interval]) -> Interval:
    return min(onset for onset, _ in intervals), max(offset for _, offset in intervals)
