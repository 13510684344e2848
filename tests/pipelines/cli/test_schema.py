"""What commands print with --json is what `aig schema` says of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.pipelines.cli.schema import json_schema, schemas
from helpers.hub_server import Hub
from helpers.small_build import small_build

jsonschema = pytest.importorskip("jsonschema")

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    def call(command: str, *arguments: object) -> dict[str, Any]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["aig", *command.split(), *map(str, arguments), "--json"])
        status = run(app)
        out, err = capfd.readouterr()
        assert status in (0, 1), err
        said: dict[str, Any] = json.loads(out)
        jsonschema.validate(said, json_schema(command))
        return said

    return call


def commands(typer_app: typer.Typer, before: str = "") -> dict[str, Any]:
    group = typer.main.get_command(typer_app)
    found = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": each for sub, each in inner.items()} if inner else {name: command}
    return found


def test_every_command_with_json_has_a_schema_and_no_other() -> None:
    with_json = {
        name for name, command in commands(app).items() if any(option.name == "json" for option in command.params)
    }
    assert set(schemas()["commands"]) == with_json
    for name in with_json:
        jsonschema.Draft202012Validator.check_schema(json_schema(name))
    with pytest.raises(UsageError, match="no command 'valdiate'") as error:
        json_schema("valdiate")
    assert "Did you mean validate?" in error.value.advice


@pytest.mark.slow
def test_what_is_printed_is_as_it_says(tmp_path: Path, printed: Call, hub: Hub) -> None:
    folder = tmp_path / "build"
    small_build(folder)
    config, shards = folder / "aig.yaml", folder / "workspace" / "shards"
    lineage = next((shards / "lineage").rglob("*.parquet"))
    for command in ("status", "plan", "estimate", "ledger", "levels", "check", "clean", "report", "retry-quarantine"):
        printed(command, config)
    printed("datasets")
    printed("datasets", "--config", config)
    printed("prompts list")
    printed("prompts show", "speech")
    printed("prompts show", "cla_label")
    printed("prompts render", "speech")
    printed("prompts diff", "speech@1", "joint@2")
    printed("prompts new", "speech", "--folder", tmp_path / "prompts")
    printed("validate", shards)
    printed("stats", shards)
    printed("why", pq.read_table(lineage).column("qa_id")[0].as_py(), config)
    printed("export", shards, "--to", "list")
    printed("export", shards, "--to", "jsonl", "--out", tmp_path / "rows.jsonl")
    printed("merge", shards, "--out", tmp_path / "merged")
    printed("import", tmp_path / "rows.jsonl", "--out", tmp_path / "imported")
    printed("diff", shards, tmp_path / "merged")
    printed("push", shards, "team/questions")
    printed("versions", config)
    printed("pull", config)
