"""The notebooks of the documentation run as they are, one after the other in one folder."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers import ROOT

pytestmark = pytest.mark.slow


def run(name: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The data of each code cell's outputs, by the cell's first line."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "docs" / "notebooks" / name, 4)
    place = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=400, kernel_name="python3", resources=place).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = "".join(out["text"] for cell in cells for out in cell.outputs if out.get("name") == "stderr")
    assert "Warning" not in said, said
    return {
        cell.source.splitlines()[0]: [
            dict(out.get("data", {"text/plain": out.get("text", "")})) for out in cell.outputs
        ]
        for cell in cells
    }


def test_they_run_and_the_probe_hears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    told = run("recordings_to_probe.ipynb", tmp_path)
    shown = told['build.sound(clips["audio_id"][0])'][-1]["text/html"]
    assert "data:audio/mpeg;base64," in shown
    assert "data:image/png;base64," in shown
    printed = told["def heard(path):"][-1]["text/plain"]
    figures = ast.literal_eval(re.sub(r"np\.float64\(([^)]*)\)", r"\1", printed))
    assert figures["probe"] > figures["most common answer"] + 0.2, figures
    assert figures["probe"] > figures["another clip's sound"] + 0.2, figures
    told = run("compare_prompts.ipynb", tmp_path)
    table = told["import pandas as pd"][-1]["text/plain"]
    assert "audio@1" in table
    assert "audio@2" in table
