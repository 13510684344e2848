"""Two clips compared, through the whole pipeline: splits, licences, what is forgotten, what a page shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from starlette.testclient import TestClient

from aig.core.clip_pairs import clips_of
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.stages.forget import forget
from aig.pipelines.views.browse.app import create_app
from aig.pipelines.views.browse.serve import open_site
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.views.report.numbers import rows_by, rows_by_skill
from aig.pipelines.views.report.samples import samples
from aig.pipelines.views.trace import trace_pair
from aig.pipelines.views.upkeep import check_workspace
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.published import PublishedSet
from helpers.plain_build import plain_build

pytestmark = pytest.mark.slow

CLIPS = 40


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Configuration, Workspace, Path]:
    """Clips of ten speakers, each louder than the one before; one has an id that would be read as two."""
    folder = tmp_path_factory.mktemp("compared")
    lines: list[dict[str, Any]] = []
    for number in range(CLIPS):
        wave = 10 ** (-number / 20) * np.sin(2 * np.pi * 440 * np.arange(8_000) / 16_000)
        soundfile.write(folder / f"{number}.wav", wave, 16_000)
        events = [{"label": ("Dog", "Rain", "Piano")[number % 3], "onset_s": 0.0, "offset_s": 0.4}]
        licence = ("CC0-1.0", "CC-BY-4.0")[number % 2]
        lines.append({"path": f"{number}.wav", "events": events, "licence": licence, "speaker_id": f"s{number // 4}"})
    lines.append({"path": "0.wav", "audio_id": "mine/a::mine/b"})
    (folder / "clips.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (folder / "aig.yaml").write_text(
        "workspace: ./workspace\ndatasets:\n  mine: {manifest: clips.jsonl, root: .}\nextract: {whisper: null}\n"
        "generate: {open_ended: false, tasks: [paper, comparison]}\npublish: {validation: 0.3}\nmax_quarantine: 0.1\n"
    )
    configuration = load(folder / "aig.yaml")
    plain_build(configuration)
    return configuration, Workspace(configuration.workspace), folder


def compared(workspace: Workspace) -> list[dict[str, Any]]:
    url = current_set(workspace)
    assert url is not None
    entries = [entry for entry in PublishedSet(url).manifest().data_files if entry.folder == "comparison"]
    assert entries
    tables = [
        (
            entry,
            pq.read_table(f"{url}/{entry.path}"),
            pq.read_table(f"{url}/{entry.path}".replace("/data/", "/lineage/")),
        )
        for entry in entries
    ]
    return [
        {**row, **lineage, "split": entry.split}
        for entry, data, beside in tables
        for row, lineage in zip(data.to_pylist(), beside.to_pylist(), strict=True)
    ]


def test_no_pair_lies_on_two_sides_and_both_licences_bind(built: tuple[Configuration, Workspace, Path]) -> None:
    _, workspace, _ = built
    url = current_set(workspace)
    manifest = PublishedSet(str(url)).manifest()
    rows = compared(workspace)
    assert len(rows) > 20
    assert manifest.left_out["clips_of_two_splits"] > 0
    sides: dict[str, set[str]] = {}
    for row in rows:
        numbers = [int(clip.removeprefix("mine/").removesuffix(".wav")) for clip in clips_of(row["audio_id"])]
        for number in numbers:
            sides.setdefault(f"s{number // 4}", set()).add(row["split"])
        licences = sorted({("CC0-1.0", "CC-BY-4.0")[number % 2] for number in numbers})
        assert row["licence"] == " AND ".join(licences)
        if row["task"] == "compare_volume":
            assert abs(numbers[0] - numbers[1]) >= 6
            louder = numbers[0] < numbers[1]
            assert (row["output"] == "The first.") == (louder == ("louder" in row["instruction"]))
    assert all(len(splits) == 1 for splits in sides.values())
    index = pq.read_table(f"{url}/audio/index.parquet").column("audio_id").to_pylist()
    assert {clip for row in rows for clip in clips_of(row["audio_id"])} <= set(index)


def test_an_id_that_would_be_read_as_two_clips_is_quarantined(built: tuple[Configuration, Workspace, Path]) -> None:
    _, workspace, _ = built
    (part,) = workspace.parts("quarantine", "index")
    (item,) = pq.read_table(workspace.url("quarantine", "index", part)).to_pylist()
    assert item["error"] == "audio_id"
    assert "would be read as two clips, 'mine/a' and 'mine/b'" in item["message"]


def test_pages_show_and_play_both_clips(built: tuple[Configuration, Workspace, Path]) -> None:
    configuration, workspace, folder = built
    site = open_site(str(folder / "aig.yaml"), None, {})
    site.rows.index.wait()
    app = create_app(site, token="t", hosts=frozenset({"127.0.0.1:1"}))
    with TestClient(app, base_url="http://127.0.0.1:1") as client:
        client.cookies.set("aig_browse", "t")
        page = client.get("/?task=compare_volume").text
        row = next(row for row in site.rows.find(site.filters(_query("compare_volume")), 0, 1).rows)
        first, second = clips_of(row["audio_id"])
        assert f'src="/audio/{first}"' in page
        assert f'src="/audio/{second}"' in page
        one = client.get(f"/pair/{row['place']}").text
        assert "Measured, first clip" in one
        assert "Measured, second clip" in one
        assert client.get(f"/audio/{second}").status_code == 200
        others = site.rows.of_clip(first)
        assert row["audio_id"] in {other["audio_id"] for other in others}
        assert first in {other["audio_id"] for other in others}
    database = open_tables(configuration, workspace)
    counted = {task: (rows, clips) for _, task, rows, clips in rows_by(database)}
    made = {task: [r for r in compared(workspace) if r["task"] == task] for task in counted if task.startswith("comp")}
    assert all(counted[task][0] >= len(rows) for task, rows in made.items())
    assert counted["compare_volume"][1] > 20
    skills = rows_by_skill(database)
    assert set(skills) == {"event recognition", "sound character", "speaker identification"}
    assert sum(skills["sound character"].values()) == counted["compare_volume"][0]
    shown = list(samples(ClipLookup(configuration, workspace, database), 4))
    assert {len(sample.sounds) for sample in shown} == {1, 2}
    assert all(heard.audio for sample in shown for heard in sample.sounds)
    traced = trace_pair(configuration, row["qa_id"])
    assert (traced["clip"]["audio_id"], traced["second_clip"]["audio_id"]) == (first, second)
    assert traced["second_features"]["volume_dbfs"] is not None
    assert check_workspace(configuration, workspace) == []


def _query(task: str) -> Any:
    from aig.pipelines.views.browse.site import Query

    return Query(task=task)


def test_a_forgotten_clip_takes_its_pairs_along(built: tuple[Configuration, Workspace, Path]) -> None:
    configuration, workspace, _ = built
    gone = clips_of(compared(workspace)[0]["audio_id"])[1]
    kept = [row for row in compared(workspace) if gone not in clips_of(row["audio_id"])]
    forget(configuration, workspace, [gone])
    assert {row["qa_id"] for row in compared(workspace)} == {row["qa_id"] for row in kept}
    tables = [table for table in Path(workspace.root).rglob("*.parquet") if "quarantine" not in table.parts]
    for table in tables:
        columns = pq.read_schema(table).names
        if "audio_id" in columns:
            assert not any(gone in clips_of(a) for a in pq.read_table(table).column("audio_id").to_pylist())
