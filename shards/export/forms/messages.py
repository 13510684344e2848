"""Chat messages with `<audio>` marks and a list of audio files: ms-swift and LLaMA-Factory.

Beside the file lies `dataset_info.json`, by which LLaMA-Factory finds it; entries of other files in it stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.locks import one_after_another
from aig.shards.export.files import whole_file, write_json_lines
from aig.shards.export.form import Form, Options, Sample

__all__ = ["MARK", "MESSAGES", "messages", "without_mark", "write_dataset_info"]

MARK = "<audio>"
"""Stands where the audio is in the question; exactly one for each audio file."""

_INFO = "dataset_info.json"


def messages(sample: Sample) -> list[dict[str, str]]:
    """The conversation; the first question carries a mark for each clip, and one in the texts is spelt apart."""
    talk = []
    for number, (question, answer) in enumerate(sample.turns()):
        mark = "" if number else MARK * len(sample.clips)
        talk.append({"role": "user", "content": mark + without_mark(question)})
        talk.append({"role": "assistant", "content": without_mark(answer)})
    return talk


def without_mark(text: str) -> str:
    """Text in which nothing is taken for the mark."""
    return text.replace(MARK, "< audio >")


def _record(sample: Sample) -> dict[str, Any]:
    tasks = list(dict.fromkeys(row["task"] for row in sample.rows))
    return {
        "messages": messages(sample),
        "audios": [sound.path for sound in sample.sounds],
        "id": sample.key,
        "audio_id": sample.audio_id,
        "channel": tasks[0] if len(tasks) == 1 else "several",
    }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_lines(out, map(_record, samples))
    write_dataset_info(out, {"columns": {"messages": "messages", "audios": "audios"}})


def write_dataset_info(out: Path, more: dict[str, Any]) -> None:
    """Enters a file of messages into the `dataset_info.json` beside it.

    Raises:
        UsageError: there is one that is not a JSON object.
    """
    file = out.with_name(_INFO)
    lock = file.with_name(f".{_INFO}.lock")
    with one_after_another(lock):  # exports to one folder may end at the same time
        try:
            known = _entries(file)
            tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
            known[out.stem] = {"file_name": out.name, "formatting": "sharegpt", "tags": tags, **more}
            with whole_file(file) as stream:
                stream.write(json.dumps(known, ensure_ascii=False, indent=2).encode() + b"\n")
        finally:
            lock.unlink(missing_ok=True)


def _entries(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except ValueError as error:
        raise UsageError(f"{file} is not JSON", "Remove it, or export to another folder.") from error
    if not isinstance(known, dict):
        raise UsageError(f"{file} is not a JSON object", "Remove it, or export to another folder.")
    return known


MESSAGES = Form(
    name="messages",
    about="ms-swift, LLaMA-Factory: chat messages with <audio>, and dataset_info.json",
    write=_write,
    out="messages.jsonl",
    most_clips=2,
)
