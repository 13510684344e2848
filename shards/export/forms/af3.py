"""Audio Flamingo 3: one JSON list of `id, sound, duration, conversations`, with 16 kHz WAV files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_list
from aig.shards.export.form import Form, Options, Sample

__all__ = ["AF3"]

_MARK = "<sound>"


def _record(sample: Sample) -> dict[str, Any]:
    talk = []
    for number, (asked, answer) in enumerate(sample.turns()):
        question = asked.replace(_MARK, "< sound >")
        talk.append({"from": "human", "value": question if number else f"{_MARK}\n{question}"})
        talk.append({"from": "gpt", "value": answer})
    return {
        "id": sample.key,
        "sound": sample.audio.path,
        "duration": round(sample.audio.duration_s, 3),
        "conversations": talk,
    }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_list(out, map(_record, samples))


AF3 = Form(name="af3", about="Audio Flamingo 3", write=_write, out="af3.json", suffix=".wav")
