"""A small build for the tests of the report and the browser: real sound, made-up rows, hostile text in every field."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from aig.core.qa_id import make_pair
from aig.core.records import Clip, Dropped, Event, Features, QAPair, Quarantined
from aig.core.tables import to_table, write_table
from aig.extractors.measure import extractor_version
from aig.generators.chat import Reply
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.workspace.buckets import KEPT
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.manifest import Build, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.writer.writer import publish

HOSTILE = (
    '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">'
    "</style></svg>&lt;$\\frac{1}$ {{ 7*7 }} {% raw %} '\"` https://evil.example/x\u202egnp.exe\x00\x07 终わり"
)
"""What a title, a transcript or a model's answer may hold; it must show as text, everywhere."""

CLIPS = 12
ROWS_PER_CLIP = 5


def small_build(folder: Path, *, published: bool = True) -> tuple[Configuration, Workspace]:
    """Writes a configuration and a workspace with `CLIPS` clips of the dataset `mine`, each with five pairs.

    Every third clip is hostile in all its texts. One clip has no audio on this disk, one is in quarantine. Nobody
    annotated the last one's sounds; a tagger did.
    """
    (folder / "audio").mkdir(parents=True)
    configuration_file = folder / "aig.yaml"
    configuration_file.write_text(
        "workspace: ./workspace\ndatasets:\n  mine: {manifest: m.jsonl, root: ./audio, title: My & <own> clips}\n"
        "extract: {whisper: null}\ngenerate: {model: small, base_url: 'http://127.0.0.1:1/v1'}\n",
        encoding="utf-8",
    )
    (folder / "m.jsonl").write_text(json.dumps({"path": "0.wav", "gender": "female", "labels": ["Dog"]}) + "\n")
    configuration = load(configuration_file)
    workspace = Workspace(configuration.workspace)
    clips = [_clip(number) for number in range(CLIPS)]
    for number in range(CLIPS):
        _sound(folder / "audio" / f"{number}.wav", 120.0 + 20 * number)
    lost = Clip(audio_id="mine/lost.wav", dataset="mine")
    torn = Clip(audio_id="mine/torn.wav", dataset="mine", path="torn.wav")
    version = extractor_version(configuration.extract)
    workspace.write([*clips, lost, torn], Clip, "clips", "mine", "part-00000.parquet")
    workspace.write(
        [_features(clip, number, version) for number, clip in enumerate(clips)],
        Features,
        "features",
        "mine",
        f"part-{version}-0.parquet",
    )
    refused = Quarantined(
        dataset="mine",
        audio_id="mine/torn.wav",
        stage="extract",
        error="unreadable_audio",
        message=f"torn.wav cannot be decoded: {HOSTILE}",
        advice="get the file again",
    )
    workspace.write([refused], Quarantined, "quarantine", "extract", f"part-mine-{version}-0.parquet")
    kept = KEPT.empty_table().schema
    write_table(workspace.url("selection", "mine.parquet"), [_ids(clips[1:])], kept)
    gone = [Dropped(audio_id=clips[0].audio_id, dataset="mine", rule="min_words", reason="3 words, fewer than 6")]
    workspace.write(gone, Dropped, "selection", "mine.dropped.parquet")
    rows = _pairs(clips[1:], workspace)
    closed = [row for row in rows if row.source == "rule"]
    asked = [row for row in rows if row.source == "model"]
    workspace.write(closed, QAPair, "qa", "mine", "closed", "part-00000-a.parquet")
    workspace.write(asked, QAPair, "qa", "mine", "open_speech", "part-00000-a.parquet")
    short = [Dropped(audio_id=clips[1].audio_id, dataset="mine", rule="short", reason=f"2 words: {HOSTILE}")] * 3
    short = [replace(each, prompt=f"speech@{version}") for each, version in zip(short, (1, 2, 2), strict=True)]
    workspace.write(short, Dropped, "qa", "mine", "open_speech", "dropped-00000-a.parquet")
    if published:
        publish_rows(rows, workspace.url("shards"))
    return configuration, workspace


def publish_rows(rows: list[QAPair], url: str, settings: PublishSettings | None = None) -> None:
    """Publishes rows as a set."""
    sources = {name: SourceDataset(title=name, licence="CC0") for name in {row.dataset for row in rows}}
    prompts = {row.prompt: row.prompt_sha256 for row in rows}
    build = Build(code="aig test", levels="default-1", sources=sources, prompts=prompts)
    clean = [row for row in rows if "\x00" not in row.instruction + row.output + row.input]
    publish(to_table(clean, QAPair).to_batches(), url, settings or PublishSettings(), build)


