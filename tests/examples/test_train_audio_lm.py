"""A model that hears learns from exported rows what one that does not hear cannot know."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT

TASKS = ("cla_label", "gender_cla", "energy_cla", "pitch_cla", "speed_cla")
CLEAR = ("cla_label", "gender_cla", "pitch_cla")
"""Tasks in which no answer is so common that it hides what is learned."""


def call(*arguments: str | Path) -> None:
    done = subprocess.run([str(each) for each in arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_what_is_heard_is_learned_and_the_controls_are_not(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    aig = Path(sys.executable).with_name("aig")
    call(sys.executable, ROOT / "examples" / "made_clips.py", tmp_path, "--clips", "480")
    call(aig, "run", tmp_path / "aig.yaml")
    where = f"task IN {TASKS}"
    rows = tmp_path / "rows.jsonl"
    export = ("export", tmp_path / "workspace" / "shards", "--to", "messages", "--config", tmp_path / "aig.yaml")
    call(aig, *export, "--where", where, "--out", rows)
    call(sys.executable, ROOT / "examples" / "train_audio_lm.py", rows, "--json", tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    for task in CLEAR:
        found = figures[task]
        assert found["model"] > found["most common answer"] + 0.15, (task, found)
        assert found["another clip's audio"] < found["model"] - 0.15, (task, found)
        by_chance = max(0.5, found["most common answer"]) + 3 * (0.25 / found["rows"]) ** 0.5  # three standard errors
        assert found["shuffled answers"] < min(by_chance, found["model"] - 0.15), (task, found)
    assert figures["energy_cla"]["model"] > figures["energy_cla"]["another clip's audio"] + 0.1, figures
