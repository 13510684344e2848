"""`aig datasets`: what there is, and what is here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from aig.datasets_registry.dataset import Dataset
    from aig.pipelines.configuration import Configuration

__all__ = ["register"]

_DEFAULT = Path("aig.yaml")


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("datasets")(datasets)


def datasets(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All about one of them.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="A configuration: its own datasets too, and what its workspace holds."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """The datasets: what they annotate, their licences, how they are got, and what is in the workspace.

    Without --config, aig.yaml in this folder is taken where it is there.
    """
    from aig.datasets_registry import registry

    configuration = _configuration(config)
    known = dict(registry.DATASETS)
    if configuration is not None:
        from aig.pipelines.sources import dataset_of

        known |= {own: dataset_of(configuration, own) for own in configuration.datasets}
    if name is not None and name not in known:
        registry.get(name)  # raises, with the nearest name
    chosen = [known[name]] if name is not None else list(known.values())
    facts = [_facts(dataset) | _in_workspace(configuration, dataset.name) for dataset in chosen]
    if json:
        print_json({"datasets": facts})
    elif name is not None:
        _show(facts[0])
    else:
        columns: tuple[str, ...] = ("name", "clips", "annotates", "access", "licence")
        rows: list[tuple[object, ...]] = [
            (fact["name"], fact["clips"] or "", ", ".join(fact["fields"]), fact["access"], _brief(fact["licence"]))
            for fact in facts
        ]
        if configuration is not None:
            columns += ("indexed", "with audio")
            rows = [(*row, fact["indexed"], fact["with_audio"]) for row, fact in zip(rows, facts, strict=True)]
        print_table("Datasets", columns, rows)
        say("More about one: aig datasets NAME")


def _configuration(config: Path | None) -> Configuration | None:
    if config is None and not _DEFAULT.is_file():
        return None
    from aig.pipelines.configuration import load

    return load(config or _DEFAULT)


_FACTS = (
    *("name", "title", "summary", "home", "paper", "licence", "redistributable", "access", "clips", "fields"),
    *("splits", "train_splits", "parts", "pull_parts", "closed_tasks", "open_prompt", "pairs_per_call", "copies"),
    *("max_duration_s", "manual"),
)


def _facts(dataset: Dataset) -> dict[str, Any]:
    downloads = [asdict(download) for download in dataset.downloads]
    return {fact: getattr(dataset, fact) for fact in _FACTS} | {"downloads": downloads}


def _brief(licence: str) -> str:
    """The first clause of a licence, for a table; the whole stands in `aig datasets NAME`."""
    return licence.partition(";")[0].partition(",")[0]


def _in_workspace(configuration: Configuration | None, name: str) -> dict[str, int]:
    """Clips in the workspace, and those of them with audio."""
    if configuration is None:
        return {}
    from aig.pipelines.workspace.workspace import Workspace

    workspace = Workspace(configuration.workspace)
    urls = [workspace.url("clips", name, part) for part in workspace.parts("clips", name)]
    indexed = missing = 0
    for batch in workspace.batches(urls, ["path"]):
        indexed += batch.num_rows
        missing += batch.column("path").null_count
    return {"indexed": indexed, "with_audio": indexed - missing}


def _show(facts: dict[str, Any]) -> None:
    typer.echo(f"{facts['title']} ({facts['name']})\n{facts['summary']}\n")
    lines = {
        "home": facts["home"],
        "paper": facts["paper"],
        "licence": facts["licence"],
        "audio": "may be passed on" if facts["redistributable"] else "may not be passed on",
        "access": facts["access"],
        "clips": f"{facts['clips']:,}" if facts["clips"] else "",
        "annotates": ", ".join(facts["fields"]),
        "splits": ", ".join(facts["splits"]),
        "trains": ", ".join(facts["train_splits"]),
        "parts": ", ".join(facts["parts"]),
        "closed tasks": ", ".join(facts["closed_tasks"] or ("all that its fields can answer",)),
        "open prompt": facts["open_prompt"] or "",
        "indexed": f"{facts['indexed']:,}, {facts['with_audio']:,} with audio" if "indexed" in facts else "",
    }
    for key, value in lines.items():
        if value:
            typer.echo(f"{key:<13} {value}")
    if facts["downloads"]:
        typer.echo("\nFetched by `aig pull`:")
        for download in facts["downloads"]:
            part = f"  ({download['part']})" if download["part"] else ""
            typer.echo(f"  {download['url']}{part}")
    show_steps(facts["manual"])


def show_steps(steps: tuple[str, ...]) -> None:
    """Prints what a person has to do, step by step."""
    if steps:
        typer.echo("\nTo do yourself:")
        for number, step in enumerate(steps, start=1):
            typer.echo(f"  {number}. {step}")
