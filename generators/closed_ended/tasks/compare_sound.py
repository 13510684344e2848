"""In which of two recordings a sound is heard."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.comparisons import FIRST_OR_SECOND, both_orders, partners
from aig.generators.closed_ended.distractors import absent_from, heard
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for
from aig.prompts.sound_families import nameable

__all__ = ["COMPARE_SOUND"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """A sound of the clip that the other certainly lacks: of both is known when each sound is heard, so which are not.

    Two clips that share another sound are harder to tell apart.
    """
    own = [label for label in temporal.by_label(facts.clip.events or ()) if nameable(label)]
    rng = rng_for(facts.seed, facts.clip.audio_id, "compare_sound", "label")
    for other in partners(facts, "compare_sound"):
        only = [label for label in own if absent_from(label, other)] if other.clip.events and not other.tagged else []
        if only:
            shared = set(own) & set(heard(other))
            slots = {"label": noun_phrase(pick(rng, only))}
            yield from both_orders(facts, other, True, slots, "intermediate" if shared else "basic")
            return


COMPARE_SOUND = Task(
    name="compare_sound",
    folder="comparison",
    about="sound",
    asks="in which of two recordings a sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=FIRST_OR_SECOND,
    example="The first.",
    skill="event recognition",
)
