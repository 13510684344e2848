"""Own data as a Lhotse manifest of cuts or recordings, `*.jsonl` or `*.jsonl.gz`; Lhotse itself is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.datasets_registry.text.text_rows import MalformedRowError, json_lines

__all__ = ["is_lhotse", "rows"]

_MARKS = ({"recording", "start", "duration"}, {"sources", "sampling_rate", "num_samples"}, {"tracks", "type"})

_SUPERVISION = {"id", "recording_id", "start", "duration"}

Row = Mapping[str, Any]


def is_lhotse(first: Row) -> bool:
    """Whether a manifest's first line is one of Lhotse's cuts or recordings.

    Raises:
        UsageError: it is one of its supervisions, which do not say where the audio is.
    """
    if first.keys() >= _SUPERVISION:
        raise UsageError(
            "This is a Lhotse manifest of supervisions, which does not say where the audio is.",
            "Give the cuts (`CutSet.from_manifests(recordings, supervisions)`).",
        )
    return any(mark <= first.keys() for mark in _MARKS)


def rows(file: Path) -> Iterator[tuple[int, Row | MalformedRowError]]:
    """Line numbers and rows by a manifest's column names, from a cut's recording and supervisions.

    Text is that of all supervisions in their order; speaker and gender are taken where all agree. What AIG cannot
    read as a stretch of one file is a `MalformedRowError` that says why: cuts that are put together of several or
    padded, that a transform changes, or that are some channels of more.
    """
    for number, item in json_lines(file):
        if isinstance(item, MalformedRowError):
            yield number, item
            continue
        try:
            yield number, _recording(item) if "sources" in item else _cut(item)
        except MalformedRowError as error:
            yield number, error
        except (TypeError, AttributeError, KeyError, ValueError, OverflowError) as error:
            yield number, MalformedRowError(f"not a cut or recording of Lhotse: {type(error).__name__} {error}")


def _recording(item: Row) -> Row:
    _refuse_transforms(item, "recording")
    return {"audio_id": item["id"], "path": _source(item)}


def _cut(item: Row) -> Row:
    if "tracks" in item:
        raise _refused("a cut that is mixed or padded", "Save such cuts as audio first (`CutSet.save_audios`).")
    recording = item.get("recording")
    if not isinstance(recording, Mapping):
        raise _refused("a cut without a recording", "Give cuts of recordings, not of features alone.")
    _refuse_transforms(recording, "cut's recording")
    _refuse_transforms(item, "cut")
    known, wanted = _channels(recording.get("channel_ids") or _all_channels(recording)), _channels(item.get("channel"))
    channel = None
    if wanted and known and wanted != known:
        if len(wanted) > 1 or not wanted <= known:
            raise _refused(
                f"the cut is the channels {', '.join(map(str, sorted(wanted)))} of a recording of {len(known)}",
                "Save them as a file of their own first (`CutSet.save_audios`).",
            )
        channel = sorted(known).index(*wanted)
    start, duration = float(item["start"]), float(item["duration"])
    said = [one for one in item.get("supervisions") or [] if _is_heard(one, wanted)]
    said.sort(key=lambda one: float(one["start"]))
    if any(one.get("text") and _leads_out(one, duration) for one in said):
        raise _refused(
            "a supervision's text reaches out of the cut, so that not all of it is heard",
            "Cut at the ends of supervisions (`CutSet.trim_to_supervisions`).",
        )
    row = {
        "audio_id": item["id"],
        "path": _source(recording),
        "start_s": round(start, 6),
        "end_s": round(start + duration, 6),
        "channel": channel,
        "text": " ".join(one["text"].strip() for one in said if one.get("text")) or None,
        "speaker_id": _agreed([one.get("speaker") for one in said]),
        "gender": _agreed([one.get("gender") for one in said]),
    }
    return {name: value for name, value in row.items() if value is not None}


_SLACK_S = 0.5
"""Times of supervisions are rounded; more than this is speech that the cut does not hold."""


def _leads_out(supervision: Row, duration: float) -> bool:
    start = float(supervision["start"])
    return start < -_SLACK_S or start + float(supervision["duration"]) > duration + _SLACK_S


def _is_heard(supervision: Row, wanted: set[int]) -> bool:
    """Whether a supervision is of the cut's channels, where both say which."""
    own = _channels(supervision.get("channel"))
    return not own or not wanted or bool(own & wanted)


def _refuse_transforms(item: Row, what: str) -> None:
    # Another sample rate changes neither times nor levels.
    names = {str(one.get("name", "?")) for one in item.get("transforms") or []}
    if names - {"Resample"}:
        raise _refused(
            f"the {what} is changed by a transform ({', '.join(sorted(names))})",
            "Give the cuts as they are, or save the changed audio first (`CutSet.save_audios`).",
        )


def _refused(message: str, advice: str) -> MalformedRowError:
    return MalformedRowError(message, code="unsupported_cut", advice=advice)


def _all_channels(recording: Row) -> list[Any]:
    return [channel for source in recording["sources"] for channel in source.get("channels") or []]


def _channels(given: Any) -> set[int]:
    return set() if given is None else {int(one) for one in (given if isinstance(given, list) else [given])}


def _source(recording: Row) -> str:
    """The recording's one file."""
    sources = recording["sources"]
    kinds = [source.get("type") for source in sources]
    if kinds != ["file"]:
        raise _refused(
            f"the recording has {len(sources)} sources ({', '.join(map(str, kinds))}), not one file",
            "Save its audio as one file first (`CutSet.save_audios`).",
        )
    return str(sources[0]["source"])


def _agreed(values: list[Any]) -> Any:
    return values[0] if values and all(value == values[0] for value in values) else None
