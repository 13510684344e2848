"""What is known when a clip is asked about by rule, and what an answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aig.core.records import Clip, Features
from aig.generators.settings import QuestionSettings

__all__ = ["Answer", "Facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a clip is asked about.

    Attributes:
        clip: what is annotated.
        features: what was measured; `None` where nothing was.
        transcript: the recogniser's words, cleaned.
        sounds: the sounds heard: annotated or, where nobody annotated any, a tagger's.
        vocabulary: labels that the clip's dataset uses.
        seed: of the configuration.
        settings: of the questions.
    """

    clip: Clip
    features: Features | None
    transcript: str
    sounds: tuple[str, ...]
    vocabulary: tuple[str, ...]
    seed: int
    settings: QuestionSettings

    @property
    def somebody_speaks(self) -> bool:
        """Whether a voice is annotated or was recognised."""
        clip = self.clip
        annotated = (clip.text, clip.speaker_id, clip.gender, clip.age, clip.emotion, clip.sentiment)
        return bool(self.transcript) or any(value is not None for value in annotated)

    def has(self, needs: Sequence[str]) -> bool:
        """Whether the clip has all the fields named, of `Clip` or `Features`; `a|b` asks for one of the two."""
        return all(any(self._value(name) not in (None, (), "") for name in need.split("|")) for need in needs)

    def _value(self, name: str) -> object:
        if name in ("transcript", "sounds"):
            return getattr(self, name)
        return getattr(self.clip, name, None) if hasattr(self.clip, name) else getattr(self.features, name, None)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the values of its question's slots."""

    output: str
    slots: dict[str, str] = field(default_factory=dict)
