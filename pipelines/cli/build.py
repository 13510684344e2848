"""`aig run`, its stages one by one, `aig init` and `aig status`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.options import ConfigArgument, OnlyOption
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["build_and_report", "register"]


AcceptShrink = Annotated[
    bool,
    typer.Option("--accept-shrink", help="Publish although more than publish.max_shrink of what is there would go."),
]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("run")(run)
    for stage in ("index", "extract", "select", "generate"):
        app.command(stage, help=_HELP[stage])(_stage_command(stage))
    app.command("publish")(publish)
    app.command("init")(init)


_HELP = {
    "index": "Reads the datasets' own annotation files into the workspace.",
    "extract": "Measures the clips: pitch, volume, speed, transcript.",
    "select": "Decides which clips stay, every drop with its reason.",
    "generate": "Makes the question-answer pairs, by rule and by the model.",
}


def run(
    config: ConfigArgument,
    only: OnlyOption = None,
    until: Annotated[str, typer.Option(metavar="STAGE", help="The last stage to run.")] = "publish",
    accept_shrink: AcceptShrink = False,
    json: JsonFlag = False,
) -> None:
    """Builds everything that is out of date: index, extract, select, generate, publish, validate."""
    build_and_report(config, only=only, until=until, as_json=json, accept_shrink=accept_shrink)


def _stage_command(stage: str) -> Any:
    def command(config: ConfigArgument, only: OnlyOption = None, json: JsonFlag = False) -> None:
        build_and_report(config, only=only, until=stage, first=stage, as_json=json)

    return command


def publish(
    config: ConfigArgument,
    drop: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Marks of `aig browse`: pairs marked bad are left out (or `publish.drop`)."),
    ] = None,
    accept_shrink: AcceptShrink = False,
    json: JsonFlag = False,
) -> None:
    """Writes the shards a trainer reads, and validates them."""
    build_and_report(config, until="publish", first="publish", drop=drop, as_json=json, accept_shrink=accept_shrink)


def build_and_report(
    config: Path,
    *,
    only: list[str] | None = None,
    until: str = "publish",
    first: str = "index",
    as_json: bool = False,
    notes: tuple[str, ...] = (),
    drop: Path | None = None,
    accept_shrink: bool = False,
) -> dict[str, Any]:
    """Runs the build as a Prefect flow and reports its sums; see `aig.pipelines.flows.build` for the arguments."""
    from aig.pipelines.build import run_build
    from aig.pipelines.runtime.shutdown import handling_signals

    with handling_signals():
        sums = run_build(
            config, only=only, until=until, first=first, notes=notes, drop=drop, accept_shrink=accept_shrink
        )
    if as_json:
        print_json(sums)
    else:
        _show(sums)
    return sums


def _show(sums: dict[str, Any]) -> None:
    if "datasets" in sums and "clips" not in sums:
        keys = ("annotated", "with_audio", "missing_audio", "quarantined")
        rows = [(name, *(counts[key] for key in keys)) for name, counts in sums["datasets"].items()]
        print_table("Clips", ("dataset", "annotated", "with audio", "missing audio", "quarantined"), rows)
        if quarantined := sum(counts["quarantined"] for counts in sums["datasets"].values()):
            say(f"{quarantined:,} items are in quarantine; `aig status CONFIG` says which and why.")
    elif "datasets" in sums:
        columns = ("dataset", "read", "missing audio", "quarantined", "dropped", "kept")
        rows = [
            (name, *(counts[key] for key in ("read", "missing_audio", "quarantined", "dropped", "kept")))
            for name, counts in sums["datasets"].items()
        ]
        if len(rows) > 1:
            rows.append(("sum", *(sum(row[i] for row in rows) for i in range(1, 6))))
        print_table("Clips", columns, rows)
    if "qa" in sums:
        qa, requests = sums["qa"], sums["requests"]
        print_table(
            "Question-answer pairs",
            ("closed-ended", "open-ended", "dropped", "requests given up"),
            [(qa["closed"], qa["open"], qa["dropped"], qa["quarantined"])],
        )
        print_table(
            "Requests to the model",
            ("sent", "answered", "cached", "given up", "tokens in", "tokens out", "cost (USD)"),
            [
                (
                    *(requests[key] for key in ("sent", "answered", "cached", "failed")),
                    sums["tokens"]["input"],
                    sums["tokens"]["output"],
                    str(sums["cost_usd"]),
                )
            ],
        )
    if stages := sums.get("stages"):
        rows = [
            (name, done["worked"], done["unit"], f"{done['seconds']:,.1f}", _rate(done))
            for name, done in stages.items()
        ]
        print_table("Stages", ("stage", "worked on", "unit", "seconds", "per second"), rows)
    if sums.get("shards"):
        typer.echo(f"Shards: {sums['shards']}\nReport: {sums['report']}")
    say(f"Done in {sums['seconds']:,.1f} s.")


def _rate(done: dict[str, Any]) -> str:
    return f"{done['worked'] / done['seconds']:,.1f}" if done["worked"] and done["seconds"] else "-"


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("aig.yaml"),
) -> None:
    """Writes a commented configuration."""
    from importlib import resources

    text = resources.files("aig.pipelines").joinpath("example.yaml").read_text(encoding="utf-8")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file} already exists", "Give another name: aig init FILE.") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "Give another name: aig init FILE.") from None
    say(f"Wrote {file}. Edit its datasets, then: aig run {file}")
