"""Speech with an annotated emotion or sentiment."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.prompts.metadata import Describe, speech
from aig.prompts.prompt_kind import PromptKind

__all__ = ["SPEECH_EMOTION"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return speech(clip, features, transcript)


SPEECH_EMOTION = PromptKind(
    name="speech_emotion",
    sentence=_sentence,
    suits=lambda item: bool(item.spoken) and (bool(item.clip.emotion) or item.clip.sentiment is not None),
)
