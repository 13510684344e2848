"""`aig regenerate`: a prompt tried on a sample, then used for all, and nothing else changed by a byte."""

import hashlib
import json
from dataclasses import replace

import pytest
import yaml
from typer.testing import CliRunner

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.core.tables import CLIPS, write_table
from aig.extractors.measure import extractor_version
from aig.generators.mock_server import MockServer
from aig.pipelines.cli.app import app
from aig.pipelines.configuration import load
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.plan import plan_open, plan_pairs
from aig.pipelines.stages.generate.write import write_bucket
from aig.pipelines.workspace.buckets import KEPT, SOURCE_OF_CLIP
from aig.pipelines.workspace.qa_kinds import qa_kinds
from aig.pipelines.workspace.workspace import Workspace

PROMPT = """---
name: speech
version: 2
kind: speech
pairs: 3
default: false
min_answer_words: 0
---
Write {{ pairs }} short pairs as JSON: {"pairs": [{"q": "...", "a": "..."}]}
"""


def aig(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(result.exception, UsageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def contents(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*.parquet")
    }


@pytest.fixture
def built(tmp_path):
    """A workspace with six measured clips, four with speech, and their pairs; the server that was asked; its folder."""
    with MockServer() as server:
        config = tmp_path / "aig.yaml"
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "speech@2.md").write_text(PROMPT)
        (tmp_path / "manifest.jsonl").write_text('{"path": "0.wav"}\n')
        content = {
            "workspace": "ws",
            "datasets": {"mine": {"manifest": "manifest.jsonl"}},
            "generate": {
                "model": "mock",
                "base_url": server.url,
                "prices": {"mock": {"input": 0, "output": 0}},
                "questions": {"prompt_folder": "mine"},
            },
        }
        config.write_text(yaml.safe_dump(content))
        configuration = load(config)
        workspace = Workspace(configuration.workspace)
        clips, features = [], []
        for number in range(6):
            audio_id = f"mine/{number}"
            spoken = number < 4
            clips.append(
                Clip(
                    audio_id=audio_id,
                    dataset="mine",
                    path=f"{number}.wav",
                    labels=None if spoken else ("Dog",),
                    gender="female" if spoken else None,
                )
            )
            features.append(
                Features(
                    audio_id=audio_id,
                    duration_s=1,
                    sample_rate=16000,
                    transcript=f"Sentence number {number} <b>&{{{{ x }}}}</b>." if spoken else None,
                    no_speech_prob=0.1,
                    extractor=extractor_version(configuration.extract),
                )
            )
        workspace.write(clips, Clip, "clips", "mine", "part-00000-a.parquet")
        database = workspace.database()
        workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
        sources = dict(database.sql(f"SELECT audio_id, {SOURCE_OF_CLIP} FROM clips").fetchall())
        features = [replace(one, source=sources[one.audio_id]) for one in features]
        workspace.write(
            features, Features, "features", "mine", f"part-{extractor_version(configuration.extract)}-a.parquet"
        )
        kept = KEPT.empty_table().from_pydict({"audio_id": [clip.audio_id for clip in clips]}, schema=KEPT)
        write_table(workspace.url("selection", "mine.parquet"), [kept], KEPT)
        ask_open(configuration, workspace, plan_open(configuration, workspace, ["mine"]), lambda _: None)
        for kind in qa_kinds(configuration, "mine"):
            for job in plan_pairs(configuration, workspace, "mine", kind).jobs():
                write_bucket(configuration, workspace, job)
        yield config, tmp_path / "ws"


def test_a_sample_shows_both_prompts_and_writes_no_pairs(built):
    config, workspace = built
    before = contents(workspace / "qa")
    done = aig("regenerate", config, "--prompt", "speech@2", "--sample", 3, "--json")
    assert (done["prompt"], done["beside"], done["clips"], done["written"]) == ("speech@2", "speech@1", 3, None)
    assert done["requests"]["sent"] == 3
    old, new = done["figures"]["before"], done["figures"]["after"]
    assert old["replies"] == new["replies"] == 3
    assert old["pairs"] > 0
    assert new["pairs"] > 0
    assert new["parse_rate"] == 1
    assert contents(workspace / "qa") == before
    page = (workspace / "regenerated" / "speech@2.html").read_text()
    assert "speech@1 and speech@2 side by side" in page
    assert "&lt;b&gt;&amp;{{ x }}&lt;/b&gt;" in page
    assert "<b>" not in page
    again = aig("regenerate", config, "--prompt", "speech@2", "--sample", 3, "--json")
    assert again["requests"] == {"sent": 0, "answered": 0, "cached": 3, "failed": 0}
    assert again["figures"] == done["figures"]


def test_all_pairs_of_the_kind_are_made_anew_and_nothing_else(built):
    config, workspace = built
    before = contents(workspace / "qa")
    done = aig("regenerate", config, "--prompt", "speech@2", "--json")
    assert done["clips"] == done["requests"]["sent"] == 4
    assert done["written"] == done["figures"]["after"]["pairs"]
    after = contents(workspace / "qa")
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed
    assert {name.split("/")[1] for name in changed} == {"open_speech"}
    content = yaml.safe_load(config.read_text())
    content["generate"]["questions"]["prompts"] = {"speech": "speech@2"}
    config.write_text(yaml.safe_dump(content))
    configuration = load(config)
    for kind in qa_kinds(configuration, "mine"):
        todo = plan_pairs(configuration, Workspace(configuration.workspace), "mine", kind).clips
        assert todo == 0, kind
    # In use now, it is held against the version before it.
    again = aig("regenerate", config, "--prompt", "speech@2", "--sample", 2, "--json")
    assert (again["beside"], again["prompt"], again["requests"]["sent"]) == ("speech@1", "speech@2", 0)


def test_what_cannot_be_regenerated_is_said(built):
    config, _ = built
    with pytest.raises(UsageError, match="no prompt 'speech@7'"):
        aig("regenerate", config, "--prompt", "speech@7", "--sample", 3)
    with pytest.raises(UsageError, match="no version before it"):
        aig("regenerate", config, "--prompt", "speech@1", "--sample", 3)
    (config.parent / "mine" / "music@2.md").write_text(PROMPT.replace("speech", "music"))
    with pytest.raises(UsageError, match="questions of the kind music"):
        aig("regenerate", config, "--prompt", "music@2", "--sample", 3)
