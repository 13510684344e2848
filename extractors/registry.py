"""The extractors of the voice and the recording: those of this package, and one's own by `module:object`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object
from aig.core.records import Features
from aig.extractors.extractor import Extractor
from aig.extractors.recording.bandwidth import BANDWIDTH_HZ
from aig.extractors.recording.clipping import CLIPPED_SHARE
from aig.extractors.recording.intonation import F0_SPREAD_ST
from aig.extractors.recording.key import MUSIC_KEY
from aig.extractors.recording.noise import SNR_DB
from aig.extractors.recording.pauses import PAUSE_SHARE, PAUSES_PER_MIN
from aig.extractors.recording.reverberation import REVERBERATION_S
from aig.extractors.recording.tempo import TEMPO_BPM

__all__ = ["ALL", "EXTRACTORS", "extractors"]

EXTRACTORS: tuple[Extractor, ...] = (
    F0_SPREAD_ST,
    SNR_DB,
    PAUSE_SHARE,
    PAUSES_PER_MIN,
    REVERBERATION_S,
    BANDWIDTH_HZ,
    CLIPPED_SHARE,
    TEMPO_BPM,
    MUSIC_KEY,
)
"""Every extractor of this package; one that rests on another's value comes after it."""

ALL = "all"


def extractors(names: Sequence[str]) -> tuple[Extractor, ...]:
    """The extractors of some names, those of this package first, in their order.

    Args:
        names: of extractors, `all`, and references `module:object` to one's own.

    Raises:
        UsageError: there is no such extractor, a reference does not load, or its name is taken.
    """
    known = {extractor.name: extractor for extractor in EXTRACTORS}
    for name in names:
        if name not in known and name != ALL and not is_reference(name):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {ALL}, {', '.join(known)}."
            raise UsageError(f"there is no extractor {name!r} (extract.extractors)", hint)
    found = [extractor for extractor in EXTRACTORS if ALL in names or extractor.name in names]
    taken = {field.name for field in fields(Features)}
    for reference in filter(is_reference, names):
        mine = load_object(reference, Extractor)
        if mine.name in taken:
            raise UsageError(f"{reference}: there is already a value called {mine.name!r}", "Give it another name.")
        taken.add(mine.name)
        found.append(mine)
    return tuple(found)
