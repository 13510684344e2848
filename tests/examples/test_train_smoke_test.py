"""The companion trainer's smoke test takes a published set as it is, and refuses what does not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helpers import ROOT


def smoke_test(shards: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "train_smoke_test.py", shards],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "HF_DATASETS_CACHE": str(cache)},
    )


@pytest.mark.slow
def test_the_trainer_takes_ten_steps_on_each_stage(published_set: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    pytest.importorskip("torch")
    done = smoke_test(published_set, tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "stage1 from disk",
        "stage3 from disk",
        "stage1 streaming",
        "stage3 streaming",
    ]
    assert all("80 rows, 10 steps" in line for line in lines)


@pytest.mark.slow
def test_the_trainer_refuses_another_column(published_set: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    pytest.importorskip("torch")
    bad = tmp_path / "bad"
    (bad / "data" / "classification").mkdir(parents=True)
    table = pq.read_table(published_set / "data/classification/train-00000-of-00006.parquet")
    pq.write_table(table.append_column("qa_id", table.column("task")), bad / "data/classification/train-0.parquet")
    card = "---\nconfigs:\n- config_name: stage1\n  data_files: data/classification/*.parquet\n---\n"
    (bad / "README.md").write_text(card)
    done = smoke_test(bad, tmp_path)
    assert done.returncode == 1
    assert "columns are" in done.stderr
