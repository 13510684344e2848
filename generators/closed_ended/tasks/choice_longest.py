"""Which sound of a clip is heard for the longest time."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import OPTION, pose_own_sounds
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.sound_families import related

__all__ = ["CHOICE_LONGEST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """All options are heard; one is heard for at least a fifth longer, and half a second, than the next.

    It is also heard for longer than those together that may be one sound, such as speech and a woman speaking.
    """
    lengths = {label: timing.total(events) for label, events in timing.named(facts.clip).items()}
    right, *wrong = sorted(lengths, key=lambda label: (lengths[label], label), reverse=True) or [""]
    if not wrong or lengths[right] < max(1.2 * lengths[wrong[0]], lengths[wrong[0]] + 5):
        return
    together = max(sum(lengths[other] for other in wrong if related(each, other)) for each in wrong)
    if lengths[right] > together and timing.alone(right, timing.by_label(facts.clip)):
        yield from pose_own_sounds(facts, "choice_longest", right, wrong, difficulty="advanced")


CHOICE_LONGEST = Task(
    name="choice_longest",
    folder="choice",
    about="sound",
    asks="which of the clip's sounds is heard longest in all",
    needs=("events",),
    answers=_answers,
    pattern=OPTION,
    example="(A) Rain",
    skill="temporal events",
)
