"""`aig prompts grow` and `aig prompts describe`: more questions, and acoustic descriptions, through the model."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import DataError, UsageError
from aig.pipelines.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from aig.generators.chat import ChatRequest
    from aig.pipelines.configuration import Configuration

__all__ = ["describe", "grow"]

ConfigArgument = Annotated[Path, typer.Argument(metavar="CONFIG", help="Whose model and workspace are used.")]


def grow(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A closed-ended task, such as cla_label.")],
    config: ConfigArgument,
    count: Annotated[int, typer.Option(min=1, max=200, help="How many lines to ask for.")] = 50,
    instructions: Annotated[
        bool, typer.Option("--instructions", help="Grow the ways to say how to answer, not the questions.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the bank here, not to the terminal.")] = None,
    json: JsonFlag = False,
) -> None:
    """Asks the model for more ways to ask, and writes the bank with those that pass, to be reviewed."""
    from aig.pipelines.configuration import load
    from aig.prompts.banks import bank
    from aig.prompts.paraphrase import bank_text, extend_bank, question_messages

    configuration = load(config)
    part = "instructions" if instructions else "bases"
    questions = bank(task)
    messages = question_messages(questions, count, part)
    ((_, lines),) = _ask(configuration, {task: messages}, f"grow {task}")
    file, refused = extend_bank(questions, part, lines)
    added = len(getattr(file, part)) - len(getattr(questions.file, part))
    _tell(refused)
    if not added:
        raise DataError(f"nothing new came for {task}: {len(refused)} lines refused", "Ask again with another --count.")
    text = bank_text(file)
    if out is not None:
        _write_new(out, text)
    if json:
        print_json({"task": task, "part": part, "added": added, "refused": refused, "file": str(out) if out else None})
    elif out is None:
        typer.echo(text, nl=False)
    say(f"{task}: {added} {part} added, {len(refused)} refused. Review them before they go into prompts/data.")


def describe(
    config: ConfigArgument,
    labels: Annotated[
        list[str] | None, typer.Argument(metavar="[LABEL]...", help="Left out: all in the workspace without any.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="JSON Lines file to add to.")] = Path("descriptions.jsonl"),
    json: JsonFlag = False,
) -> None:
    """Asks the model for ten acoustic descriptions of each sound class that has none, cleans and keeps them."""
    from aig.pipelines.configuration import load
    from aig.prompts.descriptions import descriptions
    from aig.prompts.paraphrase import clean_descriptions, description_messages

    configuration = load(config)
    own = str(out) if out.exists() else configuration.generate.questions.description_file
    wanted = labels or _labels(configuration)
    missing = [label for label in dict.fromkeys(wanted) if not descriptions(label, own)]
    if not missing:
        say("Every class has its descriptions already.")
    rows, poor = [], {}
    for label, lines in _ask(configuration, {label: description_messages(label) for label in missing}, "describe"):
        texts, refused = clean_descriptions(label, lines)
        _tell(refused)
        if texts:
            rows.append({"label": label, "descriptions": texts})
        if len(texts) < 10:
            poor[label] = len(texts)
    if rows:
        with out.open("a", encoding="utf-8") as stream:
            stream.writelines(jsonlib.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if json:
        print_json({"described": len(rows), "fewer_than_ten": poor, "file": str(out)})
    for label, count in poor.items():
        say(f"{label}: {count} descriptions, fewer than ten")
    say(f"{len(rows)} classes described in {out}; to use them: `generate: {{questions: {{description_file: {out}}}}}`.")


def _ask(
    configuration: Configuration, asked: Mapping[str, Sequence[Mapping[str, str]]], purpose: str
) -> Iterator[tuple[str, list[str]]]:
    """The lines that the model writes for each of the named messages, from the ledger where they were asked before."""
    from aig.generators.chat import ChatRequest
    from aig.generators.client.ask import ask
    from aig.generators.ledger.ledger import Ledger
    from aig.pipelines.runtime.shutdown import handling_signals, run_to_its_end
    from aig.pipelines.workspace.workspace import Workspace
    from aig.prompts.paraphrase import LINES_SCHEMA

    settings = configuration.generate
    parameters: dict[str, Any] = {settings.max_tokens_name: settings.max_tokens}
    if settings.response_format == "json_object":
        parameters["response_format"] = {"type": "json_object"}
    schema = LINES_SCHEMA if settings.response_format == "json_schema" else None
    requests: dict[str, ChatRequest] = {
        name: ChatRequest(settings.model, tuple(messages), parameters, schema, prompt=purpose)
        for name, messages in asked.items()
    }
    with handling_signals(), Ledger(Workspace(configuration.workspace).url("responses")) as ledger:
        summary = run_to_its_end(lambda: ask(requests.values(), ledger, settings))
        for failure in summary.failures:
            say(f"{failure.message}\n  What to do: {failure.advice}")
        for name, request in requests.items():
            reply = ledger.get(request.key)
            if reply is not None:
                yield name, _lines(reply.content)


def _lines(content: str) -> list[str]:
    """The lines of a reply: those of its JSON, else its own."""
    import json_repair

    value = json_repair.loads(content)
    found = value.get("lines") if isinstance(value, dict) else value
    if isinstance(found, list):
        return [line for line in found if isinstance(line, str)]
    return [line for line in content.splitlines() if line.strip()]


def _labels(configuration: Configuration) -> list[str]:
    """All sound classes of the workspace's clips."""
    from aig.core.records import Clip
    from aig.pipelines.workspace.workspace import Workspace
    from aig.prompts.metadata import sounds

    workspace = Workspace(configuration.workspace)
    clips = (clip for name in configuration.datasets for clip in workspace.records(Clip, "clips", name))
    return sorted({label for clip in clips for label in sounds(clip)})


def _tell(refused: Sequence[str]) -> None:
    for reason in refused:
        say(f"  refused: {reason}")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path} already exists", "Give another --out.") from None
