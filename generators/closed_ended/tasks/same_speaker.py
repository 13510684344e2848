"""Whether two recordings have one speaker."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from aig.generators.closed_ended.comparisons import partners
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.seeded_random import rng_for

__all__ = ["SAME_SPEAKER"]


_MOST = 30
"""Other speakers that are looked at for one of the same gender."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Only about clips that could be asked with either answer; half of them are, with each.

    Half of the other speakers are of the same gender where there is one.
    """
    name = "same_speaker"
    same = next(partners(facts, name, of_speaker=True), None)
    own = facts.clip
    others = list(islice((o for o in partners(facts, name) if o.clip.speaker_id not in (None, own.speaker_id)), _MOST))
    if same is None or not others:
        return
    rng = rng_for(facts.seed, own.audio_id, name)
    yes, near = rng.random() < 0.5, rng.random() < 0.5
    alike = [item for item in others if own.gender is not None and item.clip.gender == own.gender]
    other = same if yes else (alike or others)[0] if near else others[0]
    difficulty = "intermediate" if yes else "advanced" if other.clip.gender == own.gender else "basic"
    pair = (own.audio_id, other.clip.audio_id)
    for clips in (pair, pair[::-1]):
        yield Answer("Yes." if yes else "No.", difficulty=difficulty, clips=clips)


SAME_SPEAKER = Task(
    name="same_speaker",
    folder="comparison",
    about="voice",
    asks="whether two recordings have the same speaker",
    needs=("speaker_id",),
    answers=_answers,
    pattern=r"(?:Yes|No)\.",
    example="No.",
    skill="speaker identification",
)
