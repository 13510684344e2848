"""Questions that take a step of thought: what is heard that bears on them, then the answer."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.core.tasks import TaskSpec
from aig.prompts.heard import heard
from aig.prompts.metadata import Describe
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import REASONING as FORM

__all__ = ["REASONING"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return heard(clip, features, transcript)


REASONING = PromptKind(
    name="reasoning",
    sentence=_sentence,
    suits=lambda item: bool(heard(item.clip, None, item.spoken)),
    form=FORM,
    task=TaskSpec(
        name="open_reasoning",
        folder="reasoning",
        about="sound",
        asks="what follows from what is heard, after the evidence",
        pattern=r"<think>.+</think> \S.*",
        example="<think>Steps approach on gravel, and a gate creaks.</think> Somebody is coming home.",
        source="model",
        skill="inference",
    ),
)
