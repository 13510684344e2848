"""docs/extend.md: the export works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from aig.shards.export.audio_copies import Place
from aig.shards.export.export import export
from helpers import ROOT


class Silence:
    def place(self, audio_id: str) -> Place:
        return Place(Path("/nowhere.wav"), True, audio_id)

    def read(self, audio_id: str) -> np.ndarray:
        return np.zeros(1600, np.float32)


def test_the_export_of_the_page(published_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8").split("## An export")[1].split("\n## ")[0]
    (module,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (tmp_path / "my_export.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    done = export(str(published_set), "my_export:ANSWERS", tmp_path / "answers.tsv", audio=Silence())
    written = (tmp_path / "answers.tsv").read_text().splitlines()
    assert done.rows == len(written) == 660
    assert Path(written[0].split("\t")[0]).is_file()
