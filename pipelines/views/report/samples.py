"""Clips to hear in the report: drawn by a seeded hash, in turn over datasets and kinds of questions."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from aig.core.clip_pairs import PAIR_SEPARATOR, clips_of
from aig.core.hashing import stable_hash_sql
from aig.core.records import Clip
from aig.extractors.audio import SAMPLE_RATE
from aig.extractors.errors import AudioError
from aig.pipelines.views.clip_lookup import ClipLookup, Exchange, fields_of
from aig.pipelines.views.media import mp3, spectrogram_png

__all__ = ["Sample", "draw", "samples"]

LONGEST_S = 20.0
"""More of a clip is not embedded: the trainers use 10 s."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip's sound as the report shows it, and what is known of it.

    Attributes:
        audio_id: the clip's.
        audio: MP3 in base64; empty where it cannot be played.
        picture: spectrogram, PNG in base64.
        seconds: length of the clip; `None` where it cannot be played.
        trouble: why it cannot be played.
        annotated: fields of the clip.
        measured: features.
    """

    audio_id: str
    audio: str
    picture: str
    seconds: float | None
    trouble: str
    annotated: list[tuple[str, str]]
    measured: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip as the report shows it, or two that are compared.

    Attributes:
        audio_id: the clip's, or of both.
        dataset: the clip's.
        sounds: of the clip, or of both.
        pairs: task, question, input, answer, prompt and whether it is answerable, for each pair.
        exchanges: what the model was asked and said.
    """

    audio_id: str
    dataset: str
    sounds: list[Heard]
    pairs: list[dict[str, object]]
    exchanges: list[Exchange]


def draw(lookup: ClipLookup, most: int) -> list[str]:
    """Ids of at most `most` clips with pairs: the same for the same data, from each dataset and kind in turn."""
    hashed = stable_hash_sql("audio_id || $seed")
    rows = lookup.database.execute(
        f"""
        WITH clips_asked AS (
            SELECT DISTINCT dataset, audio_id,
                kind || contains(audio_id, '{PAIR_SEPARATOR}' || dataset || '/') AS kind FROM qa
        ),
        placed AS (
            SELECT audio_id, dataset, kind,
                row_number() OVER (PARTITION BY dataset, kind ORDER BY {hashed}, audio_id) AS place
            FROM clips_asked
        )
        SELECT audio_id FROM placed WHERE place <= $most
        GROUP BY audio_id ORDER BY min(place), min(kind LIKE 'closed%'), audio_id LIMIT $most
        """,  # noqa: S608
        {"most": most, "seed": str(lookup.configuration.seed)},
    ).fetchall()
    return [audio_id for (audio_id,) in rows]


def samples(lookup: ClipLookup, most: int) -> Iterator[Sample]:
    """A limited number of clips with all that is known about them."""
    drawn = list(draw(lookup, most))
    lookup.gather({clip for audio_id in drawn for clip in clips_of(audio_id)})
    for audio_id in drawn:
        clips = [clip for named in clips_of(audio_id) if (clip := lookup.clip(named)) is not None]
        if not clips:
            continue
        rows = (
            lookup.database.execute(
                "SELECT task, instruction, input, output, prompt, answerable, request_id FROM qa "
                "WHERE audio_id = $audio_id ORDER BY source DESC, task, prompt, qa_id",
                {"audio_id": audio_id},
            )
            .to_arrow_table()
            .to_pylist()
        )
        asked = sorted({(row["prompt"], row["request_id"]) for row in rows if row["request_id"]})
        features = lookup.features(clips[0].audio_id) if asked else None
        yield Sample(
            audio_id=audio_id,
            dataset=clips[0].dataset,
            sounds=[_heard(lookup, clip) for clip in clips],
            pairs=rows,
            exchanges=[lookup.exchange(clips[0], features, prompt, key) for prompt, key in asked],
        )


def _heard(lookup: ClipLookup, clip: Clip) -> Heard:
    features = lookup.features(clip.audio_id)
    audio = picture = trouble = ""
    seconds = None
    try:
        decoded = lookup.audio(clip)
    except AudioError as error:
        trouble = f"{error.message}: {error.advice}"
    else:
        seconds = decoded.duration_s
        heard = decoded.samples[: int(LONGEST_S * SAMPLE_RATE)]
        audio = base64.b64encode(mp3(heard)).decode()
        picture = base64.b64encode(spectrogram_png(heard)).decode()
    measured = fields_of(features) if features else []
    return Heard(clip.audio_id, audio, picture, seconds, trouble, fields_of(clip), measured)
