"""Music: genre, lyrics, title."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.prompts.metadata import Describe, music
from aig.prompts.prompt_kind import PromptKind

__all__ = ["MUSIC"]


def _sentence(clip: Clip, _: Features | None, transcript: str, __: Describe) -> str:
    return music(clip, transcript)


MUSIC = PromptKind(
    name="music",
    sentence=_sentence,
    suits=lambda item: bool(item.clip.genres),
)
