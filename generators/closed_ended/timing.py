"""What follows from the times of a clip's sounds, in whole tenths of a second as they are written.

Questions are asked only where the answer is clear by ear too: differences of a few tenths decide nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import TypeVar

from aig.core.records import Clip
from aig.generators.closed_ended import temporal
from aig.prompts.metadata import tenths
from aig.prompts.seeded_random import pick
from aig.prompts.sound_families import nameable, related

__all__ = [
    "alone",
    "by_label",
    "clear_order",
    "countable",
    "first",
    "interval",
    "last",
    "named",
    "onsets",
    "overlap",
    "seconds",
    "stamps",
    "total",
    "unrelated_pairs",
]

Interval = tuple[int, int]

T = TypeVar("T", int, float)

_CLEAR = 3
"""Tenths between two onsets that are told apart."""

_MARGIN = 2
"""Tenths between the end of an interval and any onset or offset, and between sounds that count as apart."""

_MOST = 8
"""Sounds of a label that people count."""

_SINGLE = re.compile(
    r"\b(?:gun ?shot|bark|bow-wow|yip|meow|moo|oink|quack|hoot|caw|cluck|knock|tap|click|bang|boom|slam|slap|whack|"
    r"smack|thump|thud|thunk|clunk|crack|snap|pop|clap|smash|crash|plop|drip|boing|ding|clang|clink|beep|honk|toot|cough|"
    r"sneeze|hiccup|burp|gasp|grunt|whoop|snort|chop|shatter|explosion|eruption|"
    r"cap gun|firecracker|raindrop|fart|bounce|hammer|tick|stomp)(?:s|p?ing)?\b",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"\b(?:footsteps?|walk|run|shuffle|shuffling|patter|clip-clop|clickety-clack|tick-tock|heartbeat|typing|typewriter|"
    r"keyboard|clapping|applause|chewing|biting|hammering|sawing|fusillade|tap dancing|rope skipping)\b",
    re.IGNORECASE,
)
"""Rows of sounds that are heard one by one: "how often does one hear footsteps" may ask for steps or for walks."""

_LONGEST_SINGLE = 10
"""Tenths that one of them lasts: what is annotated as longer is a row of them."""


def by_label(clip: Clip) -> dict[str, list[Interval]]:
    """The intervals of each sound, disjoint and in order; sounds in the order of their first onset."""
    grouped = temporal.by_label(clip.events or ())
    return {
        label: _merged([(tenths(e.onset_s), tenths(e.offset_s)) for e in events]) for label, events in grouped.items()
    }


def named(clip: Clip) -> dict[str, list[Interval]]:
    """As `by_label`, without what is not a sound that one could point at: a noise, an echo, a small room."""
    return {label: intervals for label, intervals in by_label(clip).items() if nameable(label)}


def alone(label: str, labels: Iterable[str]) -> bool:
    """Whether no other of the labels may be the same sound: where there is a dog, a bark is one of its times too."""
    return not any(related(label, other) for other in labels if other != label)


def unrelated_pairs(clip: Clip) -> list[tuple[str, str]]:
    """Pairs of sounds that are certainly two, and of no third; none of a sound that is heard for less than a tenth."""
    everything = by_label(clip)
    timed = [label for label, intervals in named(clip).items() if all(end > start for start, end in intervals)]
    return list(combinations([label for label in timed if alone(label, everything)], 2))


def onsets(clip: Clip) -> dict[str, int]:
    """When each sound is first heard, in their order."""
    return {label: intervals[0][0] for label, intervals in named(clip).items()}


def total(intervals: Sequence[Interval]) -> int:
    """How long a sound is heard in all."""
    return sum(end - start for start, end in intervals)


def seconds(clip: Clip, label: str) -> float:
    """How long a sound is heard in all, in seconds as annotated: rounded times add up to several tenths too many."""
    events = [(event.onset_s, event.offset_s) for event in clip.events or () if event.label == label]
    return sum(end - start for start, end in _merged(events))


def stamps(label: str, intervals: Sequence[Interval]) -> str:
    """`Dog: [0.4s-1.0s, 2.0s-2.2s]`."""
    return f"{label}: [{', '.join(f'{start / 10:.1f}s-{end / 10:.1f}s' for start, end in intervals)}]"


def first(clip: Clip) -> str | None:
    """The sound that clearly begins first, and is no other's; `None` where there is none or only one sound."""
    order = sorted(onsets(clip).items(), key=lambda item: item[1])
    clear = len(order) > 1 and order[1][1] - order[0][1] >= _CLEAR
    return order[0][0] if clear and alone(order[0][0], by_label(clip)) else None


