"""A conversation of several turns about one clip."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.core.tasks import TaskSpec
from aig.prompts.heard import heard
from aig.prompts.metadata import Describe
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import DIALOGUE as FORM

__all__ = ["DIALOGUE"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return heard(clip, features, transcript)


DIALOGUE = PromptKind(
    name="dialogue",
    sentence=_sentence,
    suits=lambda item: bool(heard(item.clip, None, item.spoken)),
    form=FORM,
    task=TaskSpec(
        name="dialogue",
        folder="dialogue",
        about="sound",
        asks="the last question of a conversation",
        pattern="",
        example="Then it must be the neighbour's dog, for the bark comes from far away.",
        source="model",
        skill="conversation",
    ),
)
