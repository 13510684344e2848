"""What a published set says of how it was built and of the datasets in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aig.shards.schema import SCHEMA_VERSION

__all__ = ["Build", "SourceDataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDataset:
    """A dataset that rows come from, as the card and the manifest name it.

    Attributes:
        title: the owners' name of it.
        licence: of annotations and audio, in words.
        forbids: what the licence forbids or asks for, in a sentence; empty where it does neither.
        home: web address.
        paper: citation or address of the paper.
        longest_s: length of its longest clip, in seconds: no timestamp lies beyond it; `None` where not known.
    """

    title: str
    licence: str
    forbids: str = ""
    home: str = ""
    paper: str = ""
    longest_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a set was built. Nothing here may change from run to run of the same build: no times, no machine names.

    Attributes:
        schema: version of the published schema.
        code: name and version of the code, such as `aig 0.1.0`.
        seed: of the configuration; it also orders the rows.
        levels: version of the calibration of the five-level scales.
        prompts: name and version of each prompt or question bank (`speech@1`) and the hash of its text.
        sources: registry name of each dataset and what is to be said of it.
        notes: plain sentences for the card's known limits.
    """

    code: str
    levels: str
    seed: int = 0
    prompts: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, SourceDataset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    schema: str = SCHEMA_VERSION
