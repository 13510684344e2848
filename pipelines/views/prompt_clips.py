"""Clips to try a prompt on: from a workspace, from a JSON file, or a made-up one of each kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Features, Measured
from aig.core.tables import FEATURES, from_batch
from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.buckets import derive, known_feature_parts
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.kind_registry import kind_of
from aig.prompts.open_ended import Prompt, sentence

__all__ = ["clip_in_workspace", "clips_in_workspace", "example_clip", "read_clip"]


def clip_in_workspace(configuration: Configuration, audio_id: str | None, prompt: Prompt, seed: int) -> Measured:
    """A clip and its features from a workspace: the one named, or the first that the prompt is about.

    Raises:
        UsageError: the workspace does not hold it.
    """
    (item,) = clips_in_workspace(configuration, None if audio_id is None else [audio_id], prompt, seed, 1)
    return item


def clips_in_workspace(
    configuration: Configuration, audio_ids: Sequence[str] | None, prompt: Prompt, seed: int, limit: int
) -> list[Measured]:
    """Clips and their features from a workspace: those named, or the first that the prompt is about.

    Raises:
        UsageError: the workspace does not hold one that is named, or none that the prompt is about.
    """
    workspace = Workspace(configuration.workspace)
    left = None if audio_ids is None else dict.fromkeys(audio_ids)
    found: list[Measured] = []
    for name in configuration.datasets:
        if left is not None and not any(audio_id.startswith(f"{name}/") for audio_id in left):
            continue
        for clip, features in _measured(configuration, workspace, name, audio_ids):
            item = derive(clip, features)
            if left is not None:
                left.pop(clip.audio_id, None)
            elif not features or not sentence(kind_of(prompt.head.kind), clip, features, item.spoken, seed):
                continue
            found.append(item)
            if len(found) == (limit if left is None else len(set(audio_ids or ()))):
                return found
    if left or not found:
        wanted = f"clip {next(iter(left))!r}" if left else f"measured clip for a prompt of the kind {prompt.kind}"
        raise UsageError(
            f"the workspace {configuration.workspace} has no {wanted}",
            "An id is `<dataset>/<clip>`; `aig run CONFIG --until extract` reads and measures the clips.",
        )
    return found


def _measured(
    configuration: Configuration, workspace: Workspace, name: str, only: Sequence[str] | None
) -> Iterator[tuple[Clip, Features | None]]:
    """A dataset's clips, or only those named, with what is known of them; read as far as they are asked for."""
    database = workspace.database()
    parts = known_feature_parts(configuration, workspace, name)
    workspace.view(database, "features", FEATURES, ("features", name), parts)
    for batch in workspace.batches(workspace.url("clips", name, part) for part in workspace.parts("clips", name)):
        rows = batch if only is None else batch.filter(pc.is_in(batch.column("audio_id"), pa.array(only, pa.string())))
        if rows.num_rows:
            database.register("wanted", pa.table({"audio_id": rows.column("audio_id")}))
            known = database.execute("SELECT * FROM features SEMI JOIN wanted USING (audio_id)").to_arrow_table()
            features = {each.audio_id: each for each in from_batch(known, Features)}
            for clip in from_batch(rows, Clip):
                yield clip, features.get(clip.audio_id)


def read_clip(file: Path) -> Measured:
    """A clip from a JSON object with fields of `Clip` and of `Features` side by side; only `audio_id` is needed.

    Raises:
        UsageError: the file cannot be read, or a field is unknown.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}: {error}", "A JSON object with fields of a clip is wanted.") from None
    known = {field.name for kind in (Clip, Features) for field in fields(kind)}
    if not isinstance(values, dict) or not isinstance(values.get("audio_id"), str):
        raise UsageError(
            f"{file}: no `audio_id`", 'Such as {"audio_id": "mine/1", "text": "Hello.", "gender": "male"}.'
        )
    if unknown := [name for name in values if name not in known]:
        raise UsageError(f"{file}: unknown field {unknown[0]!r}", f"Known are: {', '.join(sorted(known))}.")
    values.setdefault("dataset", values["audio_id"].partition("/")[0])
    if values.get("events"):
        values["events"] = [Event(**event) for event in values["events"]]
    clip = Clip(**_of(Clip, values))
    measured = _of(Features, values)
    if set(measured) == {"audio_id"}:
        return derive(clip, None)
    return derive(clip, Features(**{"duration_s": 0.0, "sample_rate": 16_000} | measured))


def _of(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in hints}


def example_clip(kind: str) -> Measured:
    """A made-up clip of each kind, to try a prompt without any data."""
    common: dict[str, Any] = {"audio_id": "example/1", "dataset": "example"}
    features = Features(
        audio_id="example/1",
        duration_s=10.0,
        sample_rate=16_000,
        f0_hz=196.0,
        pitch_level="medium",
        pitch_rank="relatively low (160-200 Hz)",
        speed_level="fast",
        volume_level="high",
        monotony_level="lively",
        pause_level="few",
        snr_level="noisy",
        transcript="Hurry up, the train is coming!",
        no_speech_prob=0.02,
    )
    if kind in ("audio", "joint", "choice", "reasoning", "dialogue", "negative"):
        events = (Event("Train horn", 0.1, 0.8), Event("Train", 0.0, 10.0), Event("Train horn", 5.6, 5.9))
        caption = ("A train passes while its horn sounds twice",)
        return derive(Clip(**common, events=events, captions=None if kind == "joint" else caption), features)
    if kind == "music":
        clip = Clip(**common, genres=("Folk", "Pop"), title="Last Train Home", text="I hear the train again")
        return derive(clip, features)
    speaker: dict[str, Any] = {"gender": "female", "text": "Hurry up, the train is coming!"}
    if kind == "speech_emotion":
        speaker |= {"emotion": "happy", "sentiment": 2}
    if kind == "speech_age":
        speaker |= {"age": 34}
    return derive(Clip(**common, **speaker), features)
