"""Questions about what is not there, which the answer denies; it says what is there instead."""

from __future__ import annotations

import re

from aig.core.records import Clip, Features
from aig.core.sound_names import plain_name
from aig.core.tasks import TaskSpec
from aig.prompts.absent import NOT_HEARD, certainly_absent
from aig.prompts.heard import heard_sounds
from aig.prompts.metadata import Describe
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import NEGATIVE as FORM
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["NEGATIVE"]

MISSING = 3
"""Sounds to choose from."""

_PLAIN = re.compile(r"(?!music of )[a-z-]+(?: [a-z-]+)?")
"""Names that can stand in a question as they are: one word or two."""


def _missing(clip: Clip) -> tuple[str, ...]:
    """Sounds that a clip certainly lacks, always the same ones. Only sounds with times tell that all are annotated."""
    present = tuple(dict.fromkeys(event.label for event in clip.events or ()))
    told = " ".join((*(clip.labels or ()), *(clip.captions or ()), clip.text or "")).casefold()
    lacking = [
        label
        for label in certainly_absent((*present, *(clip.labels or ())))
        if plain_name(label) not in told and _PLAIN.fullmatch(plain_name(label))
    ]
    rng = rng_for(clip.audio_id, "missing")
    return tuple(dict.fromkeys(plain_name(pick(rng, lacking)) for _ in range(MISSING))) if present and lacking else ()


def _sentence(clip: Clip, features: Features | None, _: str, __: Describe) -> str:
    missing = _missing(clip)
    return " ".join((*heard_sounds(clip, features), f"{NOT_HEARD}{', '.join(missing)}.")) if missing else ""


NEGATIVE = PromptKind(
    name="negative",
    sentence=_sentence,
    suits=lambda item: bool(item.clip.events) and not item.tagged,
    form=FORM,
    task=TaskSpec(
        name="negative",
        folder="choice",
        about="sound",
        asks="that something is not heard, and what is",
        pattern="",
        example="No siren is heard, only rain and a dog that barks.",
        source="model",
        skill="event recognition",
    ),
)
