"""Topics: what each question of a prompt is to be about, drawn for each clip from a bank in the prompt's own file.

A model that is free to choose asks of every clip the same few things, and of some clips what nobody can know. So a
prompt may list topics, each with what must be known of a clip for it to be answered; every clip gets as many of those
that suit it as pairs are wanted, drawn by seed and clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from aig.core.records import Clip, Features
from aig.core.settings import Strict
from aig.prompts.metadata import sounds, speech_content
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["Known", "Topic", "draw_topics", "known"]

Known = Literal[
    "age", "captions", "emotion", "gender", "genres", "recording", "sentiment", "several_sounds", "sounds", "tempo",
    "times", "title", "voice", "words",
]  # fmt: skip
"""What may be known of a clip."""


class Topic(Strict):
    """What one question is about.

    Attributes:
        ask: the topic as the model reads it, in one wording or several, of which one is drawn.
        needs: what must be known of a clip.
    """

    ask: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
        Field(min_length=1),
    ]
    needs: tuple[Known, ...] = ()


def known(clip: Clip, features: Features | None, transcript: str) -> frozenset[Known]:
    """What is known of a clip.

    Args:
        clip: what is annotated.
        features: what was measured.
        transcript: the recogniser's words, cleaned.
    """
    named = sounds(clip, features)
    there: dict[Known, object] = {
        "age": clip.age is not None,
        "captions": clip.captions,
        "emotion": clip.emotion,
        "gender": clip.gender,
        "genres": clip.genres,
        "recording": features and (features.snr_level or features.reverberation_level),
        "sentiment": clip.sentiment is not None,
        "several_sounds": len(named) > 1,
        "sounds": named,
        "tempo": features and features.tempo_level,
        "times": len(clip.events or ()) > 1,
        "title": clip.title,
        "voice": features and (features.pitch_level or features.speed_level),
        "words": speech_content(clip, transcript),
    }
    return frozenset(name for name, value in there.items() if value)


def draw_topics(
    topics: Sequence[Topic], clip: Clip, features: Features | None, transcript: str, wanted: int, seed: int
) -> list[str]:
    """At most `wanted` of the topics that suit a clip, each once and in one wording, in the order of the draw.

    Args:
        topics: of the prompt.
        clip: what is annotated.
        features: what was measured.
        transcript: the recogniser's words, cleaned.
        wanted: pairs that are asked for.
        seed: of the configuration.
    """
    if not topics:
        return []
    there = known(clip, features, transcript)
    left = [topic.ask for topic in topics if there.issuperset(topic.needs)]
    rng = rng_for(seed, clip.audio_id, "topics")
    return [pick(rng, left.pop(int(rng.random() * len(left)))) for _ in range(min(wanted, len(left)))]