def _ids(clips: list[Clip]) -> object:
    import pyarrow as pa

    return pa.table({"audio_id": [clip.audio_id for clip in clips]}, schema=KEPT)


def _clip(number: int) -> Clip:
    hostile = number % 3 == 0
    tagged = number == CLIPS - 1
    return Clip(
        audio_id=f"mine/{number}.wav",
        dataset="mine",
        path=f"{number}.wav",
        labels=None if tagged else (HOSTILE if hostile else "Dog", "Speech"),
        parents=None if tagged else ("Domestic animals, pets", "Animal"),
        events=None if tagged else (Event("Bark", 0.1, 0.4),),
        title=HOSTILE if hostile else "A title",
        gender="female" if number % 2 else "male",
    )


def _features(clip: Clip, number: int, version: str) -> Features:
    return Features(
        audio_id=clip.audio_id,
        duration_s=0.5,
        sample_rate=16_000,
        f0_hz=110.0 + 15 * number,
        pitch_level="low" if number < 6 else "high",
        words_per_s=1.0 + number / 4,
        speed_level="fast" if number % 4 == 0 else "slow",
        volume_dbfs=-30.0 + number,
        volume_level="medium",
        f0_spread_st=1.0 + number / 4,
        monotony_level="medium",
        pause_share=number / 30,
        pause_level="few",
        snr_db=4.0 * number,
        snr_level="very noisy" if number < 2 else "clean",
        reverberation_s=0.2 + number / 10,
        reverberation_level="dry",
        bandwidth_hz=3_800.0 if number % 2 else 16_000.0,
        bandwidth_level="narrow" if number % 2 else "very wide",
        clipped_share=0.0 if number else 0.01,
        clipping_level="none" if number else "strong",
        tempo_bpm=100.0 + number,
        tempo_level="slow",
        music_key="A minor" if number < 3 else None,
        transcript=HOSTILE if number % 3 == 0 else "And so my fellow Americans",
        sounds=("Wind chime",) if number == CLIPS - 1 else None,
        extractor=version,
        source=f"{clip.path}@-#~{clip.gender}",
    )


def _pairs(clips: list[Clip], workspace: Workspace) -> list[QAPair]:
    rows = []
    with Ledger(workspace.url("responses")) as ledger:
        for number, clip in enumerate(clips):
            bad = HOSTILE.replace("\x00", "").replace("\x07", "") if number % 3 == 0 else f"words {number}"
            common = {"audio_id": clip.audio_id, "dataset": "mine", "input": bad, "prompt_sha256": "ab" * 32}
            closed = (("gender_cla", "The gender of the speaker is male."), ("pitch_cla", "The pitch is low."))
            rows += [
                make_pair(instruction=f"{task}? {number}", task=task, output=answer, prompt=f"{task}@1", **common)
                for task, answer in closed
            ]
            key = hashlib.sha256(clip.audio_id.encode()).hexdigest()
            asked = {"task": "open-ended question", "model": "small-1", "request_id": key, "source": "model", **common}
            rows += [
                make_pair(
                    instruction=f"Why does version {version} ask about this, {bad}?",
                    output=f"Because {bad} is what version {version} of the prompt was about in clip {number}.",
                    prompt=f"speech@{version}",
                    finish_reason="stop",
                    answerable=number % 5 != 0,
                    **asked,
                )
                for version in (1, 2)
            ]
            rows.append(make_pair(instruction="Why?", output=f"No idea {number}.", prompt="speech@1", **asked))
            ledger.append(
                Reply(
                    key=key,
                    content=json.dumps({"pairs": [{"q": bad, "a": bad}]}),
                    model="small-1",
                    request_id="r",
                    finish_reason="length" if number % 4 == 0 else "stop",
                    input_tokens=100,
                    output_tokens=40,
                    cost_usd="0.0125",
                    answered_at=1_700_000_000.0 + 60 * number,
                    dataset="mine",
                    prompt="speech@1",
                )
            )
    return rows


def _sound(file: Path, hertz: float) -> None:
    time = np.arange(8_000) / 16_000
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hertz * time), 16_000)
