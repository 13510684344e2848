"""Speech: what is said, and the voice that says it."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.prompts.metadata import Describe, speech
from aig.prompts.prompt_kind import PromptKind

__all__ = ["SPEECH"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return speech(clip, features, transcript)


SPEECH = PromptKind(
    name="speech",
    sentence=_sentence,
    suits=lambda item: bool(item.spoken),
)
