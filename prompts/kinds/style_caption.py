"""One sentence about how somebody speaks: pitch, liveliness, pace, pauses, volume."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.core.tasks import TaskSpec
from aig.prompts.heard import heard_speaker
from aig.prompts.metadata import Describe
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import CAPTION

__all__ = ["STYLE_CAPTION"]

_LEVELS = ("pitch_level", "monotony_level", "speed_level", "pause_level", "volume_level")
FEWEST = 2
"""Levels of a voice that must be known for a sentence about it."""


def _known(features: Features | None) -> int:
    return sum(getattr(features, name, None) is not None for name in _LEVELS)


def _sentence(clip: Clip, features: Features | None, _: str, __: Describe) -> str:
    """Without the words: told of them, a model writes of what they mean."""
    return " ".join(heard_speaker(clip, features)) if _known(features) >= FEWEST else ""


STYLE_CAPTION = PromptKind(
    name="style_caption",
    sentence=_sentence,
    suits=lambda item: _known(item.features) >= FEWEST and bool(item.spoken or item.clip.text),
    form=CAPTION,
    task=TaskSpec(
        name="style_caption",
        folder="dialogue",
        about="voice",
        asks="how the voice sounds",
        pattern="",
        example="A man speaks fast and in a deep, lively voice.",
        source="model",
        skill="speaking style",
    ),
)
