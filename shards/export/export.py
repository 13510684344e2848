"""A published set in the form that a trainer reads, with its audio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aig.core.errors import DataError, UsageError
from aig.core.parallel import map_in_order
from aig.core.storage import remove_orphans
from aig.shards.export.audio_copies import AudioSource, Copies
from aig.shards.export.form import Form, Options, Sample, Sound
from aig.shards.export.registry import find
from aig.shards.export.rows import later_rows, samples_of

__all__ = ["Exported", "export"]

_AHEAD = 16
"""Samples in hand for each worker."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        path: file or folder.
        rows: rows written.
        samples: records written; a record may hold several rows.
        left_out: rows left out, by reason.
    """

    path: Path
    rows: int
    samples: int
    left_out: dict[str, int]


def export(
    url: str,
    to: str,
    out: Path | None = None,
    options: Options | None = None,
    *,
    audio: AudioSource | None = None,
    progress: Callable[[int], None] | None = None,
) -> Exported:
    """Writes a set for a trainer.

    Args:
        url: folder of the set: a local path or any fsspec URL.
        to: name of a form, or `module:object`.
        out: the file or folder to write; the form's own name in the working directory where absent.
        options: which rows, and how.
        audio: gives the clips' audio; a row whose clip has none is left out and counted.
        progress: told the rows read.

    Raises:
        UsageError: an unknown form or config, options that do not go together, or a place that cannot be written to.
        DataError: the set has no manifest that can be trusted, no such rows, or none that can be exported.
    """
    form, options = find(to), options or Options()
    target = out or Path(form.out)
    _check(form, options, audio)
    _check_target(form, target)
    folder = options.audio_out or target.parent / f"{target.stem}_audio"
    copies = Copies(audio, form, options, folder) if audio else None
    for place in (target.parent, folder):
        remove_orphans(place)
    counts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()

    def counted() -> Iterator[Sample]:
        samples = samples_of(url, form, options, progress)
        if form.most_clips == 1:
            samples = _about_one_clip(samples, left_out)
        if form.refuses is not None:
            samples = _possible(samples, form.refuses, options, left_out)
        for sample, reasons in _with_audio(samples, copies, options.workers):
            left_out.update(reasons)
            if sample is not None:
                counts.update(rows=len(sample.rows), samples=1)
                yield sample
        if not counts:
            raise _nothing(left_out)

    written = form.write(counted(), target, options)
    if written is not None:
        left_out.update(written.left_out)
        if not written.records and left_out:
            target.unlink(missing_ok=True)
            raise _nothing(left_out)
        counts = Counter(rows=counts["rows"] - sum(written.left_out.values()), samples=written.records)
    return Exported(target, counts["rows"], counts["samples"], dict(left_out))


def _possible(
    samples: Iterator[Sample],
    refuses: Callable[[Sample, Options], str | None],
    options: Options,
    left_out: Counter[str],
) -> Iterator[Sample]:
    for sample in samples:
        if reason := refuses(sample, options):
            left_out[reason] += len(sample.rows)
        else:
            yield sample


def _nothing(left_out: Counter[str]) -> DataError:
    if not left_out:
        return DataError(
            "the set has no such rows", "See --where, --stage and --split; `aig stats` shows what the set holds."
        )
    advice = (
        "Name the datasets' roots in the configuration or with --audio-root."
        if any(reason.startswith("audio ") for reason in left_out)
        else "Export other rows, with other options or in another form."
    )
    return DataError(f"none of the {left_out.total()} rows can be exported: {', '.join(left_out)}", advice)


def _check(form: Form, options: Options, audio: AudioSource | None) -> None:
    if form.audio in ("beside", "inside") and audio is None:
        raise UsageError(f"{form.name} carries the audio", "Give --config CONFIG or --audio-root DIR.")
    if form.audio == "none" and audio is not None:
        raise UsageError(f"{form.name} carries no audio", "Remove --config and --audio-root.")
    if form.audio == "inside" and (options.audio != "copy" or options.audio_out):
        raise UsageError(f"{form.name} carries the audio inside", "Remove --audio and --audio-out.")
    if options.max_seconds is not None and audio is None:
        raise UsageError("--max-seconds cuts the audio", "Give --config CONFIG or --audio-root DIR.")
    if options.features is not None and not form.takes_features:
        raise UsageError(f"{form.name} carries no features", "Remove --features, or use --to ltu-as.")
    if options.features is not None and options.audio == "path":
        raise UsageError(
            "features are named after the audio's file, which does not tell when it changes",
            "Use --audio copy or --audio link with --features.",
        )
    if options.lineage and not form.carries_lineage:
        raise UsageError(f"{form.name} cannot carry lineage: its trainers refuse other columns", "Use --to jsonl.")


def _check_target(form: Form, target: Path) -> None:
    if Path(form.out).suffix and target.is_dir():
        raise UsageError(f"{target} is a folder, and {form.name} writes a file", f"Name a file: {target / form.out}.")
    if not Path(form.out).suffix and target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file, and {form.name} writes a folder", "Name a folder.")


def _about_one_clip(samples: Iterator[Sample], left_out: Counter[str]) -> Iterator[Sample]:
    for sample in samples:
        if len(sample.clips) > 1:
            left_out["is about two clips"] += len(sample.rows)
        else:
            yield sample


def _with_audio(
    samples: Iterator[Sample], copies: Copies | None, workers: int
) -> Iterator[tuple[Sample | None, dict[str, int]]]:
    """Each sample with its audio, or `None`, and the rows that were left out, by reason."""
    if copies is None:
        yield from ((sample, {}) for sample in samples)
        return

    def prepared(sample: Sample) -> tuple[Sample | None, dict[str, int]]:
        sounds: list[Sound] = []
        later: list[dict[str, Any]] = []
        for audio_id in sample.clips:
            found = copies.sound(audio_id)
            if isinstance(found, str):
                return None, {found: len(sample.rows)}
            sound, cut = found
            sounds.append(sound)
            later = later_rows(sample, sound.duration_s) if cut and not later else later
        rows = tuple(row for row in sample.rows if row not in later)
        reasons = {"speaks of what comes after --max-seconds": len(later)} if later else {}
        second = sounds[1] if len(sounds) > 1 else None
        return (replace(sample, rows=rows, sound=sounds[0], second=second) if rows else None), reasons

    with ThreadPoolExecutor(workers) as pool:
        yield from map_in_order(pool, prepared, samples, ahead=workers * _AHEAD)