def last(clip: Clip) -> str | None:
    """The sound that clearly begins last, and is no other's; `None` where there is none or only one sound."""
    order = sorted(onsets(clip).items(), key=lambda item: item[1])
    clear = len(order) > 1 and order[-1][1] - order[-2][1] >= _CLEAR
    return order[-1][0] if clear and alone(order[-1][0], by_label(clip)) else None


def clear_order(clip: Clip, most: int) -> list[str]:
    """Up to `most` sounds that begin clearly one after the other, in their order; none that may be another's."""
    chosen: list[tuple[str, int]] = []
    everything = by_label(clip)
    for label, onset in sorted(onsets(clip).items(), key=lambda item: item[1]):
        if len(chosen) < most and (not chosen or onset - chosen[-1][1] >= _CLEAR) and alone(label, everything):
            chosen.append((label, onset))
    return [label for label, _ in chosen]


def countable(clip: Clip, rng: random.Random) -> tuple[str, int] | None:
    """A sound, drawn, and how often it is heard; `None` where nothing can be counted for certain.

    Its occurrences are apart, each is heard for a tenth of a second or more, and no related sound of another name
    could be counted too. A gunshot that lasts for seconds is several: such sounds are at most a second long.
    """
    heard = by_label(clip)
    good = [
        label
        for label, intervals in heard.items()
        if nameable(label)
        and not _ROW.search(label)
        and len(intervals) <= _MOST
        and all(end > start for start, end in intervals)
        and not (_SINGLE.search(label) and any(end - start > _LONGEST_SINGLE for start, end in intervals))
        and all(later[0] - earlier[1] >= _MARGIN for earlier, later in pairwise(intervals))
        and alone(label, heard)
    ]
    if not good:
        return None
    label = pick(rng, good)
    return label, len(heard[label])


def overlap(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval] | None:
    """Where two sounds are both heard; none where they are clearly apart, `None` where neither is clear."""
    shared = temporal.overlaps(one, other)
    if shared:
        return shared if max(end - start for start, end in shared) >= _MARGIN else None
    apart = min(max(a[0] - b[1], b[0] - a[1]) for a in one for b in other)
    return [] if apart >= _MARGIN else None


def interval(clip: Clip, rng: random.Random) -> tuple[int, int, list[str]] | None:
    """An interval, drawn, and the sounds in it, in the order of their onset; `None` where there is none.

    It is 1 to 4 s long, begins and ends on a whole or half second, away from every onset and offset, and holds nothing
    that is not a sound that one could point at.
    """
    heard = by_label(clip)
    edges = {edge for intervals in heard.values() for pair in intervals for edge in pair}
    end = max(edges, default=0)
    near = {edge + off for edge in edges for off in range(1 - _MARGIN, _MARGIN)}
    ends = [at for at in range(0, end + 5, 5) if at not in near]
    known = set(ends)
    candidates = [(a, b) for a in ends for b in range(a + 10, a + 45, 5) if b in known]
    rng.shuffle(candidates)
    for a, b in candidates:
        inside = [label for label, times in heard.items() if any(start < b and stop > a for start, stop in times)]
        if 0 < len(inside) <= 4 and len(inside) < max(2, len(heard)) and all(map(nameable, inside)):
            return a, b, inside
    return None


def _merged(intervals: Sequence[tuple[T, T]]) -> list[tuple[T, T]]:
    merged: list[tuple[T, T]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
