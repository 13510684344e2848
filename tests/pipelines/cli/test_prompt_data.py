"""`aig prompts grow` and `aig prompts describe`, with replies that a model might give."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from aig.core.errors import DataError
from aig.core.records import Clip
from aig.generators.chat import Reply
from aig.generators.client.summary import Summary
from aig.pipelines.cli.app import app
from aig.pipelines.configuration import load
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.banks import bank, parse
from aig.prompts.descriptions import descriptions


def aig(*arguments):
    result = CliRunner().invoke(app, ["prompts", *map(str, arguments)])
    if isinstance(result.exception, DataError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A configuration, and a model that answers each request by what stands in `replies` under its last message."""
    replies: dict[str, str] = {}
    (tmp_path / "manifest.jsonl").write_text('{"path": "a.wav"}\n')
    config = tmp_path / "aig.yaml"
    config.write_text(yaml.safe_dump({"workspace": "ws", "datasets": {"mine": {"manifest": "manifest.jsonl"}}}))

    async def ask(requests, ledger, settings):
        for request in requests:
            content = next(text for part, text in replies.items() if part in request.messages[-1]["content"])
            ledger.append(
                Reply(
                    key=request.key,
                    content=content,
                    model="m",
                    request_id="r",
                    finish_reason="stop",
                    input_tokens=1,
                    output_tokens=1,
                    cost_usd="0",
                    answered_at=0.0,
                )
            )
        return Summary()

    monkeypatch.setattr("aig.generators.client.ask.ask", ask)
    return config, replies


def test_grown_questions_pass_the_gates_and_wait_for_review(asked, tmp_path):
    config, replies = asked
    replies["Lines so far"] = json.dumps({"lines": ["About how many years old is {clip}'s speaker?", "How tall?"]})
    out = tmp_path / "age_cla.yaml"
    done = json.loads(aig("grow", "age_cla", config, "--out", out, "--json"))
    assert (done["added"], len(done["refused"])) == (1, 1)
    grown = parse("age_cla", out.read_text())
    assert grown.file.bases[-1] == "About how many years old is {clip}'s speaker?"
    assert grown.id == "age_cla@2"
    assert bank("age_cla").id == "age_cla@1"
    replies["Lines so far"] = "How tall?"
    with pytest.raises(DataError, match="nothing new came for age_cla"):
        aig("grow", "age_cla", config, "--instructions")


def test_classes_without_descriptions_are_described_and_then_used(asked, tmp_path):
    config, replies = asked
    workspace = Workspace(load(config).workspace)
    clip = Clip(audio_id="mine/1", dataset="mine", labels=("Dog", "Quux resonator", "Zeep"))
    workspace.write([clip], Clip, "clips", "mine", "part-00000-a.parquet")
    replies["Quux resonator"] = json.dumps({"lines": [f"{word} and wobbling" for word in "abcdefghij"] + ["quux"]})
    replies["Zeep"] = '{"lines": ["thin, high whine"]}'
    out = tmp_path / "own.jsonl"
    done = json.loads(aig("describe", config, "--out", out, "--json"))
    assert (done["described"], done["fewer_than_ten"]) == (2, {"Zeep": 1})
    assert descriptions("Zeep", str(out)) == ("thin, high whine",)
    assert len(descriptions("quux_resonator", str(out))) == 10
    again = json.loads(aig("describe", config, "--out", out, "--json"))
    assert again["described"] == 0
    assert len(out.read_text().splitlines()) == 2
