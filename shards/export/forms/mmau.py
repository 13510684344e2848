"""Multiple-choice questions for evaluation, in the form of MMAU's files (https://github.com/Sakshi113/MMAU).

Only rows with choices can be evaluated so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_list
from aig.shards.export.form import Form, Options, Sample

__all__ = ["MMAU"]


def _records(samples: Iterator[Sample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
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


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_list(out, _records(samples))


MMAU = Form(
    name="mmau",
    about="evaluation with MMAU's script: questions with choices",
    write=_write,
    out="mmau.json",
    suffix=".wav",
    chooses=True,
)
