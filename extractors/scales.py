"""The five-level scales: which number of `Features` gets which word; the bounds are in a levels file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aig.core.errors import UsageError
from aig.core.plugins import load_object
from aig.extractors.levels import Scale

__all__ = ["SCALES", "LevelOf", "OwnScale", "level_columns", "own_scales"]


@dataclass(frozen=True, slots=True)
class LevelOf:
    """A scale of AIG.

    Attributes:
        name: of its words and bounds in the levels file.
        field: of `aig.core.records.Features`, the number.
        level: of `aig.core.records.Features`, where the word goes.
        decimals: to which `aig levels` rounds bounds.
    """

    name: str
    field: str
    level: str
    decimals: int


SCALES: tuple[LevelOf, ...] = (
    LevelOf("pitch", "f0_hz", "pitch_level", 0),
    LevelOf("pitch_rank", "f0_hz", "pitch_rank", 0),
    LevelOf("speed", "words_per_s", "speed_level", 2),
    LevelOf("speed_by_syllables", "syllables_per_s", "speed_level", 2),
    LevelOf("volume", "volume_dbfs", "volume_level", 1),
    LevelOf("monotony", "f0_spread_st", "monotony_level", 1),
    LevelOf("pauses", "pause_share", "pause_level", 2),
    LevelOf("snr", "snr_db", "snr_level", 0),
    LevelOf("reverberation", "reverberation_s", "reverberation_level", 2),
    LevelOf("bandwidth", "bandwidth_hz", "bandwidth_level", 0),
    LevelOf("clipping", "clipped_share", "clipping_level", 5),
    LevelOf("tempo", "tempo_bpm", "tempo_level", 0),
)
"""Every scale of this package.

`pitch_rank` has bounds per gender; `speed_by_syllables` stands in where no recogniser is set.
"""


def level_columns() -> list[LevelOf]:
    """A scale for each field with a level, the first of those that share one: speed by words, not by syllables."""
    return list({scale.level: scale for scale in reversed(SCALES)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class OwnScale:
    """A scale of one's own.

    Attributes:
        name: under which the word is found in `Features.own`.
        field: a number of `Features`, or the name of one's own extractor.
        scale: words, bounds and their source.
    """

    name: str
    field: str
    scale: Scale


def own_scales(references: Sequence[str]) -> list[OwnScale]:
    """The scales that `extract.scales` names as `module:object`.

    Raises:
        UsageError: a reference does not load, or its name is taken.
    """
    found: list[OwnScale] = []
    for reference in references:
        mine = load_object(reference, OwnScale)
        if mine.name in {scale.name for scale in SCALES} | {other.name for other in found}:
            raise UsageError(f"{reference}: there is already a scale called {mine.name!r}", "Give it another name.")
        found.append(mine)
    return found
