"""A small published set with every task, and a way to make others."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.shards.manifest import Build, Manifest, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.writer.writer import publish

ANSWERS: dict[str, tuple[str, ...]] = {
    "cla_label": ("Labels: Guitar; Music; Plucked string instrument", "Labels: Chirp, tweet"),
    "cla_label_des": (
        "Labels with acoustic features: Rich, warm and mellow -> Cello; Low and resonant -> Double bass",
    ),
    "gender_cla": ("The gender of the speaker is female.",),
    "age_cla": ("The estimated age of the speaker is 44.",),
    "pitch_cla": ("The pitch is medium.", "The pitch is very high."),
    "speed_cla": ("The speed is very slow.",),
    "energy_cla": ("The energy is low.",),
    "emotion_cla": ("Speaker emotion: Happy.",),
    "emotion_bin": ("Sentiment: Positive.",),
    "emotion_score": ("Sentiment score: -3 (highly negative).",),
    "emotion_detail": ("Speaker emotion: Happy, with a sentiment score of 2 (positive).",),
    "gender_emotion_cla": ("The gender of the speaker is male, and the emotion is sad.",),
    "genre_cla": ("Music genre: Folk, Pop.",),
    "caption": ('Audio caption: Someone says "ouch".',),
    "label_caption": ("Labels: Police car (siren); Traffic noise, roadway noise. Audio caption: A siren is sounding.",),
    "temporal": ("Label with timestamps: Mechanisms: [0.0s-9.8s]; Squeak: [2.0s-7.2s, 7.4s-8.1s]; Tap: [9.6s-9.8s]",),
    "temporal_single": ("Snoring: [0.0s-1.3s, 3.2s-4.9s, 7.0s-8.6s]",),
    "temporal_single_not_exist": (
        "This audio clip does not contain sound of engine. Sounds in this clip include: Clock; Tick-tock; Alarm clock.",
    ),
    "temporal_order": (
        "Timestamps: Wind: [0.0s-10.0s]; Chirp, tweet: [3.6s-3.9s]. Sounds of Wind and Chirp, tweet are overlapped at "
        "[3.6s-3.9s]. Sound of Wind starts first and ends last.",
        "Timestamps: A: [0.0s-1.0s]; B: [1.0s-2.0s]. Sounds of A and B are not overlapped. Sound of A starts first but "
        "sound of B ends last.",
    ),
    "temporal_order_not_exist": (
        "This audio clip does not contain sounds of Dog and Error signal. Sounds in this clip include: Race car.",
    ),
    "ASR": ("Spoken text: and/or so he said: 50 % of them ... ÄÖ 猫.",),
    "open-ended question": (
        "Because the voice is low and slow,\nit is most likely evening.",
        "It cannot be determined from the audio.",
    ),
}
"""Well-formed answers of every task."""

BUILD = Build(
    code="aig 0.1.0",
    levels="default@1",
    seed=3,
    prompts={"speech@1": "a" * 64},
    sources={
        "audioset": SourceDataset(
            title="AudioSet", licence="CC BY 4.0", home="https://research.google.com/audioset/", longest_s=10.0
        ),
        "my_calls": SourceDataset(
            title="My <calls> | mine", licence="not stated", forbids="Ask the owner.", longest_s=10.0
        ),
    },
    notes=("Made for a test.",),
)


def make_pairs(number: int) -> list[QAPair]:
    """Pairs over all tasks, two datasets and 40 clips of each."""
    tasks = list(ANSWERS)
    pairs = []
    for index in range(number):
        task = tasks[index % len(tasks)]
        dataset = ("audioset", "my_calls")[index % 3 == 0]
        by_model = task == "open-ended question"
        answers = ANSWERS[task]
        output = answers[(index // len(tasks)) % len(answers)]
        pairs.append(
            make_pair(
                instruction=f"Question {index}?",
                input="" if index % 2 else f"so it goes, {index}",
                audio_id=f"{dataset}/part/clip {index % 40}",
                dataset=dataset,
                task=task,
                output=output,
                prompt="speech@1",
                prompt_sha256="a" * 64,
                model="tiny-model" if by_model else "",
                request_id=hashlib.sha256(f"r{index // 44}".encode()).hexdigest() if by_model else "",
                finish_reason="stop" if by_model else "",
                answerable="determined" not in output,
                source="model" if by_model else "rule",
                extractor="e" * 16,
                seed=3,
            )
        )
    return pairs


Publish = Callable[..., Manifest]


@pytest.fixture(scope="session")
def pairs() -> Callable[[int], list[QAPair]]:
    return make_pairs


@pytest.fixture(scope="session")
def build() -> Build:
    return BUILD


@pytest.fixture(scope="session")
def published_by() -> Publish:
    """Publishes pairs: `published_by(folder, pairs, rows_per_shard=..., order=seed of a shuffle, chunk=...)`."""

    def publish_pairs(
        folder: Path | str,
        rows: Sequence[QAPair],
        *,
        rows_per_shard: int = 70,
        order: int | None = None,
        chunk: int = 64,
        keep_not_answerable: bool = True,
        made: Build = BUILD,
    ) -> Manifest:
        rows = list(rows)
        if order is not None:
            random.Random(order).shuffle(rows)
        settings = PublishSettings(rows_per_shard=rows_per_shard, keep_not_answerable=keep_not_answerable)
        return publish(to_table(rows, QAPair).to_batches(max_chunksize=chunk), str(folder), settings, made)

    return publish_pairs


@pytest.fixture(scope="session")
def published_set(tmp_path_factory: pytest.TempPathFactory, published_by: Publish) -> Path:
    """A published set of 660 rows, 30 of each task; not to be changed."""
    folder = tmp_path_factory.mktemp("published")
    published_by(folder, make_pairs(660))
    return folder
