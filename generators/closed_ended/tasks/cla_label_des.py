"""Which sounds are heard, and how each sounds."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.descriptions import descriptions
from aig.prompts.metadata import one_line
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["CLA_LABEL_DES"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """One answer; none where a sound has no description."""
    described = []
    for label in map(one_line, facts.sounds):
        if not (known := descriptions(label, facts.settings.description_file)):
            return
        text = pick(rng_for(facts.seed, facts.clip.audio_id, "cla_label_des", label), known)
        described.append(f"{text[0].upper()}{text[1:]} -> {label}")
    yield Answer(f"Labels with acoustic features: {'; '.join(described)}")


CLA_LABEL_DES = Task(
    name="cla_label_des",
    folder="classification",
    about="sound",
    asks="the sounds that are heard, each with an acoustic description",
    needs=("sounds",),
    answers=_answers,
    pattern=r"Labels with acoustic features: [^;]+ -> [^;]+(?:; [^;]+ -> [^;]+)*",
    example="Labels with acoustic features: Rich, warm and mellow -> Cello; Low and resonant -> Double bass",
)
