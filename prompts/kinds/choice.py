"""Multiple choice by a model: a question, the right option, and wrong ones of the same kind."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.core.tasks import TaskSpec
from aig.prompts.heard import heard
from aig.prompts.metadata import Describe
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import CHOICE as FORM

__all__ = ["CHOICE"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return heard(clip, features, transcript)


CHOICE = PromptKind(
    name="choice",
    sentence=_sentence,
    suits=lambda item: bool(heard(item.clip, None, item.spoken)),
    form=FORM,
    task=TaskSpec(
        name="open_choice",
        folder="choice",
        about="sound",
        asks="the option that is right",
        pattern=r"\([A-E]\) \S.*",
        example="(B) A train is passing",
        source="model",
        skill="reasoning over options",
    ),
)
