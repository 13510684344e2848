"""From a published pair back to what it was made of, and its sound beside it in exports."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from helpers.small_build import HOSTILE, small_build


@pytest.fixture
def aig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)
    small_build(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)

    return call


def ids(kind: str) -> list[str]:
    lineage = pq.read_table(f"workspace/shards/lineage/{kind}").to_pylist()
    return [row["qa_id"] for row in lineage]


def test_why_tells_the_whole_chain(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    costs = set()
    for qa_id in ids("open"):
        assert aig("why", qa_id, "--json") == 0
        told = json.loads(capfd.readouterr().out)
        assert told["lineage"]["qa_id"] == qa_id
        assert told["clip"]["audio_id"] == told["features"]["audio_id"] == told["pair"]["audio_id"]
        assert told["dataset"]["title"] == "My & <own> clips"
        assert told["reply"] is None or told["reply"]["key"] == told["lineage"]["request_id"]
        costs.add(told["reply"]["cost_usd"] if told["reply"] else None)
    assert "0.0125" in costs


def test_why_of_an_answer_by_rule_has_no_reply(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert aig("why", ids("classification")[0], "aig.yaml", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["lineage"]["source"], told["messages"], told["reply"]) == ("rule", None, None)
    assert told["prompt"] is None, "the bank's text is not the one whose hash stands in the lineage"


def test_why_hides_nothing_from_the_person_at_the_terminal(
    aig: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    for qa_id in ids("open"):
        assert aig("why", qa_id) == 0
    out = capfd.readouterr().out
    assert "\u202e" in HOSTILE
    assert not {"\u202e", "\x00", "\x07", "\x1b"} & set(out)


def test_why_of_an_unknown_id_says_where_ids_stand(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert aig("why", "0" * 32) == 1
    assert "lineage/" in capfd.readouterr().err
