"""An answer is kept until one of the tables it was made from is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from aig.core.records import Clip
from aig.pipelines.workspace.answers import recall, remembered
from aig.pipelines.workspace.workspace import Workspace


def clips(workspace: Workspace, part: str, *names: str) -> None:
    records = [Clip(audio_id=f"mine/{name}", dataset="mine", path=f"{name}.wav") for name in names]
    workspace.write(records, Clip, "clips", "mine", part)


def test_an_answer_is_worked_out_again_where_a_table_is_new_gone_or_written_again(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    worked: list[int] = []

    def rows() -> int:
        def work() -> int:
            worked.append(1)
            return workspace.count("part", "clips", "mine")

        found: int = remembered(workspace, "rows", workspace.state("clips", "mine"), work)
        return found

    clips(workspace, "part-0.parquet", "a", "b")
    assert [rows(), rows()] == [2, 2]
    assert len(worked) == 1
    clips(workspace, "part-1.parquet", "c")
    assert rows() == 3
    clips(workspace, "part-1.parquet", "d", "e")  # another content under the same name
    assert rows() == 4
    workspace.remove("clips", "mine", "part-0.parquet")
    assert [rows(), rows()] == [2, 2]
    assert len(worked) == 4


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"made_from": 1}', "null"])
def test_a_damaged_answer_is_none(tmp_path: Path, damage: str) -> None:
    workspace = Workspace(str(tmp_path))
    assert remembered(workspace, "sum", [1], lambda: 7) == 7
    assert recall(workspace, "sum", [1]) == 7
    workspace.write_text(damage, "answers", "sum.json")
    assert recall(workspace, "sum", [1]) is None
