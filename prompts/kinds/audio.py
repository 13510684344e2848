"""Sounds: what is heard, when, and how it is described."""

from __future__ import annotations

from aig.core.records import Clip, Features, Measured
from aig.prompts.metadata import Describe, audio
from aig.prompts.prompt_kind import PromptKind

__all__ = ["AUDIO"]


def _sentence(clip: Clip, features: Features | None, _: str, describe: Describe) -> str:
    return audio(clip, features, describe)


def _any(_: Measured) -> bool:
    return True


AUDIO = PromptKind(name="audio", sentence=_sentence, suits=_any)
