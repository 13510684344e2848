"""The commands on published sets, as a user calls them; the page about them does what it says."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from helpers import ROOT

PAGE = ROOT / "docs" / "shards.md"


@pytest.fixture
def aig(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)

    return call


def test_validate_says_valid(aig: Callable[..., int], published_set: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert aig("validate", str(published_set), "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["ok"], told["shards"], told["rows"], told["errors"]) == (True, 11, 660, [])


def test_validate_says_what_is_wrong(
    aig: Callable[..., int], published_set: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_bytes((published_set / "manifest.json").read_bytes())
    assert aig("validate", str(tmp_path), "--json", "--limit", "2") == 1
    told = json.loads(capfd.readouterr().out)
    assert next(set(error) for error in told["errors"]) == {"code", "shard", "row", "message"}
    assert ([error["code"] for error in told["errors"]], told["counts"]) == (
        ["card", "missing", "missing"],
        {"card": 1, "croissant": 1, "missing": 22},
    )
    assert aig("validate", str(tmp_path), "--format", "github", "--limit", "1") == 1
    out = capfd.readouterr().out
    assert "::error file=data/classification/train-00000-of-00006.parquet,title=missing::" in out
    assert aig("validate", str(tmp_path), "--limit", "1") == 1
    captured = capfd.readouterr()
    assert "21 more of missing" in captured.err
    assert "Errors" in captured.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["validate", "/no/such/place"], "nothing is at"),
        (["validate", ""], "is empty"),
        (["validate", "SET/manifest.json"], "is a file, not a published set"),
        (["validate", ".", "--format", "xml"], "unknown format 'xml'"),
        (["export", "SET", "--to", "xml"], "unknown export 'xml'"),
        (["export", "SET", "--to", "webdataset"], "webdataset carries the audio"),
        (["export", "SET", "--to", "jsonl", "--audio-out", "x"], "need the audio"),
        (["merge", "SET", "--out", "SET"], "one of the sets"),
    ],
)
def test_a_wrong_call_ends_with_2_and_advice(
    aig: Callable[..., int],
    published_set: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert aig(*(word.replace("SET", str(published_set)) for word in arguments)) == 2
    told = capfd.readouterr().err
    assert message in told
    assert "What to do:" in told
    assert list(tmp_path.iterdir()) == []


def test_stats_stands_beside_the_paper(
    aig: Callable[..., int], published_set: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert aig("stats", str(published_set)) == 0
    out = capfd.readouterr().out
    assert "845,314" in out
    assert "65.1 %" in out
    assert aig("stats", str(published_set), "--json") == 0
    assert json.loads(capfd.readouterr().out)["rows"] == 660


def test_the_page_does_what_it_says(
    aig: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text()
    python = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (publishing,) = (block for block in python if "publish(" in block)
    (loading,) = (block for block in python if "stage1 = datasets.load_dataset(" in block)
    exec(publishing, {})
    exec(loading, {})
    commands = re.findall(r"^\$ aig (.*)$", page, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        assert aig(*words) == 0, (command, capfd.readouterr().err)
    assert len(json.loads((tmp_path / "ltu.json").read_text())) == 100
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 100


def test_every_code_of_the_validator_stands_on_the_page() -> None:
    sources = "".join(path.read_text() for path in (PAGE.parents[1] / "shards").rglob("*.py"))
    codes = set(re.findall(r"report\.(?:error|warn)\(\s*\"(\w+)\"", sources))
    for some, broken in re.findall(r"_some\(\s*\"(\w+)\"|Broken\(\s*\"(\w+)\"", sources):
        codes.add(some or broken)
    page = PAGE.read_text()
    assert len(codes) > 20
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_the_workflow_for_others_calls_what_there_is(aig: Callable[..., int], published_set: Path) -> None:
    workflow = yaml.safe_load((PAGE.parents[1] / "examples/github-actions/validate-shards.yaml").read_text())
    runs = [step["run"] for step in workflow["jobs"]["validate"]["steps"] if "run" in step]
    calls = [command for command in " | ".join(runs).split(" | ") if command.startswith("aig ")]
    assert [call.split()[1] for call in calls] == ["validate", "stats"]
    for call in calls:
        assert aig(*call.replace('"$SHARDS"', str(published_set)).split()[1:]) == 0
