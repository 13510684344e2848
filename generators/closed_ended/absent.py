"""Sounds that a clip does not contain: plausible ones, and never related to a present sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from aig.core.hashing import mix
from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.facts import Facts
from aig.prompts.metadata import one_line
from aig.prompts.sound_families import nameable, related

__all__ = ["absent_labels", "absent_sounds"]


def absent_labels(
    present: Sequence[str], vocabulary: tuple[str, ...], count: int, *identity: object
) -> tuple[str, ...]:
    """Up to `count` labels of the vocabulary that are neither heard nor related to each other or to what is heard.

    Each candidate has its own place in the draw, from its name and `identity` alone, so that a vocabulary that grows
    changes few draws.

    Args:
        present: labels that are heard.
        vocabulary: labels to draw from.
        count: how many are wanted.
        identity: seed and clip.
    """
    labels, hashes = _candidates(vocabulary)
    key = _hash("\x1f".join(str(part) for part in identity))
    chosen: list[str] = []
    for index in np.argsort(mix(hashes ^ np.uint64(key)), kind="stable"):
        label = labels[index]
        if not any(related(label, other) for other in (*present, *chosen)):
            chosen.append(label)
            if len(chosen) == count:
                break
    return tuple(chosen)


def absent_sounds(facts: Facts, count: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Sounds to ask about that a clip lacks, and the sentence that says what it does contain; at most one of both.

    Only clips whose sounds have times are asked: of others nobody has said that all sounds are labelled.
    """
    heard = temporal.by_label(facts.clip.events or ())
    if not heard:
        return
    present = tuple(dict.fromkeys((*heard, *(facts.clip.labels or ()))))
    absent = absent_labels(present, facts.vocabulary, count, facts.seed, facts.clip.audio_id, "not_exist", count)
    if len(absent) == count:
        yield absent, f"Sounds in this clip include: {'; '.join(one_line(label) for label in present)}."


@lru_cache(maxsize=64)
def _candidates(vocabulary: tuple[str, ...]) -> tuple[tuple[str, ...], npt.NDArray[np.uint64]]:
    """The labels that may be called absent, in alphabetical order, and a hash of each."""
    labels = tuple(sorted({label for label in vocabulary if nameable(label)}))
    return labels, np.array([_hash(label) for label in labels], dtype=np.uint64)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
