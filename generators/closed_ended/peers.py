"""Other clips of a dataset, from which wrong options come.

Clips are put into groups that share one set of options, each clip's own the right one for it. So each option of a set
is right exactly once: how common a name or a number is, or which others it is listed with, tells nothing.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aig.core.hashing import Keys, mix, stable_hash
from aig.core.records import Measured
from aig.generators.closed_ended.temporal import audible
from aig.prompts.seeded_random import rng_for

if TYPE_CHECKING:
    import random

__all__ = ["Peers", "offer_rng"]

_SIZES = (4, 4, 4, 4, 4, 4, 4, 3, 2, 5)
"""How many options a question has, one drawn: most often four, as in MMAU."""

_ROOTS = frozenset(
    (
        "Animal",
        "Channel, environment and background",
        "Human sounds",
        "Music",
        "Natural sounds",
        "Sounds of things",
        "Source-ambiguous sounds",
    )
)
"""The tops of AudioSet's ontology: what only they join is not near."""

_OPEN = 40
"""Groups that a clip may still join; an older one is closed with those it has."""

_LOOKED_AT = 200
"""Clips that are looked at where one is searched for."""


class Peers:
    """The clips of a bucket.

    Args:
        items: the clips, of which only what can be heard counts; their order decides nothing.
    """

    def __init__(self, items: Sequence[Measured] = ()) -> None:
        self._items = sorted(map(audible, items), key=lambda item: item.clip.audio_id)
        self._groups: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._hashes: Keys = np.array([stable_hash(item.clip.audio_id) for item in self._items], np.uint64)
        self._kinds: dict[str, frozenset[str]] = {}
        self._together: set[tuple[str, str]] = set()
        self._clips_with: Counter[str] = Counter()
        self._asked: dict[tuple[int, str], Keys] = {}
        self._of_speaker: dict[str | None, list[int]] = {}

    def others(self, audio_id: str, seed: int, task: str) -> Iterator[Measured]:
        """Clips but this one, at most 200, in an order drawn for it and the task."""
        rng = rng_for(seed, audio_id, task, "others")
        for index in rng.sample(range(len(self._items)), min(len(self._items), _LOOKED_AT)):
            if self._items[index].clip.audio_id != audio_id:
                yield self._items[index]

    def partners(self, item: Measured, seed: int, task: str, *, of_speaker: bool = False) -> Iterator[Measured]:
        """Clips to compare a clip with, the most preferred first; none for the half of the clips that is compared with.

        Each pair of clips has its own place in the draw, from their names, the seed and the task alone, so of n clips
        one that is added changes the partner of one in n, and each is asked about once or so.

        Args:
            item: the clip.
            seed: of the configuration.
            task: name of the task.
            of_speaker: only clips of its speaker.
        """
        if (seed, task) not in self._asked:
            self._asked[seed, task] = mix(self._hashes ^ np.uint64(stable_hash(f"{seed} {task}"))) & np.uint64(1)
        asked = self._asked[seed, task]
        own = np.uint64(stable_hash(f"{seed} {task} {item.clip.audio_id}"))
        asks = mix(np.full(1, stable_hash(item.clip.audio_id), np.uint64) ^ np.uint64(stable_hash(f"{seed} {task}")))
        if asks[0] & np.uint64(1):
            return
        among = np.arange(len(self._items))
        if of_speaker:
            among = np.array(self._speakers().get(item.clip.speaker_id, []), np.int64)
        among = among[asked[among] == 1]
        order = mix(self._hashes[among] ^ own)
        if len(among) > _LOOKED_AT:
            nearest = np.argpartition(order, _LOOKED_AT)[:_LOOKED_AT]
            among, order = among[nearest], order[nearest]
        for index in among[np.argsort(order, kind="stable")].tolist():
            yield self._items[index]

    def _speakers(self) -> Mapping[str | None, list[int]]:
        if not self._of_speaker:
            for index, item in enumerate(self._items):
                if item.clip.speaker_id:
                    self._of_speaker.setdefault(item.clip.speaker_id, []).append(index)
        return self._of_speaker

    def kinds_of(self, label: str) -> frozenset[str]:
        """What a sound is a kind of, by the ontology, as far as the clips tell: what stands above it in all of them.

        Without the ontology's tops. Clips know what all their sounds together are kinds of, not which is whose.
        """
        if not self._kinds:
            for item in self._items:
                above = frozenset(item.clip.parents or ()) - _ROOTS
                for sound in item.sounds:
                    self._kinds[sound] = self._kinds.get(sound, above) & above
        return self._kinds.get(label, frozenset())

    def near(self, one: str, other: str) -> bool:
        """Whether two sounds are of one kind."""
        return bool(self.kinds_of(one) & self.kinds_of(other))

    def together(self, one: str, other: str) -> bool:
        """Whether two sounds, or kinds of sounds, are heard in one of the clips."""
        self._count()
        return (one, other) in self._together

    def common(self, label: str) -> bool:
        """Whether a sound, or a kind of sounds, is heard in more clips than most."""
        self._count()
        return self._clips_with[label] * len(self._clips_with) > self._clips_with.total()

    def _count(self) -> None:
        if not self._clips_with:
            for item in self._items:
                labels = {*item.sounds, *(item.clip.parents or ())}
                self._clips_with.update(labels)
                self._together.update(itertools.permutations(labels, 2))

    def options(
        self,
        audio_id: str,
        seed: int,
        task: str,
        offer: Callable[[Measured, random.Random], str | None],
        wrong_for: Callable[[str, Measured], bool],
        near: Callable[[str, str], bool] | None = None,
    ) -> tuple[str, ...]:
        """The right option of a clip, then the wrong ones; none where no group was found for it.

        Args:
            audio_id: the clip's.
            seed: of the configuration.
            task: name of the task; all its groups are made at its first call.
            offer: the right option of a clip, which may be drawn by the generator given; `None` where it has none.
            wrong_for: whether an option is certainly wrong for a clip.
            near: whether two options are hard to tell apart: clips with such options go into one group first.
        """
        if task not in self._groups:
            self._groups[task] = self._grouped(seed, task, offer, wrong_for, near)
        return self._groups[task].get(audio_id, ())

    def _grouped(
        self,
        seed: int,
        task: str,
        offer: Callable[[Measured, random.Random], str | None],
        wrong_for: Callable[[str, Measured], bool],
        near: Callable[[str, str], bool] | None,
    ) -> Mapping[str, tuple[str, ...]]:
        rng = rng_for(seed, task, "groups")
        found: dict[str, tuple[str, ...]] = {}
        waiting: list[tuple[int, list[tuple[Measured, str]]]] = []

        def close(group: list[tuple[Measured, str]]) -> None:
            if len(group) > 1:
                for item, right in group:
                    found[item.clip.audio_id] = (right, *(text for other, text in group if other is not item))

        for item in rng.sample(self._items, len(self._items)):
            right = offer(item, offer_rng(seed, item.clip.audio_id, task))
            if not right:
                continue
            fitting = (
                place
                for place, (_, group) in enumerate(waiting)
                if all(_apart(item, right, *member, wrong_for) for member in group)
            )
            place = next(fitting, None)
            if place is not None and near is not None:
                for better in itertools.chain((place,), fitting):
                    if any(near(right, its_right) for _, its_right in waiting[better][1]):
                        place = better
                        break
            if place is not None:
                size, group = waiting[place]
                group.append((item, right))
                if len(group) == size:
                    close(waiting.pop(place)[1])
            else:
                waiting.append((rng.choice(_SIZES), [(item, right)]))
                if len(waiting) > _OPEN:
                    close(waiting.pop(0)[1])
        for _, group in waiting:
            close(group)
        return found


def offer_rng(seed: int, audio_id: str, task: str) -> random.Random:
    """The generator that `Peers.options` gives an offer, in its first state, for what else has to follow its draw."""
    return rng_for(seed, audio_id, task, "offer")


def _apart(
    item: Measured, right: str, other: Measured, its_right: str, wrong_for: Callable[[str, Measured], bool]
) -> bool:
    return right.casefold() != its_right.casefold() and wrong_for(right, other) and wrong_for(its_right, item)
