"""How wide the band of a recording is, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_BANDWIDTH"]

_WORDS = ("very narrow", "narrow", "medium", "wide", "very wide")

_NARROW = 2
"""Levels from here on up reach 8 kHz or nearly, and differ by what models at 16 kHz do not hear."""

_NARROW_HZ, _WIDE_HZ = 4_200.0, 7_200.0
"""The bounds of `band_limited`: what lies between is not asked."""


def _level(item: Measured) -> str | None:
    hz = item.features.bandwidth_hz if item.features else None
    return item.features.bandwidth_level if item.features and hz and not _NARROW_HZ < hz < _WIDE_HZ else None


def _heard_apart(one: int, other: int) -> bool:
    return min(one, other) < _NARROW <= max(one, other)


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_bandwidth", facts.words.get("bandwidth", _WORDS), _level, _heard_apart)


CHOICE_BANDWIDTH = Task(
    name="choice_bandwidth",
    folder="choice",
    about="sound",
    asks="how wide the band of frequencies is",
    needs=("bandwidth_level", "bandwidth_hz"),
    answers=_answers,
    pattern=OPTION,
    example="(B) narrow",
    skill="quality",
)
