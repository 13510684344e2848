"""Tasks that a model answers beside the papers' questions, through a whole build, what is published, and an export."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml

from aig.generators.mock_server.server import MockServer
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.stages.generate.plan import plan_open
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.export.form import Options
from aig.shards.export.forms.messages import MESSAGES, messages
from aig.shards.export.rows import samples_of
from aig.shards.published import PublishedSet
from helpers.plain_build import plain_build

CLIPS = 2


def configured(folder: Path, **generate) -> Configuration:
    rng = np.random.default_rng(1)
    rows = []
    for number in range(CLIPS):
        sf.write(folder / f"{number}.wav", rng.normal(0, 0.1, 32000), 16000)
        events = [{"label": "Rain", "onset_s": 0.0, "offset_s": 2.0}] if number else None
        told = {"captions": [f"Rain, take {number}."], "labels": ["Rain"], "events": events}
        rows.append({"path": f"{number}.wav", **told})
    (folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    content = {
        "workspace": "ws",
        "datasets": {"mine": {"manifest": "clips.jsonl"}},
        "extract": {"whisper": None},
        "generate": {"model": "writer", "response_format": "json_schema", "questions": {"pairs": 2}, **generate},
    }
    (folder / "aig.yaml").write_text(yaml.safe_dump(content))
    return load(folder / "aig.yaml")


def test_each_task_is_asked_where_it_suits_and_published_in_its_config(tmp_path):
    with MockServer() as server:
        configuration = configured(tmp_path, base_url=server.url, tasks=["paper", "by_model"])
        plain_build(configuration)
    workspace = Workspace(configuration.workspace)
    kinds = {plan.kind: plan.all_clips for plan in plan_open(configuration, workspace, ["mine"])}
    assert {"open_choice", "open_reasoning", "open_dialogue", "open_negative", "open_style_caption"} <= kinds.keys()
    published = PublishedSet(workspace.url("shards"))
    manifest, problems = published.problems()
    assert not problems
    rows = Counter(manifest.counts["mine"])
    assert rows["open_reasoning"] == 2 * CLIPS
    assert CLIPS <= rows["open_choice"] <= 2 * CLIPS, "two options alike are one"
    assert rows["dialogue"] == CLIPS
    assert 0 < rows["negative"] <= 2 * (CLIPS - 1), "the clip without times is not asked"
    assert rows["style_caption"] == 0, "nobody speaks"
    assert {spec.name: spec.folder for spec in manifest.tasks.values() if spec.source == "model"} == {
        "open-ended question": "open", "open_choice": "choice", "open_reasoning": "reasoning", "dialogue": "dialogue",
        "negative": "choice",
    }  # fmt: skip
    (sample, *_) = samples_of(published.url, MESSAGES, Options(config="dialogue", audio="path"), None)
    talk = messages(sample)
    assert [turn["role"] for turn in talk] == ["user", "assistant"] * 3
    assert not any("User:" in turn["content"] or "Assistant:" in turn["content"] for turn in talk)


def test_a_task_that_a_model_answers_needs_one(tmp_path):
    with pytest.raises(Exception, match="dialogue, which a model answers: open_ended must be true"):
        configured(tmp_path, tasks=["dialogue"], open_ended=False)
