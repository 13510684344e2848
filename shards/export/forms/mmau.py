"""Multiple-choice questions for evaluation, in the form of MMAU's files (https://github.com/Sakshi113/MMAU).

Only rows with choices can be evaluated so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_list
from aig.shards.export.form import Form, Options, Sample, Written

__all__ = ["MMAU"]


_NONE = "has no choices"


def _records(sample: Sample) -> Iterator[dict[str, Any]]:
    for row in sample.rows:
        if choices := row.get("choices"):
            yield {
                "id": row["qa_id"],
                "audio_id": sample.audio.path,
                "question": row["instruction"],
                "choices": list(choices),
                "answer": choices[row["answer_index"]],
                "dataset": sample.dataset,
                "task": row.get("about") or "",
                "category": row.get("skill") or row["task"],
                "sub-category": row["task"],
                "difficulty": row.get("difficulty") or "",
                "split": row["split"],
            }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> Written:
    written = left_out = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal written, left_out
        for sample in samples:
            made = list(_records(sample))
            written += len(made)
            left_out += len(sample.rows) - len(made)
            yield from made

    write_json_list(out, records())
    return Written(written, {_NONE: left_out} if left_out else {})


def _refuses(sample: Sample, _: Options) -> str | None:
    return None if any(row.get("choices") for row in sample.rows) else _NONE


MMAU = Form(
    name="mmau",
    about="evaluation with MMAU's script: questions with choices",
    write=_write,
    out="mmau.json",
    suffix=".wav",
    refuses=_refuses,
)
