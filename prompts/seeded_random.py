"""Drawing by seed: the same clip draws the same thing, whatever is added around it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["pick", "rng_for"]

T = TypeVar("T")


def rng_for(*identity: object) -> random.Random:
    """A random generator seeded by `identity`, such as seed, clip and task.

    The parts are joined by a character that no id holds, so that ("a", "bc") and ("ab", "c") differ.
    """
    return random.Random("\x1f".join(str(part) for part in identity))


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """One item, each equally likely.

    Built on `random()` alone: it is the only method whose sequence Python promises to keep between versions.

    Raises:
        IndexError: `items` is empty.
    """
    return items[int(rng.random() * len(items))]
