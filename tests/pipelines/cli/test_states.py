"""Every reporting command at every state of a workspace: the documented exit status, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from aig.generators.mock_server.server import MockServer
from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.pipelines.configuration import load
from helpers.plain_build import plain_build

pytestmark = pytest.mark.slow

CONFIG, SET = "aig.yaml", "workspace/versions/v0001"

COMMANDS = {
    "status": ["status", CONFIG],
    "estimate": ["estimate", CONFIG],
    "plan": ["plan", CONFIG],
    "versions": ["versions", CONFIG],
    "check": ["check", CONFIG],
    "clean": ["clean", CONFIG],
    "ledger": ["ledger", CONFIG],
    "levels": ["levels", CONFIG],
    "datasets": ["datasets", "--config", CONFIG],
    "report": ["report", CONFIG],
    "retry-quarantine": ["retry-quarantine", CONFIG],
    "rollback": ["rollback", CONFIG, "v0001"],
    "stats": ["stats", SET],
    "validate": ["validate", SET],
    "diff": ["diff", SET, SET],
}
UNPUBLISHED = {"rollback": 2, "stats": 2, "validate": 2, "diff": 2}
NOT_MEASURED = {"levels": 1}

STAGES: dict[str, dict[str, int]] = {
    "init": UNPUBLISHED | NOT_MEASURED,
    "index": UNPUBLISHED | NOT_MEASURED,
    "extract": UNPUBLISHED,
    "select": UNPUBLISHED,
    "ask": UNPUBLISHED,
    "publish": {},
}
"""The stages after which commands run, and the exit statuses that are not 0 then."""

MINE = {"manifest": "clips.jsonl", "root": "audio"}
FINDINGS = ("check", "validate")
"""Commands that report what is wrong, so that a status of 1 comes with an answer."""


def change(**changes: Any) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        content = yaml.safe_load((folder / CONFIG).read_text()) | changes
        (folder / CONFIG).write_text(yaml.safe_dump(content))

    return apply


CHANGES: dict[str, tuple[Callable[[Path], object], dict[str, int]]] = {
    "a dataset more": (change(datasets={"mine": MINE, "more": MINE}), {}),
    "another dataset": (change(datasets={"more": MINE}), NOT_MEASURED),
    "other settings": (change(select={"mine": {"min_words": 3}}, extract={"audio": {"silence_dbfs": -60}}, seed=4), {}),
    "no audio": (lambda folder: shutil.rmtree(folder / "audio"), {"plan": 2}),
}
"""What may become of a finished build, and the exit statuses that are not 0 then."""

DAMAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "clips": ("clips/mine/*.parquet", ("status", "plan", "estimate", "datasets", "check")),
    "features": ("features/mine/*.parquet", ("status", "plan", "estimate", "levels", "check")),
    "selection": ("selection/mine.parquet", ("status", "plan", "estimate", "check")),
    "pairs": ("qa/mine/closed/*.parquet", ("status", "plan", "report", "check")),
    "shard": ("versions/v0001/data/classification/*.parquet", ("stats", "validate", "diff", "check")),
    "manifest": ("versions/v0001/manifest.json", ("status", "plan", "stats", "validate", "diff", "check")),
    "version": ("versions/v0001.json", ("status", "plan", "versions", "rollback", "clean", "check")),
    "tombstones": ("forgotten.json", ("status", "plan", "check")),
    "run record": ("runs/1.json", ("status", "plan", "check")),
}
"""Files that are cut, and commands that read them."""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a copy of a small build as it is after each stage."""
    folder = tmp_path_factory.mktemp("states")
    build = folder / "build"
    (build / "audio").mkdir(parents=True)
    lines = []
    for number in range(4):
        wave = 0.1 * np.sin(2 * np.pi * (150 + 40 * number) * np.arange(8_000) / 16_000)
        soundfile.write(build / "audio" / f"{number}.wav", wave, 16_000)
        lines.append(json.dumps({"path": f"{number}.wav", "labels": ["Dog", f"Rain {number}"], "gender": "male"}))
    (build / "clips.jsonl").write_text("\n".join(lines))
    with MockServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "x")
        patch.setenv("AIG_CACHE", str(folder / "cache"))
        content = {
            "workspace": "./workspace",
            "datasets": {"mine": MINE},
            "extract": {"whisper": None},
            "generate": {"model": "mock", "base_url": server.url, "prices": {"mock": {"input": 1, "output": 1}}},
        }
        (build / CONFIG).write_text(yaml.safe_dump(content))
        for stage in STAGES:
            if stage != "init":
                plain_build(load(build / CONFIG), until=stage)
            shutil.copytree(build, folder / stage, symlinks=True)
        yield folder


