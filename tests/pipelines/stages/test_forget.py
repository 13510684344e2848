"""What is forgotten is nowhere in the workspace, does not come back, and takes nothing else with it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.records import Features
from aig.core.tables import write_table
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server.server import MockServer
from aig.pipelines.configuration import Configuration
from aig.pipelines.stages.forget import forget
from aig.pipelines.workspace.versions import versions
from aig.pipelines.workspace.workspace import Workspace
from helpers.plain_build import plain_build


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    lines = []
    for number in range(6):
        wave = 0.1 * np.sin(2 * np.pi * (150 + 10 * number) * np.arange(8_000) / 16_000)
        soundfile.write(tmp_path / f"{number}.wav", wave, 16_000)
        speaker = "anna" if number in (2, 3) else f"s{number}"
        lines.append(json.dumps({"path": f"{number}.wav", "labels": ["Dog", f"Rain {number}"], "speaker_id": speaker}))
    (tmp_path / "clips.jsonl").write_text("\n".join(lines))
    with MockServer() as server:
        configuration = Configuration.model_validate(
            {
                "workspace": str(tmp_path / "workspace"),
                "datasets": {"mine": {"manifest": str(tmp_path / "clips.jsonl"), "root": str(tmp_path)}},
                "extract": {"whisper": None},
                "generate": {
                    "model": "mock",
                    "base_url": server.url,
                    "prices": {name: {"input": 1, "output": 1} for name in ("mock", "judge", "blind")},
                    "judge": {"model": "judge", "min_score": 0},
                    "blind": {"model": "blind"},
                },
            }
        )
        plain_build(configuration)
        yield configuration, Workspace(configuration.workspace)


def mentions(workspace: Workspace, audio_id: str) -> list[str]:
    """Files of the workspace that hold a clip's id."""
    found = []
    for path in Path(workspace.root).rglob("*"):
        if path.suffix == ".parquet" and path.is_file():
            table = pq.read_table(path)
            if "audio_id" in table.column_names and audio_id in table.column("audio_id").to_pylist():
                found.append(str(path))
        elif path.is_file() and audio_id.encode() in path.read_bytes():
            found.append(str(path))
    return found


def test_a_clip_goes_everywhere_and_does_not_come_back(built: tuple[Configuration, Workspace]) -> None:
    configuration, workspace = built
    assert len(mentions(workspace, "mine/1.wav")) >= 4
    with Ledger(workspace.url("responses")) as ledger:
        replies, paid = len(ledger), ledger.cost_usd
    (sound,) = (f.content for f in workspace.records(Features, "features", "mine") if f.audio_id == "mine/1.wav")
    copies = pa.table({"file": ["copy.wav", "other.wav"], "content": [sound, "another"]})
    write_table(workspace.url("held_out_audio", "x-1.parquet"), [copies], copies.schema)
    receipt = forget(configuration, workspace, ["mine/1.wav"])
    assert receipt["clips"] == ["mine/1.wav"]
    assert receipt["rows"]["clips"] == receipt["rows"]["features"] == 1
    assert receipt["rows"]["pairs"] > 1
    assert receipt["rows"]["verdicts"] > 1
    assert receipt["rows"]["test_audio"] == 1
    assert receipt["replies"] * 6 == replies  # the writer's, the judge's and those of the model that hears nothing
    assert mentions(workspace, "mine/1.wav") == []
    with Ledger(workspace.url("responses")) as ledger:
        assert (len(ledger), ledger.cost_usd) == (replies * 5 / 6, paid)  # what it cost stays in the accounts
    assert [version.name for version in versions(workspace)] == [receipt["published"]]
    before = mentions(workspace, "mine/2.wav")
    plain_build(configuration)  # the audio and the manifest are still there
    assert mentions(workspace, "mine/1.wav") == []
    assert len(mentions(workspace, "mine/2.wav")) >= len(before)
    assert forget(configuration, workspace, ["mine/1.wav"])["rows"] == {}


def test_a_speaker_goes_with_all_clips_present_and_future(built: tuple[Configuration, Workspace]) -> None:
    configuration, workspace = built
    receipt = forget(configuration, workspace, [], ["mine/anna"])
    assert receipt["clips"] == ["mine/2.wav", "mine/3.wav"]
    manifest = Path(configuration.datasets["mine"].manifest or "")
    line = json.dumps({"path": "0.wav", "audio_id": "again", "labels": ["Dog"], "speaker_id": "anna"})
    manifest.write_text(manifest.read_text() + "\n" + line)
    plain_build(configuration)
    assert mentions(workspace, "mine/again") == mentions(workspace, "mine/2.wav") == []
    assert "anna" not in json.dumps(json.loads((Path(workspace.root) / "forgotten.json").read_text()))


def test_an_unknown_clip_is_refused_and_nothing_goes(built: tuple[Configuration, Workspace]) -> None:
    configuration, workspace = built
    for clips, speakers in ((["mine/1.wav", "mine/nobody.wav"], []), ([], ["mine/nobody"]), ([], ["yours/x"])):
        with pytest.raises(UsageError):
            forget(configuration, workspace, clips, speakers)
    assert mentions(workspace, "mine/1.wav") != []
    assert not workspace.exists("forgotten.json")
