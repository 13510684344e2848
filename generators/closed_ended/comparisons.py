"""Two clips that are compared: pairs of clips of a dataset and split, each asked about in both orders.

What is compared lies apart by a margin, so that the answer is right whatever the measurement's error. Both orders make
"the first" right as often as "the second", whatever else there is to be known of a clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aig.core.clip_pairs import readable
from aig.core.records import Measured
from aig.generators.closed_ended.facts import Answer, Facts
from aig.prompts.seeded_random import rng_for

__all__ = ["FIRST_OR_SECOND", "both_orders", "partners", "which_is_more"]

FIRST_OR_SECOND = r"The (?:first|second)\."
"""Form of an answer that names one of the two clips."""

_FAR = 2.0
"""Times the margin: farther apart is easy."""


def partners(facts: Facts, task: str, *, of_speaker: bool = False) -> Iterator[Measured]:
    """Other recordings to compare a clip with, of its split, the most preferred first."""
    own = facts.clip
    if not readable(own.audio_id):
        return
    for other in facts.peers.partners(facts.measured, facts.seed, task, of_speaker=of_speaker):
        clip = other.clip
        if clip.split == own.split and readable(clip.audio_id) and not _same_sound(facts.measured, other):
            yield other


def both_orders(
    facts: Facts, other: Measured, own_is_answer: bool, slots: dict[str, str], difficulty: str
) -> Iterator[Answer]:
    """The question about a clip and another, in both orders; the answer is the place of the one or of the other."""
    pair = (facts.clip.audio_id, other.clip.audio_id)
    for number, clips in enumerate((pair, pair[::-1])):
        first = own_is_answer == (number == 0)
        yield Answer("The first." if first else "The second.", slots, difficulty=difficulty, clips=clips)


def which_is_more(
    facts: Facts,
    task: str,
    apart: Callable[[Measured, Measured], float | None],
    words: tuple[str, str],
) -> Iterator[Answer]:
    """Which of two clips has more of something, or less: the question's slot `more` is one of two words.

    Args:
        facts: of the clip.
        task: name of the task.
        apart: by how many margins the first clip has more than the second, negative where it has less; `None` where
            the two cannot be compared. Less than one margin is not asked.
        words: for more and for less, `("higher", "lower")`.
    """
    for other in partners(facts, task):
        margins = apart(facts.measured, other)
        if margins is not None and abs(margins) >= 1:
            more = rng_for(facts.seed, facts.clip.audio_id, task, "more").random() < 0.5
            slots = {"more": words[0] if more else words[1]}
            difficulty = "basic" if abs(margins) >= _FAR else "intermediate"
            yield from both_orders(facts, other, (margins > 0) == more, slots, difficulty)
            return


def _same_sound(one: Measured, other: Measured) -> bool:
    """Whether two clips are, or may be, the same recording under two names."""
    content = one.features.content if one.features else None
    if content and other.features and other.features.content == content:
        return True
    return one.clip.source_key is not None and one.clip.source_key == other.clip.source_key
