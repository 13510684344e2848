"""Sounds and speech together."""

from __future__ import annotations

from aig.core.records import Clip, Features
from aig.prompts.metadata import Describe, joint
from aig.prompts.prompt_kind import PromptKind

__all__ = ["JOINT"]


def _sentence(clip: Clip, features: Features | None, transcript: str, _: Describe) -> str:
    return joint(clip, features, transcript)


JOINT = PromptKind(
    name="joint",
    sentence=_sentence,
    suits=lambda item: bool(item.spoken and (item.clip.labels or item.clip.events)),
)
