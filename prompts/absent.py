"""Sounds that a clip certainly lacks."""

from __future__ import annotations

from functools import lru_cache

from aig.core.sound_names import plain_name
from aig.prompts.descriptions import known_labels
from aig.prompts.sound_families import nameable, related

__all__ = ["NOT_HEARD", "certainly_absent", "plainly_absent"]

NOT_HEARD = "Not to be heard: "
"""Before the sounds that a clip lacks, where a model is told of them."""


@lru_cache(maxsize=4096)
def certainly_absent(present: tuple[str, ...]) -> tuple[str, ...]:
    """The known sounds that a clip with these certainly lacks, in a fixed order; none where it has none.

    Args:
        present: all sounds that are annotated.
    """
    if not present:
        return ()
    heard = set(map(plain_name, present))
    return tuple(
        label
        for label in known_labels()
        if nameable(label) and plain_name(label) not in heard and not any(related(label, other) for other in present)
    )


@lru_cache(maxsize=4096)
def plainly_absent(present: tuple[str, ...]) -> frozenset[str]:
    """Of `certainly_absent`, how the sounds are called in plain text."""
    return frozenset(map(plain_name, certainly_absent(present)))
