"""`aig datasets` and `aig pull`: what there is, what is here, and how to get the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import DataError, UsageError
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from aig.datasets_registry.dataset import Dataset, Segment, Source
    from aig.pipelines.configuration import Configuration

__all__ = ["register"]

_DEFAULT = Path("aig.yaml")


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("datasets")(datasets)
    app.command("pull")(pull)


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
    _show_steps(facts["manual"])


def _show_steps(steps: tuple[str, ...]) -> None:
    if steps:
        typer.echo("\nBy hand:")
        for number, step in enumerate(steps, start=1):
            typer.echo(f"  {number}. {step}")


def pull(
    config: ConfigArgument,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these datasets.")] = None,
    youtube: Annotated[
        bool, typer.Option("--youtube", help="Also cut missing clips out of YouTube videos (extra youtube, ffmpeg).")
    ] = False,
    cookies_from_browser: Annotated[
        str | None, typer.Option(metavar="BROWSER", help="Show YouTube this browser's cookies.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Gets what is open: resumed, checked, unpacked. For the rest, says what to do by hand."""
    from aig.datasets_registry import registry
    from aig.pipelines.configuration import load

    configuration = load(config)
    chosen = names or [name for name, source in configuration.datasets.items() if source.manifest is None]
    for name in chosen:
        if name not in configuration.datasets:
            raise UsageError(f"{config} has no dataset {name!r}", f"It has: {', '.join(configuration.datasets)}.")
        if configuration.datasets[name].manifest is not None:
            raise UsageError(f"{name} is your own data: there is nothing to fetch", "Name a dataset of the registry.")
    outcome = {}
    for name in chosen:
        outcome[name] = _pull(configuration, registry.get(name), youtube, cookies_from_browser)
        if not json and outcome[name]["manual"]:
            typer.echo(f"\n{name}: what comes by hand")
            _show_steps(outcome[name]["manual"])
    if json:
        print_json({"datasets": outcome})
    failed = [message for result in outcome.values() for message in result["failed"]]
    if failed:
        raise DataError("\n".join(failed), "What came is kept; the same command fetches only what is missing.")


def _pull(configuration: Configuration, dataset: Dataset, youtube: bool, cookies: str | None) -> dict[str, Any]:
    from aig.datasets_registry.download import pull as pulling
    from aig.pipelines.runtime.progress import progress_of

    settings = configuration.datasets[dataset.name]
    root = Path(settings.root or "")
    say(f"{dataset.name}: {dataset.licence}")
    missing = pulling.wanted(dataset, root, settings.parts)
    sizes = [item.size for item in missing]
    if sizes:
        say(f"{dataset.name}: {len(sizes)} files to fetch, {sum(sizes) / 1e6:,.0f} MB known of, into {root}")
    with progress_of(f"pull {dataset.name}", sum(sizes) or None, "bytes") as progress:
        done = pulling.pull(dataset, root, settings.parts, progress.advance, missing)
    say(f"{dataset.name}: {done.fetched} files fetched, {done.there} there before, {len(done.failed)} failed")
    result: dict[str, Any] = {
        "fetched": done.fetched,
        "there": done.there,
        "failed": list(done.failed),
        "manual": dataset.manual,
    }
    if dataset.segments is not None and not done.failed:
        result["videos"] = _videos(configuration, dataset, root, youtube, cookies)
    return result


def _videos(
    configuration: Configuration, dataset: Dataset, root: Path, youtube: bool, cookies: str | None
) -> dict[str, int]:
    """Cuts clips out of videos, or says how many are missing."""
    from aig.datasets_registry.dataset import Source
    from aig.datasets_registry.download.youtube_pull import cut, yt_dlp_downloader
    from aig.datasets_registry.readers.youtube import clips_by_video
    from aig.pipelines.runtime.progress import progress_of

    settings = configuration.datasets[dataset.name]
    source = dataset.resolve(Source(root, settings.parts, settings.splits, settings.max_duration_s))
    drawn = _drawn(dataset, source, settings.limit, configuration.seed)
    audio = clips_by_video(root)

    def missing() -> Iterator[Segment]:
        for segment in dataset.segments(source) if dataset.segments else ():
            if (drawn is None or segment.audio_id in drawn) and audio.find(segment.video) is None:
                yield segment

    lacking = sum(1 for _ in missing())
    if not youtube or not lacking:
        say(f"{dataset.name}: {lacking:,} clips are not here" + (_HOW if lacking else ""))
        return {"missing": lacking}
    download = yt_dlp_downloader(cookies)
    with progress_of(f"cut {dataset.name}", lacking) as progress:
        done = cut(missing(), root, download, progress.advance)
    say(f"{dataset.name}: {done.fetched:,} clips cut, {done.unavailable:,} unavailable, {done.failed:,} failed")
    return {"missing": lacking - done.fetched, **asdict(done)}


_HOW = "; `aig pull ... --youtube` cuts them out of the videos (needs the extra `youtube` of aig-audio, and ffmpeg)"


def _drawn(dataset: Dataset, source: Source, size: int | None, seed: int) -> set[str] | None:
    """Ids of the clips that the dataset's `limit` draws from all there are, so that no others are fetched."""
    if size is None or dataset.segments is None:
        return None
    import pyarrow as pa

    from aig.filters.clips.selection import limit

    def batches(segments: Iterator[Segment]) -> Iterator[pa.RecordBatch]:
        while some := list(islice(segments, 16_384)):
            columns = {
                "audio_id": [one.audio_id for one in some],
                "dataset": [dataset.name] * len(some),
                "labels": pa.array([one.labels for one in some], pa.list_(pa.string())),
            }
            yield pa.RecordBatch.from_pydict(columns)

    return set(limit(batches(iter(dataset.segments(source))), size, seed).kept.to_pylist())
