"""NeMo's speech language models (SALM): conversations of text and audio turns, a JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample

__all__ = ["NEMO"]


def _record(sample: Sample) -> dict[str, Any]:
    heard = [
        {"value": sound.path, "from": "User", "duration": round(sound.duration_s, 3), "type": "audio"}
        for sound in sample.sounds
    ]
    talk: list[dict[str, Any]] = []
    for number, (question, answer) in enumerate(sample.turns()):
        talk.append({"value": question, "from": "User", "type": "text"})
        if not number:
            talk += heard
        talk.append({"value": answer, "from": "Assistant", "type": "text"})
    return {"id": sample.key, "conversations": talk}


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_lines(out, map(_record, samples))


NEMO = Form(
    name="nemo", about="NeMo's SALM: conversations of text and audio", write=_write, out="nemo.jsonl", most_clips=2
)