def ended(name: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit status of a command, which said what it had to say."""
    monkeypatch.setattr(sys, "argv", ["aig", *COMMANDS[name], "--json"])
    status = run(app)
    out, err = capfd.readouterr()
    assert "Traceback" not in err, f"{name}: {err}"
    assert "unexpected" not in err, f"{name}: {err}"
    if status == 0 or (status == 1 and name in FINDINGS):
        assert isinstance(json.loads(out), dict), name
    else:
        assert out == "", name
        assert sum(line.startswith("Error: ") for line in err.splitlines()) == 1, f"{name}: {err}"
        assert "What to do: " in err, f"{name}: {err}"
    return status


@pytest.mark.parametrize("stage", STAGES)
def test_after_every_stage(
    states: Path, stage: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(states / stage)
    found = {name: ended(name, capfd, monkeypatch) for name in COMMANDS}
    assert {name: status for name, status in found.items() if status} == STAGES[stage]


@pytest.mark.parametrize("what", CHANGES)
def test_after_a_change(
    states: Path, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    apply, expected = CHANGES[what]
    shutil.copytree(states / "publish", tmp_path, symlinks=True, dirs_exist_ok=True)
    apply(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = {name: ended(name, capfd, monkeypatch) for name in COMMANDS}
    assert {name: status for name, status in found.items() if status} == expected


@pytest.mark.parametrize("what", DAMAGES)
def test_with_a_damaged_file(
    states: Path, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pattern, commands = DAMAGES[what]
    shutil.copytree(states / "publish", tmp_path, symlinks=True, dirs_exist_ok=True)
    (file,) = (tmp_path / "workspace").glob(pattern) if "*" in pattern else [tmp_path / "workspace" / pattern]
    file.parent.mkdir(exist_ok=True)
    content = file.read_bytes() if file.exists() else b'{"started": '
    file.write_bytes(content[:-20] if len(content) > 40 else content)
    monkeypatch.chdir(tmp_path)
    assert {ended(name, capfd, monkeypatch) for name in commands if name != "check"} <= {0, 1}
    assert ended("check", capfd, monkeypatch) == 1


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Inside the block this process may read a folder and not write to it."""
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            place.chmod(0o555 if place.is_dir() else 0o444)
    root = os.geteuid() == 0  # whom no mode keeps from writing
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for place in (folder, *folder.rglob("*")):
            if place.is_dir() and not place.is_symlink():
                place.chmod(0o755)


def test_in_a_folder_that_can_only_be_read(
    states: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="aig-read-only-") as there:  # pytest's folders are their owner's alone
        Path(there).chmod(0o755)
        shutil.copytree(states / "publish", Path(there, "build"), symlinks=True)
        monkeypatch.chdir(Path(there, "build"))
        monkeypatch.setenv("AIG_CACHE", str(Path(there, "cache")))
        for name in COMMANDS:
            ended(name, capfd, monkeypatch)  # imports all that it needs, from places that only root may read
        with read_only(Path(there, "build")):
            found = {name: ended(name, capfd, monkeypatch) for name in COMMANDS}
    writes = ("report", "retry-quarantine", "rollback")
    assert {name: status for name, status in found.items() if status} == dict.fromkeys(writes, 1)
