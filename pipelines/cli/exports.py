"""`aig export` and `aig merge`: published sets in other forms, put together, cut down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say
from aig.pipelines.cli.shards import SetArgument

if TYPE_CHECKING:
    from aig.pipelines.clip_audio import ClipAudio
    from aig.shards.export.form import Features, Rejected

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("export")(export)
    app.command("merge")(merge)


def export(
    path: SetArgument,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help="`aig export SET --to list` shows what there is.")],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="File or folder to write.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="CONFIG", help="Configuration that says where the audio is.")
    ] = None,
    audio_root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Instead of CONFIG, on another machine: holds a folder for each dataset."),
    ] = None,
    audio: Annotated[
        str, typer.Option(metavar="copy|link|path", help="16 kHz copies, links, or the files where they are.")
    ] = "copy",
    audio_out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the copies or links; beside the export by default.")
    ] = None,
    stage: Annotated[
        str, typer.Option(metavar="NAME", help="default, stage1, stage2, stage3, or another config of the card.")
    ] = "default",
    where: Annotated[
        str | None, typer.Option(metavar="SQL", help="Only rows for which it holds: \"task = 'caption'\".")
    ] = None,
    split: Annotated[str | None, typer.Option(metavar="NAME", help="Rows of this split; train by default.")] = None,
    turns: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of a clip that make one conversation.")] = 1,
    transcript: Annotated[
        str | None,
        typer.Option(metavar="drop|keep", help="The transcript beside the question; kept for LTU alone by default."),
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(metavar="S", min=0.1, help="Cut longer clips, leaving out rows about what is cut.")
    ] = None,
    marks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Marks of `aig browse`, for dpo and kto; needs CONFIG.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Write LTU-AS's features too, of this Whisper model (large-v1).")
    ] = None,
    lineage: Annotated[bool, typer.Option("--lineage", help="With the columns of lineage (jsonl only).")] = False,
    json: JsonFlag = False,
) -> None:
    """Writes a set, with its audio, as a trainer reads it."""
    from aig.pipelines.runtime.progress import progress_of
    from aig.shards.export.export import export as write
    from aig.shards.export.form import Options, Rejected
    from aig.shards.export.registry import FORMS, find

    if to == "list":
        forms = [(form.name, form.about, form.audio, form.out) for form in FORMS.values()]
        if json:
            print_json({"forms": [dict(zip(("name", "about", "audio", "out"), form, strict=True)) for form in forms]})
        else:
            print_table("Exports", ("form", "who reads it", "audio", "writes"), forms)
        return
    form = find(to)
    if marks is not None and (config is None or not form.takes_rejected):
        raise UsageError("--marks is for dpo and kto, with --config", "Remove it, or add --config CONFIG.")
    if features is not None and not form.takes_features:
        raise UsageError(f"{form.name} carries no features", "Remove --features, or use --to ltu-as.")
    if audio not in ("copy", "link", "path"):
        raise UsageError(f"--audio {audio} is not known", "Choose one of: copy, link, path.")
    if transcript not in (None, "drop", "keep"):
        raise UsageError(f"--transcript {transcript} is not known", "Choose one of: drop, keep.")
    if config is not None and audio_root is not None:
        raise UsageError("--config and --audio-root both say where the audio is", "Give one of them.")
    if config is None and audio_root is None and (audio_out is not None or audio != "copy"):
        raise UsageError("--audio and --audio-out need the audio", "Give --config CONFIG or --audio-root DIR.")
    options = Options(
        config=stage,
        where=where,
        split=split,
        transcript=None if transcript is None else transcript == "keep",
        turns=turns,
        max_seconds=max_seconds,
        audio=cast(Literal["copy", "link", "path"], audio),
        audio_out=audio_out,
        lineage=lineage,
        workers=min(8, os.cpu_count() or 1),
        features=_features_of(features),
        rejected=_rejected_of(config, marks) if form.takes_rejected else Rejected(),
    )
    with progress_of("exporting", unit="rows") as progress:
        done = write(path, to, out, options, audio=_audio_of(path, config, audio_root), progress=progress.advance)
    if json:
        result = {"path": str(done.path), "rows": done.rows, "samples": done.samples, "left_out": done.left_out}
        print_json(result)
        return
    say(f"{done.path}: {done.rows:,} rows in {done.samples:,} records")
    for reason, rows in sorted(done.left_out.items()):
        say(f"  left out, {reason}: {rows:,} rows")


def _features_of(model: str | None) -> Features | None:
    if model is None:
        return None
    from aig.extractors.whisper.ltu_features import LtuFeatures
    from aig.shards.export.form import Features

    return Features(model, LtuFeatures(model))


def _rejected_of(config: Path | None, marks: Path | None) -> Rejected:
    from aig.shards.export.form import Rejected

    if config is None:
        return Rejected()
    from aig.pipelines.configuration import load
    from aig.pipelines.views.rejected import rejected_answers

    return rejected_answers(load(config), marks)


def _audio_of(path: str, config: Path | None, root: Path | None) -> ClipAudio | None:
    if config is None and root is None:
        return None
    from aig.pipelines.clip_audio import audio_of_set, audio_of_workspace
    from aig.pipelines.configuration import load

    return audio_of_workspace(load(config)) if config is not None else audio_of_set(path, cast(Path, root))


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
