"""The identity of a question-answer pair: a hash of what it says and about which clip."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aig.core.records import QAPair

__all__ = ["make_pair", "qa_id"]


def qa_id(*, instruction: str, input: str, audio_id: str, dataset: str, task: str, output: str) -> str:
    """128-bit BLAKE2b over the six published columns, as 32 hexadecimal digits.

    The same row has the same id in every build, so that rows can be compared, joined and found across builds.
    """
    content = json.dumps([instruction, input, audio_id, dataset, task, output], ensure_ascii=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def make_pair(
    *, instruction: str, input: str, audio_id: str, dataset: str, task: str, output: str, **lineage: Any
) -> QAPair:
    """The row with its id; `lineage` are the remaining fields of `QAPair`."""
    row: dict[str, Any] = {
        "instruction": instruction,
        "input": input,
        "audio_id": audio_id,
        "dataset": dataset,
        "task": task,
        "output": output,
    }
    return QAPair(**row, qa_id=qa_id(**row), **lineage)
