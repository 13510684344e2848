"""Speech of a speaker whose age is known."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.prompts.metadata import Describe, speech
from aig.prompts.prompt_kind import PromptKind

__all__ = ["SPEECH_AGE"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return speech(clip, features, transcript)


SPEECH_AGE = PromptKind(
    name="speech_age",
    sentence=_sentence,
    suits=lambda item: bool(item.spoken) and item.clip.age is not None,
)
