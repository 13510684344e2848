"""`aig schema`: what a command prints with `--json`, as JSON Schema for the programs that read it."""

from __future__ import annotations

import difflib
import json as jsonlib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import typer
import yaml

from aig.core.errors import UsageError

__all__ = ["json_schema", "register", "schemas"]

_PLAIN = {"text": "string", "int": "integer", "number": "number", "bool": "boolean"}


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("schema")(schema)


def schema(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="Such as validate, or prompts list; all by default.")
    ] = None,
) -> None:
    """Prints the JSON Schema of what a command prints with --json, or of all commands by name."""
    if not command:
        typer.echo(jsonlib.dumps({name: json_schema(name) for name in schemas()["commands"]}, indent=1))
        return
    typer.echo(jsonlib.dumps(json_schema(" ".join(command)), indent=1))


@cache
def schemas() -> dict[str, Any]:
    """The output of each command in the short form of `json_output.yaml`."""
    text = files("aig.pipelines.cli").joinpath("json_output.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def json_schema(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a command's output, such as `validate` or `prompts list`.

    Raises:
        UsageError: there is no such command, or it takes no `--json`.
    """
    commands = schemas()["commands"]
    if command not in commands:
        near = difflib.get_close_matches(command, commands, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"no command {command!r} prints JSON", f"{hint}Choose one of: {', '.join(commands)}.")
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"aig {command} --json"}
    return about | {"type": "object"} | _expanded(commands[command])


def _expanded(short: Any) -> dict[str, Any]:
    if isinstance(short, list):
        return {"type": "array", "items": _expanded(short[0])}
    if isinstance(short, dict):
        if "*" in short:
            return {"type": "object", "additionalProperties": _expanded(short["*"])}
        return {
            "type": "object",
            "properties": {name.removesuffix("?"): _expanded(value) for name, value in short.items()},
            "required": [name for name in short if not name.endswith("?")],
            "additionalProperties": False,
        }
    if short.startswith("$"):
        return _expanded(schemas()["shared"][short[1:]])
    if short.endswith("|null"):
        return {"type": [_PLAIN[short.removesuffix("|null")], "null"]}
    return {} if short == "any" else {"type": _PLAIN[short]}
