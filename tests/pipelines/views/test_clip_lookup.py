"""Clips that are gathered are those found one by one, and are not looked for again."""

from __future__ import annotations

from pathlib import Path

from aig.core.records import Clip, Features
from aig.pipelines.configuration import Configuration
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.workspace import Workspace


def test_gathered_clips_are_those_found_one_by_one_and_cost_no_query_more(tmp_path: Path) -> None:
    configuration = Configuration.model_validate(
        {"workspace": str(tmp_path), "datasets": {"mine": {"manifest": str(tmp_path / "clips.jsonl")}}}
    )
    workspace = Workspace(str(tmp_path))
    clips = [Clip(audio_id=f"mine/{name}", dataset="mine", labels=("Dog",)) for name in ("a", "it's", "c")]
    workspace.write(clips, Clip, "clips", "mine", "part-0.parquet")
    measured = [Features(audio_id="mine/a", duration_s=1.0, sample_rate=16_000, extractor="x", source="a")]
    workspace.write(measured, Features, "features", "mine", "part-x-0.parquet")
    ids = [*(clip.audio_id for clip in clips), "mine/none"]

    one_by_one = ClipLookup(configuration, workspace, open_tables(configuration, workspace))
    found = [(one_by_one.clip(audio_id), one_by_one.features(audio_id)) for audio_id in ids]
    gathered = ClipLookup(configuration, workspace, open_tables(configuration, workspace))
    gathered.gather(ids)
    gathered.database.execute("DROP VIEW measured; DROP VIEW clips; DROP VIEW features")
    assert [(gathered.clip(audio_id), gathered.features(audio_id)) for audio_id in ids] == found
    assert [clip for clip, _ in found] == [*clips, None]
