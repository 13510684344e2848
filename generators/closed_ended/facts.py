"""What is known when a clip is asked about by rule, and what an answer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aig.core.records import Clip, Features, Measured
from aig.generators.closed_ended.peers import Peers
from aig.generators.settings import QuestionSettings

__all__ = ["Answer", "Facts", "somebody_speaks"]


def somebody_speaks(item: Measured) -> bool:
    """Whether a voice is annotated or was recognised."""
    clip = item.clip
    annotated = (clip.text, clip.speaker_id, clip.gender, clip.age, clip.emotion, clip.sentiment)
    return bool(item.spoken) or any(value is not None for value in annotated)


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
        words: of the scales in use, by name, from low to high; those of the default levels where there is none.
        peers: clips of the same dataset, for wrong options and comparisons.
        tagged: whether the sounds are a tagger's, who may have missed others.
    """

    clip: Clip
    features: Features | None
    transcript: str
    sounds: tuple[str, ...]
    vocabulary: tuple[str, ...]
    seed: int
    settings: QuestionSettings
    peers: Peers = field(default_factory=Peers)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tagged: bool = False

    @property
    def somebody_speaks(self) -> bool:
        """Whether a voice is annotated or was recognised."""
        return somebody_speaks(self.measured)

    @property
    def measured(self) -> Measured:
        """The clip as its peers are: with what was measured and what follows from both."""
        return Measured(self.clip, self.features, self.transcript, self.sounds, self.tagged)

    def has(self, needs: Sequence[str]) -> bool:
        """Whether the clip has all the fields named, of `Clip` or `Features`; `a|b` asks for one of the two."""
        return all(any(self._value(name) not in (None, (), "") for name in need.split("|")) for need in needs)

    def _value(self, name: str) -> object:
        if name in ("transcript", "sounds"):
            return getattr(self, name)
        return getattr(self.clip, name, None) if hasattr(self.clip, name) else getattr(self.features, name, None)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what its question needs.

    Attributes:
        output: the answer.
        slots: values of the question's slots.
        choices: options, which stand below the question; none where it has none.
        answer_index: which option is right, from 0.
        difficulty: `basic`, `intermediate` or `advanced`; empty for the papers' tasks.
        clips: `audio_id` of both clips of a comparison, in the order in which they are heard; none: the clip alone.
    """

    output: str
    slots: dict[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    answer_index: int | None = None
    difficulty: str = ""
    clips: tuple[str, str] | None = None
