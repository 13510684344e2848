"""A plan says what a run then does, and why, and changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server.server import MockServer
from aig.pipelines.configuration import Configuration
from aig.pipelines.views.plan import plan_run
from aig.pipelines.workspace.workspace import Workspace
from helpers.plain_build import plain_build


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


def configured(folder: Path, url: str, **changes: Any) -> Configuration:
    content: dict[str, Any] = {
        "workspace": str(folder / "workspace"),
        "datasets": {"mine": {"manifest": str(folder / "clips.jsonl"), "root": str(folder)}},
        "extract": {"whisper": None},
        "generate": {"model": "mock", "base_url": url, "prices": {"mock": {"input": 1, "output": 1}}},
    }
    for name, values in changes.items():
        content[name] = content.get(name, {}) | values
    return Configuration.model_validate(content)


def write(folder: Path, clips: int) -> None:
    lines = []
    for number in range(clips):
        lines.append(json.dumps({"path": f"{number}.wav", "labels": ["Dog", "Rain"]}))
        if (folder / f"{number}.wav").exists():
            continue
        wave = 0.1 * np.sin(2 * np.pi * (150 + 10 * number) * np.arange(8_000) / 16_000)
        soundfile.write(folder / f"{number}.wav", wave, 16_000)
    (folder / "clips.jsonl").write_text("\n".join(lines))


def planned(configuration: Configuration) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    found = plan_run(configuration, Workspace(configuration.workspace), ["mine"])
    return found, {step["stage"]: step for step in found["steps"] if step["why"]}


def files(configuration: Configuration) -> dict[str, bytes]:
    root = Path(configuration.workspace)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_plan_tells_what_the_run_then_does(
    tmp_path: Path, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    write(tmp_path, 4)
    configuration = configured(tmp_path, server.url)
    found, steps = planned(configuration)  # nothing is there yet
    assert not Path(configuration.workspace, "clips").exists()
    assert steps["index"]["clips"] == steps["extract"]["clips"] == 4
    assert steps["extract"]["why"] == ("never measured",)
    assert found["measure_first"] == ["mine"]
    (labels,) = (row for row in found["rows"] if row["task"] == "cla_label")
    assert (labels["now"], labels["made"], labels["annotated"], labels["paper"]) == (0, 4, 4, 345_175)

    plain_build(configuration)
    before = files(configuration)
    found, steps = planned(configuration)
    assert steps == {}
    assert found["requests"]["calls"] == 0
    assert files(configuration) == before

    hotter = configured(tmp_path, server.url, generate={"temperature": 0.5})
    found, steps = planned(hotter)
    assert set(steps) == {"generate open_audio"}  # nothing to do for kinds that no clip is of
    assert steps["generate open_audio"]["why"] == ("generate changed: temperature None -> 0.5",)
    assert found["requests"]["calls"] > 0
    assert files(configuration) == before
    with Ledger(f"{configuration.workspace}/responses") as ledger:
        replies = len(ledger)
    plain_build(hotter)
    with Ledger(f"{configuration.workspace}/responses") as ledger:
        assert len(ledger) - replies == found["requests"]["calls"]

    write(tmp_path, 6)
    found, steps = planned(hotter)
    assert (steps["index"]["clips"], steps["extract"]["clips"]) == (2, 2)
    assert steps["extract"]["why"] == ("clips are new, or their files changed",)


def test_rows_are_reckoned_without_any_audio(tmp_path: Path, server: MockServer) -> None:
    (tmp_path / "clips.jsonl").write_text(json.dumps({"path": "gone.wav", "labels": ["Dog"], "gender": "female"}))
    found, steps = planned(configured(tmp_path, server.url))
    assert "extract" not in steps
    rows = {row["task"]: (row["made"], row["annotated"]) for row in found["rows"]}
    assert rows["cla_label"] == (0, 1)
    assert rows["gender_cla"] == (0, 1)
