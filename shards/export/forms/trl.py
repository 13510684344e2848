"""Chat messages whose content is a list of parts, as transformers' processors and TRL read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample

__all__ = ["TRL"]


def _record(sample: Sample) -> dict[str, Any]:
    talk: list[dict[str, Any]] = []
    for number, (question, answer) in enumerate(sample.turns()):
        asked = [{"type": "text", "text": question}]
        heard = [] if number else [{"type": "audio", "path": sound.path} for sound in sample.sounds]
        talk.append({"role": "user", "content": [*heard, *asked]})
        talk.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return {"messages": talk, "id": sample.key, "audio_id": sample.audio_id}


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_lines(out, map(_record, samples))


TRL = Form(name="trl", about="transformers, TRL: messages made of parts", write=_write, out="trl.jsonl", most_clips=2)
