"""Pairs before a judge and a model that hears nothing, through a whole build and back to what is published."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml

from aig.core.errors import DataError
from aig.core.records import QAPair
from aig.core.verdict import Verdict
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server.server import MockServer
from aig.generators.mock_server.settings import MockSettings
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.stages import publish
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.published import PublishedSet
from helpers.plain_build import plain_build

CLIPS = 6


@pytest.fixture(scope="module")
def server():
    with MockServer() as running:
        yield running


def configured(folder: Path, url: str, **generate) -> Configuration:
    rng = np.random.default_rng(1)
    rows = []
    if not (folder / "clips.jsonl").exists():
        for number in range(CLIPS):
            sf.write(folder / f"{number}.wav", rng.normal(0, 0.1, 16000), 16000)
            rows.append({"path": f"{number}.wav", "captions": [f"Noise number {number}."]})
        (folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    content = {
        "workspace": "ws",
        "datasets": {"mine": {"manifest": "clips.jsonl"}},
        "extract": {"whisper": None},
        "publish": {"max_shrink": 1},
        "generate": {"model": "writer", "base_url": url, "questions": {"pairs": 4}, **generate},
    }
    (folder / "aig.yaml").write_text(yaml.safe_dump(content))
    return load(folder / "aig.yaml")


def records(configuration: Configuration, kind, *folder: str):
    return list(Workspace(configuration.workspace).records(kind, *folder))


def lineage(configuration: Configuration) -> list[dict]:
    published = PublishedSet(Workspace(configuration.workspace).url("shards"))
    manifest, _ = published.problems()
    rows = []
    for entry in manifest.data_files:
        for table in published.rows(
            entry, ("output", "task"), ("qa_id", "judge_score", "judge_model", "audio_contribution")
        ):
            rows += table.to_pylist()
    return rows


def test_verdicts_are_a_table_and_decide_what_is_published(tmp_path, server):
    configuration = configured(tmp_path, server.url, judge={"model": "judge", "min_score": 0.75})
    files = plain_build(configuration)
    pairs = {pair.qa_id: pair for pair in records(configuration, QAPair, "qa", "mine", "open_audio")}
    verdicts = {verdict.qa_id: verdict for verdict in records(configuration, Verdict, "verdicts", "mine", "open_audio")}
    assert verdicts.keys() == pairs.keys()
    assert all(verdict.judge_model == "judge" and verdict.reason == "Made up." for verdict in verdicts.values())
    good = {qa_id for qa_id, verdict in verdicts.items() if verdict.score >= 0.75}
    assert 0 < len(good) < len(verdicts)
    open_rows = [row for row in lineage(configuration) if row["task"] == "open-ended question"]
    assert {row["qa_id"] for row in open_rows} == good
    assert all(row["judge_score"] == verdicts[row["qa_id"]].score for row in open_rows)
    left_out = json.loads(files["/manifest.json"])["left_out"]
    assert left_out == {"judged_low": len(verdicts) - len(good)}
    closed = [row for row in lineage(configuration) if row["task"] != "open-ended question"]
    assert closed
    assert all(row["judge_score"] is None for row in closed)


def test_one_request_a_clip_and_none_at_the_next_run(tmp_path, server):
    configuration = configured(tmp_path, server.url, judge={"model": "judge", "min_score": 0})
    first = plain_build(configuration)

    def replies() -> Counter[str]:
        with Ledger(Workspace(configuration.workspace).url("responses")) as ledger:
            return Counter(entry["reply"]["model"] for entry in ledger.entries() if entry["kind"] == "reply")

    asked = replies()
    assert asked == {"writer": CLIPS, "judge": CLIPS}
    assert plain_build(configuration) == first
    stricter = configured(tmp_path, server.url, judge={"model": "judge", "min_score": 1})
    assert plain_build(stricter) != first
    assert replies() == asked
    voting = configured(tmp_path, server.url, judge={"model": "judge", "votes": 3, "temperature": 0.7})
    plain_build(voting)
    assert replies() == {"writer": CLIPS, "judge": 4 * CLIPS}


def test_a_judge_that_answers_nonsense_is_never_taken_for_consent(tmp_path, server):
    (tmp_path / "nonsense.txt").write_text("Answer in JSON, whatever you like.")
    configuration = configured(tmp_path, server.url, judge={"model": "judge", "prompt": "nonsense.txt", "min_score": 0})
    files = plain_build(configuration)
    verdicts = records(configuration, Verdict, "verdicts", "mine", "open_audio")
    assert verdicts
    assert {verdict.error for verdict in verdicts} == {"unreadable"}
    assert json.loads(files["/manifest.json"])["left_out"] == {"not_judged": len(verdicts)}


def test_a_guess_that_agrees_marks_the_pair_weak(tmp_path, server):
    settings = {"judge": {"model": "judge", "min_score": 0}, "blind": {"model": "blind"}}
    configuration = configured(tmp_path, server.url, **settings)
    plain_build(configuration)
    verdicts = records(configuration, Verdict, "verdicts", "mine", "open_audio")
    assert all(verdict.blind_answer and verdict.blind_model == "blind" for verdict in verdicts)
    told = {row["audio_contribution"] for row in lineage(configuration) if row["task"] == "open-ended question"}
    assert told <= {"weak", "strong"}
    assert "weak" in told


def test_only_a_sample_is_judged_and_the_rest_stays(tmp_path, server):
    configuration = configured(tmp_path, server.url, judge={"model": "judge", "min_score": 0, "sample": 0.5})
    plain_build(configuration)
    verdicts = records(configuration, Verdict, "verdicts", "mine", "open_audio")
    judged = {verdict.audio_id for verdict in verdicts if verdict.score is not None}
    assert 0 < len(judged) < CLIPS
    rows = [row for row in lineage(configuration) if row["task"] == "open-ended question"]
    assert len(rows) == len(verdicts)


def test_nothing_is_published_that_shall_be_judged_and_was_not(tmp_path, server):
    plain_build(configured(tmp_path, server.url))
    judged = configured(tmp_path, server.url, judge={"model": "judge"})
    with progress_of("publish") as progress, pytest.raises(DataError, match="nobody has judged"):
        publish.publish_and_validate(judged, Workspace(judged.workspace), (), progress)


def test_requests_that_got_no_verdict_are_asked_again_at_the_next_run(tmp_path, server):
    with MockServer(MockSettings(faults={"bad_request": 1.0})) as broken:
        judge = {"model": "judge", "min_score": 0, "base_url": broken.url}
        configuration = configured(tmp_path, server.url, judge=judge)
        files = plain_build(configuration)
    verdicts = records(configuration, Verdict, "verdicts", "mine", "open_audio")
    assert {verdict.error for verdict in verdicts} == {"no_reply"}
    assert json.loads(files["/manifest.json"])["left_out"] == {"not_judged": len(verdicts)}
    fixed = configured(tmp_path, server.url, judge={"model": "judge", "min_score": 0})
    files = plain_build(fixed)
    again = records(fixed, Verdict, "verdicts", "mine", "open_audio")
    assert len(again) == len(verdicts)
    assert all(verdict.score is not None for verdict in again)
    assert json.loads(files["/manifest.json"])["left_out"] == {}
