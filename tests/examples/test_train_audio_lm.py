"""A model that hears learns from exported rows what one that does not hear cannot know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT

LEARNED = ("cla_label", "gender_cla", "pitch_cla", "energy_cla", "presence", "choice_label", "choice_gender")


def call(*arguments: str | Path, fine: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(each) for each in arguments], capture_output=True, text=True, check=False)
    assert done.returncode in fine, done.stderr[-3000:]
    return done


@pytest.mark.slow
def test_what_is_heard_is_learned_and_the_controls_are_not(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    aig = Path(sys.executable).with_name("aig")
    made = call(sys.executable, ROOT / "examples" / "made_clips.py", tmp_path, fine=(0, 2))
    if made.returncode:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    call(aig, "run", tmp_path / "aig.yaml")
    rows = tmp_path / "rows.jsonl"
    export = ("export", tmp_path / "workspace" / "shards", "--to", "messages", "--config", tmp_path / "aig.yaml")
    call(aig, *export, "--stage", "all", "--out", rows)
    call(sys.executable, ROOT / "examples" / "train_audio_lm.py", rows, "--json", tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    for task in LEARNED:
        found = figures[task]
        assert found["model"] > found["most common answer"] + 0.15, (task, found)
        assert found["another clip's audio"] < found["model"] - 0.15, (task, found)
        by_chance = max(0.5, found["most common answer"]) + 3 * (0.25 / found["rows"]) ** 0.5  # three standard errors
        assert found["shuffled answers"] < min(by_chance, found["model"] - 0.15), (task, found)
    for control in ("most common answer", "another clip's audio", "shuffled answers"):
        assert figures["count"]["model"] > figures["count"][control] + 0.08, figures["count"]
