"""Own data as a Lhotse manifest of cuts or recordings, `*.jsonl` or `*.jsonl.gz` (extra `lhotse`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.extras import missing_extra

__all__ = ["is_lhotse", "rows"]

_MARKS = ({"recording", "start", "duration"}, {"sources", "sampling_rate", "num_samples"})


def is_lhotse(first: Mapping[str, Any]) -> bool:
    """Whether a manifest's first line is one of Lhotse's cuts or recordings."""
    return any(mark <= first.keys() for mark in _MARKS)


def rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line numbers and rows by a manifest's column names, from a cut's recording and supervisions.

    Text is that of all supervisions in their order; speaker and gender are taken where all agree.

    Raises:
        UsageError: `lhotse` is not installed, or the manifest is not one of cuts or recordings.
    """
    try:
        import lhotse
    except ImportError:
        raise missing_extra(f"{file} is a manifest of Lhotse: that needs lhotse", "lhotse") from None
    for number, item in enumerate(lhotse.load_manifest_lazy(file), start=1):
        if isinstance(item, lhotse.Recording):
            yield number, {"audio_id": item.id, "path": _source(item)}
        elif isinstance(item, lhotse.MonoCut | lhotse.MultiCut) and item.recording is not None:
            said = sorted(item.supervisions, key=lambda one: one.start)
            row = {
                "audio_id": item.id,
                "path": _source(item.recording),
                "start_s": float(item.start),
                "end_s": float(item.start + item.duration),
                "text": " ".join(one.text for one in said if one.text) or None,
                "speaker_id": _agreed([one.speaker for one in said]),
                "gender": _agreed([one.gender for one in said]),
            }
            yield number, {name: value for name, value in row.items() if value is not None}
        else:
            raise UsageError(
                f"{file}, line {number}: a {type(item).__name__} is not a cut of one recording",
                "Give a manifest of MonoCut, MultiCut or Recording.",
            )


def _source(recording: Any) -> str | None:
    """The recording's file, `None` where it has not exactly one."""
    files = [source.source for source in recording.sources if source.type == "file"]
    return files[0] if len(files) == 1 else None


def _agreed(values: list[str | None]) -> str | None:
    return values[0] if values and len(set(values)) == 1 else None
