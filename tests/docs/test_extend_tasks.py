"""The walk-through of a closed-ended task, followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from aig.core.records import Clip, Features, Measured, QAPair
from aig.core.tables import to_table
from aig.core.tasks import OPEN_ENDED
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.registry import resolve
from aig.generators.settings import GenerateSettings
from aig.shards.manifest import Build, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish
from helpers import ROOT


def test_the_page_holds_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    section = page.split("## A closed-ended task")[1].split("\n## ")[0]
    (module,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    bank, configuration = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "my_tasks.py").write_text(module)
    (tmp_path / "fillers.yaml").write_text(bank)
    monkeypatch.syspath_prepend(tmp_path)
    settings = GenerateSettings.model_validate(yaml.safe_load(configuration)["generate"])
    tasks = resolve(settings.tasks)

    clip = Clip(audio_id="mine/a.wav", dataset="mine", gender="female")
    features = Features(audio_id=clip.audio_id, duration_s=3.0, sample_rate=16_000, transcript="Um, who is there?")

    class Mine:
        closed_tasks = None
        copies = 1

    rows = list(closed_pairs(Measured(clip, features, "Um, who is there?"), Mine(), 0, settings.questions, (), tasks))
    assert {row.task: row.output for row in rows} == {
        "gender_cla": "The gender of the speaker is female.",
        "fillers": "Fillers: 1.",
    }

    out = tmp_path / "shards"
    specs = (*(task.spec for task in tasks), OPEN_ENDED)
    build = Build(
        code="aig", levels="default-1", sources={"mine": SourceDataset(title="Mine", licence="mine")}, tasks=specs
    )
    publish(to_table(rows, QAPair).to_batches(), str(out), PublishSettings(), build)
    (tmp_path / "my_tasks.py").unlink()
    assert validate(str(out)).ok
    assert [path.parent.name for path in sorted(out.glob("data/*/*.parquet"))] == ["classification", "own"]
    assert (out / "README.md").read_text().count("config_name: own") == 2
    stage3 = yaml.safe_load((out / "README.md").read_text().split("---")[1])["configs"][3]["data_files"][0]["path"]
    assert stage3 == ["data/classification/*.parquet"]

    path = next(out.glob("data/own/*.parquet"))
    pq.write_table(pq.read_table(path), path)  # another file of the same rows is not the one the manifest names
    assert not validate(str(out)).ok
