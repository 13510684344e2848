"""Five-level scales: the word that stands for a number, from a versioned file of bounds."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError, field_validator

from aig.core.errors import UsageError
from aig.core.settings import Strict
from aig.core.yaml_text import YamlError, read_yaml

__all__ = ["GenderScale", "Levels", "Scale", "load_levels"]

Bounds = Annotated[tuple[float, float, float, float], Field(description="Four rising bounds between five levels.")]
Words = tuple[str, str, str, str, str]


def _rising(bounds: Bounds) -> Bounds:
    if any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("bounds must rise")
    return bounds


class Scale(Strict):
    """Five words, low to high, the four bounds between them, and where the bounds come from."""

    words: Words
    bounds: Bounds
    source: str = Field(min_length=1)

    _check = field_validator("bounds")(_rising)

    def level(self, value: float | None) -> str | None:
        """The word for a value; a value on a bound belongs to the level above; `None` for `None`."""
        return None if value is None else self.words[bisect_right(self.bounds, value)]


class GenderScale(Strict):
    """A scale with bounds per gender."""

    words: Words
    bounds: dict[str, Bounds]
    source: str = Field(min_length=1)

    @field_validator("bounds")
    @classmethod
    def _check(cls, bounds: dict[str, Bounds]) -> dict[str, Bounds]:
        for each in bounds.values():
            _rising(each)
        return bounds

    def level(self, value: float | None, gender: str | None) -> str | None:
        """The word for a value within a gender; `None` for a gender without bounds, or an unknown one."""
        bounds = self.bounds.get(gender or "")
        return None if value is None or bounds is None else self.words[bisect_right(bounds, value)]


_FIRST_SCALES = frozenset(("version", "pitch", "pitch_rank", "speed", "speed_by_syllables", "volume"))
"""What every levels file has held from the start."""


class Levels(Strict):
    """All scales of a levels file."""

    version: str = Field(min_length=1)
    pitch: Scale
    pitch_rank: GenderScale
    speed: Scale
    speed_by_syllables: Scale
    volume: Scale
    monotony: Scale
    pauses: Scale
    snr: Scale
    reverberation: Scale
    bandwidth: Scale
    clipping: Scale
    tempo: Scale


@lru_cache(maxsize=4)
def load_levels(name: str = "default") -> Levels:
    """The scales of `default` (the file of this package) or of a YAML file.

    A scale that the file does not name is that of `default`, so that a file of an earlier version still holds.

    Raises:
        UsageError: the file is missing, or is not a levels file; the message names the key.
    """
    default = resources.files("aig.extractors") / "data" / "levels.yaml"
    try:
        content = yaml.safe_load(default.read_text(encoding="utf-8"))
        own = content if name == "default" else read_yaml(Path(name).read_text(encoding="utf-8"))
        if not isinstance(own, dict) or _FIRST_SCALES - set(own):
            return Levels.model_validate(own)  # says what is missing
        return Levels.model_validate(content | own)
    except OSError as error:
        raise UsageError(
            f"the levels file {name} cannot be read: {error.strerror}",
            "Check extract.levels, or run `aig levels`.",
        ) from error
    except (YamlError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the levels file {name} is not YAML: {error}", "Correct it, or write one with `aig levels`."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(f"{name}: {where}: {first['msg']}", "Correct it, or write one with `aig levels`.") from error
