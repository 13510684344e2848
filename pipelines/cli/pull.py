"""`aig pull`: gets what is open of the datasets, and says how the rest is got."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import DataError, UsageError
from aig.pipelines.cli.datasets import show_steps
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aig.datasets_registry.dataset import Dataset, Segment, Source
    from aig.pipelines.configuration import Configuration

__all__ = ["register"]

_BITS_PER_S = 100e6
"""A line's speed, for how long a download takes about."""


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("pull")(pull)


@dataclass(frozen=True, slots=True)
class _Youtube:
    """How clips of videos are asked for."""

    cookies: Path | None
    cookies_from_browser: str
    proxy: str
    pace_s: float
    retry_unavailable: bool


def pull(
    config: ConfigArgument,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these datasets.")] = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="REPO", help="From this repository on the Hugging Face hub (extra huggingface)."
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="With --from: only files that fit, such as 'data/bal_train/*'."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be fetched, and how much.")] = False,
    youtube: Annotated[
        bool, typer.Option("--youtube", help="Also cut missing clips out of YouTube videos (extra youtube, ffmpeg).")
    ] = False,
    cookies: Annotated[Path | None, typer.Option(metavar="FILE", help="Show YouTube these cookies.")] = None,
    cookies_from_browser: Annotated[
        str, typer.Option(metavar="BROWSER", help="Show YouTube this browser's cookies.")
    ] = "",
    proxy: Annotated[str, typer.Option(metavar="URL", help="Ask YouTube through this proxy.")] = "",
    pace: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Seconds from one video to the next.")] = 12.0,
    retry_unavailable: Annotated[
        bool, typer.Option("--retry-unavailable", help="Ask again for videos remembered as unavailable.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Downloads open datasets: resumed, checked, unpacked, the size told first. Says what to do for gated ones."""
    from aig.datasets_registry import registry
    from aig.pipelines.configuration import load

    configuration = load(config)
    chosen = names or [name for name, source in configuration.datasets.items() if source.manifest is None]
    for name in chosen:
        if name not in configuration.datasets:
            raise UsageError(f"{config} has no dataset {name!r}", f"It has: {', '.join(configuration.datasets)}.")
        if configuration.datasets[name].manifest is not None:
            raise UsageError(f"{name} is your own data: there is nothing to fetch", "Name a dataset of the registry.")
    if mirror is not None:
        _check_mirror(mirror, chosen)
    elif include:
        raise UsageError("--include goes with --from.", "Name `parts` in the configuration to fetch less.")
    ways = _Youtube(cookies, cookies_from_browser, proxy, pace, retry_unavailable) if youtube else None
    outcome = {}
    for name in chosen:
        dataset = registry.get(name)
        if mirror is not None:
            outcome[name] = _pull_mirror(configuration, dataset, mirror, include or (), dry_run)
        else:
            outcome[name] = _pull(configuration, dataset, dry_run)
            if dataset.segments is not None and not dry_run and not outcome[name]["failed"]:
                outcome[name]["videos"] = _videos(configuration, dataset, ways)
            if not json and dataset.manual:
                typer.echo(f"\n{name}: what you do yourself")
                show_steps(dataset.manual)
    if json:
        print_json({"datasets": outcome})
    failed = [message for result in outcome.values() for message in result["failed"]]
    if failed:
        raise DataError("\n".join(failed), "What came is kept; the same command fetches only what is missing.")


def _check_mirror(mirror: str, chosen: Sequence[str]) -> None:
    from aig.datasets_registry.download.hub import MIRRORS

    if len(chosen) != 1:
        raise UsageError("--from is about one dataset.", "Name it: aig pull CONFIG NAME --from REPO.")
    if mirror.count("/") != 1:
        names = ", ".join(MIRRORS.get(chosen[0], ()))
        raise UsageError(
            f"{mirror!r} is not a repository such as owner/name.",
            f"Known mirrors of {chosen[0]}: {names}." if names else f"No mirror of {chosen[0]} is known.",
        )


def _pull_mirror(
    configuration: Configuration, dataset: Dataset, mirror: str, include: Sequence[str], dry_run: bool
) -> dict[str, Any]:
    from aig.datasets_registry.download.hub import MIRRORS, hub_folder

    known = MIRRORS.get(dataset.name, {}).get(mirror.partition("@")[0], ())
    folder = hub_folder(mirror, include or known)
    say(f"{dataset.name}: {folder.repo} at {folder.revision[:12]}, licence by its card: {folder.licence or 'none'}")
    from_hub = replace(dataset, downloads=folder.downloads, manual=())
    return _pull(configuration, from_hub, dry_run, folder.headers) | {"revision": folder.revision}


def _pull(
    configuration: Configuration, dataset: Dataset, dry_run: bool, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Fetches a dataset's downloads, after it was said how much they are."""
    from aig.datasets_registry.download import pull as pulling
    from aig.pipelines.runtime.progress import progress_of

    settings = configuration.datasets[dataset.name]
    root = Path(settings.root or "")
    say(f"{dataset.name}: {dataset.licence}")
    missing = pulling.wanted(dataset, root, settings.parts)
    size = sum(item.size for item in missing)
    if missing:
        unknown = sum(1 for item in missing if not item.size)
        more = f" and {unknown} of unknown size" if unknown else ""
        say(
            f"{dataset.name}: {len(missing)} files to fetch, {_size(size)}{more}, "
            f"about {_time(size * 8 / _BITS_PER_S)} at 100 Mbit/s, into {root}"
        )
    if dry_run:
        return {"to_fetch": len(missing), "bytes": size, "failed": [], "manual": dataset.manual}
    with progress_of(f"pull {dataset.name}", size or None, "bytes") as progress:
        done = pulling.pull(dataset, root, settings.parts, progress.advance, missing, headers)
    say(f"{dataset.name}: {done.fetched} files fetched, {done.there} there before, {len(done.failed)} failed")
    return {"fetched": done.fetched, "there": done.there, "failed": list(done.failed), "manual": dataset.manual}


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _time(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _videos(configuration: Configuration, dataset: Dataset, ways: _Youtube | None) -> dict[str, int]:
    """Cuts clips out of videos, or says how many are missing."""
    from aig.datasets_registry.dataset import Source
    from aig.pipelines.runtime.progress import progress_of

    settings = configuration.datasets[dataset.name]
    root = Path(settings.root or "")
    source = dataset.resolve(Source(root, settings.parts, settings.splits, settings.max_duration_s))
    drawn = _drawn(dataset, source, settings.limit, configuration.seed)
    # Which clips have audio is what the dataset's own reader says, so that what is cut is what is found.
    lacking = {item.audio_id for item in dataset.read(source) if getattr(item, "path", "") is None}
    wanted = lacking if drawn is None else lacking & drawn
    if ways is None or not wanted:
        say(f"{dataset.name}: {len(wanted):,} clips are not here" + (_how(dataset, len(wanted)) if wanted else ""))
        return {"missing": len(wanted)}
    from aig.datasets_registry.download.youtube_clip import way_of, yt_dlp_downloader
    from aig.datasets_registry.download.youtube_pull import cut

    download = yt_dlp_downloader(ways.cookies, ways.cookies_from_browser, ways.proxy)
    say(f"{dataset.name}: {len(wanted):,} clips to cut, about {_time(len(wanted) * ways.pace_s)} at this pace")
    segments = (
        (segment for segment in dataset.segments(source) if segment.audio_id in wanted) if dataset.segments else ()
    )
    with progress_of(f"cut {dataset.name}", len(wanted)) as progress:
        done = cut(
            segments,
            root,
            download,
            progress.advance,
            way=way_of(ways.cookies, ways.cookies_from_browser, ways.proxy),
            pace_s=ways.pace_s,
            retry_unavailable=ways.retry_unavailable,
            say=say,
        )
    say(
        f"{dataset.name}: {done.fetched:,} clips cut, {done.unavailable:,} gone, {done.not_for_us:,} not shown to us, "
        f"{done.failed:,} failed"
    )
    return {"missing": len(wanted) - done.fetched, **asdict(done)}


def _how(dataset: Dataset, count: int) -> str:
    from aig.datasets_registry.download.hub import MIRRORS
    from aig.datasets_registry.download.youtube_pull import PACE_S

    mirrors = list(MIRRORS.get(dataset.name, ()))
    faster = f"; a mirror has most of them: --from {mirrors[0]}" if mirrors else ""
    return (
        f"; `aig pull ... --youtube` cuts them out of the videos in about {_time(count * PACE_S)} (needs the extra "
        f"`youtube` of aig-audio, and ffmpeg){faster}"
    )


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
