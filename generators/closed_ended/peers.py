"""Other clips of a dataset, from which wrong options come.

Clips are put into groups that share one set of options, each clip's own the right one for it. So each option of a set
is right exactly once: how common a name or a number is, or which others it is listed with, tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aig.core.records import Measured
from aig.prompts.seeded_random import rng_for

if TYPE_CHECKING:
    import random

__all__ = ["Peers"]

_SIZES = (4, 4, 4, 4, 4, 4, 4, 3, 2, 5)
"""How many options a question has, one drawn: most often four, as in MMAU."""

_OPEN = 40
"""Groups that a clip may still join; an older one is closed with those it has."""

_LOOKED_AT = 200
"""Clips that are looked at where one is searched for."""


class Peers:
    """The clips of a bucket.

    Args:
        items: the clips; their order decides nothing.
    """

    def __init__(self, items: Sequence[Measured] = ()) -> None:
        self._items = sorted(items, key=lambda item: item.clip.audio_id)
        self._groups: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def others(self, audio_id: str, seed: int, task: str) -> Iterator[Measured]:
        """Clips but this one, at most 200, in an order drawn for it and the task."""
        rng = rng_for(seed, audio_id, task, "others")
        for index in rng.sample(range(len(self._items)), min(len(self._items), _LOOKED_AT)):
            if self._items[index].clip.audio_id != audio_id:
                yield self._items[index]

    def options(
        self,
        audio_id: str,
        seed: int,
        task: str,
        offer: Callable[[Measured, random.Random], str | None],
        wrong_for: Callable[[str, Measured], bool],
    ) -> tuple[str, ...]:
        """The right option of a clip, then the wrong ones; none where no group was found for it.

        Args:
            audio_id: the clip's.
            seed: of the configuration.
            task: name of the task; all its groups are made at its first call.
            offer: the right option of a clip, which may be drawn by the generator given; `None` where it has none.
            wrong_for: whether an option is certainly wrong for a clip.
        """
        if task not in self._groups:
            self._groups[task] = self._grouped(seed, task, offer, wrong_for)
        return self._groups[task].get(audio_id, ())

    def _grouped(
        self,
        seed: int,
        task: str,
        offer: Callable[[Measured, random.Random], str | None],
        wrong_for: Callable[[str, Measured], bool],
    ) -> Mapping[str, tuple[str, ...]]:
        rng = rng_for(seed, task, "groups")
        found: dict[str, tuple[str, ...]] = {}
        waiting: list[tuple[int, list[tuple[Measured, str]]]] = []

        def close(group: list[tuple[Measured, str]]) -> None:
            if len(group) > 1:
                for item, right in group:
                    found[item.clip.audio_id] = (right, *(text for other, text in group if other is not item))

        for item in rng.sample(self._items, len(self._items)):
            right = offer(item, rng_for(seed, item.clip.audio_id, task, "offer"))
            if not right:
                continue
            for place, (size, group) in enumerate(waiting):
                if all(_apart(item, right, *member, wrong_for) for member in group):
                    group.append((item, right))
                    if len(group) == size:
                        close(waiting.pop(place)[1])
                    break
            else:
                waiting.append((rng.choice(_SIZES), [(item, right)]))
                if len(waiting) > _OPEN:
                    close(waiting.pop(0)[1])
        for _, group in waiting:
            close(group)
        return found


def _apart(
    item: Measured, right: str, other: Measured, its_right: str, wrong_for: Callable[[str, Measured], bool]
) -> bool:
    return right.casefold() != its_right.casefold() and wrong_for(right, other) and wrong_for(its_right, item)
