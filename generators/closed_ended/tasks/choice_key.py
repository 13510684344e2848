"""The key of a piece of music, among keys that are far from it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_KEY"]

_TONES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")

_FAR = 4
"""Steps on the circle of fifths: four of the seven tones differ, and more."""

_FAR_FROM_PARALLEL = 3


def _scale(key: str, mode: str = "") -> int:
    """The place of a key's tones on the circle of fifths, 0 to 11; that of its parallel key where a mode is given."""
    tonic, own_mode = key.rsplit(" ", 1)
    fifths = 7 * _TONES.index(tonic) % 12
    return (fifths + (9 if (mode or own_mode) == "minor" else 0)) % 12


def _steps(one: int, other: int) -> int:
    return min((one - other) % 12, (other - one) % 12)


def _offer(item: Measured, _: random.Random) -> str | None:
    return item.features.music_key if item.features else None


def _far(key: str, item: Measured) -> bool:
    """Farther from the music than the measured key, even where that is off by a fifth, its relative or its parallel."""
    own = _offer(item, random.Random())
    if own is None:
        return False
    parallel = "minor" if own.endswith("major") else "major"
    return _steps(_scale(key), _scale(own)) >= _FAR and _steps(_scale(key), _scale(own, parallel)) >= _FAR_FROM_PARALLEL


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_key", _offer, _far, difficulty="advanced")


CHOICE_KEY = Task(
    name="choice_key",
    folder="choice",
    about="music",
    asks="the key that fits the music best",
    needs=("music_key",),
    answers=_answers,
    pattern=OPTION,
    example="(C) A minor",
    skill="tonality",
)
