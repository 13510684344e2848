"""`aig export` and `aig merge`: published sets in other forms, put together, cut down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.output import JsonFlag, print_json, say
from aig.pipelines.cli.shards import SetArgument

__all__ = ["register"]

_WEBDATASET = "webdataset"


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("export")(export)
    app.command("merge")(merge)


def export(
    path: SetArgument,
    to: Annotated[str, typer.Option("--to", metavar="ltu-json|jsonl|webdataset", help="The form.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="File to write; for webdataset a folder.")] = None,
    stage: Annotated[str, typer.Option(metavar="NAME", help="default, stage1, stage2 or stage3.")] = "default",
    lineage: Annotated[bool, typer.Option("--lineage", help="With the columns of lineage (jsonl only).")] = False,
    audio: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG", help="Configuration that says where the audio is: 16 kHz copies are made."),
    ] = None,
    audio_out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the copies; audio_id becomes their path.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Writes a set as LTU's JSON, as JSON Lines, or as WebDataset tar files with the audio."""
    from aig.pipelines.runtime.progress import progress_of

    if to == _WEBDATASET and audio is None:
        raise UsageError("webdataset carries the audio", "Say where the audio is: --audio CONFIG.")
    if to != _WEBDATASET and (audio is None) != (audio_out is None):
        raise UsageError("--audio and --audio-out go together", "Give both or neither.")
    if to == _WEBDATASET and audio_out is not None:
        raise UsageError("webdataset carries the audio inside", "Remove --audio-out.")
    target = out or Path({"ltu-json": "ltu.json", "jsonl": "rows.jsonl", _WEBDATASET: "webdataset"}.get(to, to))
    with progress_of("exporting", unit="rows") as progress:
        if to == _WEBDATASET and audio is not None:
            result = _tars(path, target, audio, stage, progress.advance)
        else:
            result = _file(path, target, to, stage, lineage, audio, audio_out, progress.advance)
    if json:
        print_json({"path": str(target), **result})
    else:
        say(f"{target}: " + ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in result.items()))


def _file(
    path: str,
    out: Path,
    form: str,
    stage: str,
    lineage: bool,
    audio: Path | None,
    audio_out: Path | None,
    advance: Callable[[int], None],
) -> dict[str, int]:
    from aig.shards.export.audio_copies import copy_once
    from aig.shards.export.export import export as write

    rename = None
    if audio is not None and audio_out is not None:
        from aig.pipelines.configuration import load
        from aig.pipelines.views.clip_audio import ClipAudio

        read = ClipAudio(load(audio))
        known: dict[str, str | None] = {}
        folder = audio_out.resolve()

        def rename(audio_ids: list[str]) -> list[str | None]:
            copy_once(audio_ids, folder, read, known)
            return [known[audio_id] for audio_id in audio_ids]

    rows, left_out = write(path, out, form, config=stage, lineage=lineage, rename=rename, progress=advance)
    return {"rows": rows, "left_out": left_out}


def _tars(path: str, out: Path, audio: Path, stage: str, advance: Callable[[int], None]) -> dict[str, int]:
    from aig.pipelines.configuration import load
    from aig.pipelines.views.clip_audio import ClipAudio
    from aig.shards.export.tar_shards import export_tars

    clips, left_out = export_tars(path, out, ClipAudio(load(audio)), config=stage, progress=advance)
    return {"clips": clips, "left_out": left_out}


def merge(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Published sets.", show_default=False)],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder of the new set.")],
    where: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="Only rows for which it holds: \"dataset = 'clotho' AND answerable\"."),
    ] = None,
    rows_per_shard: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="Most rows of a shard.")
    ] = 100_000,
    json: JsonFlag = False,
) -> None:
    """Publishes several sets as one, or with --where the part of a set that fulfils a condition."""
    from aig.pipelines.runtime.progress import progress_of
    from aig.shards.merge import merge as put_together
    from aig.shards.settings import PublishSettings

    settings = PublishSettings(rows_per_shard=rows_per_shard)
    with progress_of("merging", unit="rows") as progress:
        manifest = put_together(paths, out, settings, where=where, progress=progress.advance)
    if json:
        print_json({"path": out, "rows": manifest.rows, "left_out": manifest.left_out, "counts": manifest.counts})
    else:
        say(f"{out}: {manifest.rows:,} rows; left out: {manifest.left_out or 'none'}")
