"""Better and worse answers, for DPO and KTO as ms-swift reads them: a question's other options are the worse answers.

Only rows with choices have answers that are known to be wrong, so only they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from aig.core.hashing import stable_hash
from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample
from aig.shards.export.forms.messages import messages

__all__ = ["DPO", "KTO", "wrong_answer"]


def wrong_answer(row: dict[str, Any]) -> str | None:
    """Another option of a row, in the form of its answer, drawn by its id; `None` where it has none."""
    choices, right = row.get("choices"), row.get("answer_index")
    if not choices or right is None or len(choices) < 2:
        return None
    wrong = [index for index in range(len(choices)) if index != right]
    index = wrong[stable_hash(row["qa_id"]) % len(wrong)]
    lettered = row["output"].startswith(f"({ascii_uppercase[right]}) ")
    return f"({ascii_uppercase[index]}) {choices[index]}" if lettered else str(choices[index])


def _dpo(samples: Iterator[Sample], out: Path, _: Options) -> None:
    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            rejected = wrong_answer(sample.rows[-1])
            if rejected is not None:
                yield {
                    "messages": messages(sample),
                    "rejected_response": rejected,
                    "audios": [sample.audio.path],
                    "id": sample.key,
                }

    write_json_lines(out, records())


def _kto(samples: Iterator[Sample], out: Path, _: Options) -> None:
    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            rejected = wrong_answer(sample.rows[-1])
            if rejected is not None:
                talk = messages(sample)
                worse = [*talk[:-1], {"role": "assistant", "content": rejected}]
                audios = [sample.audio.path]
                yield {"messages": talk, "label": True, "audios": audios, "id": sample.key}
                yield {"messages": worse, "label": False, "audios": audios, "id": sample.key}

    write_json_lines(out, records())


DPO = Form(name="dpo", about="ms-swift's DPO: a wrong option is rejected", write=_dpo, out="dpo.jsonl", chooses=True)

KTO = Form(name="kto", about="ms-swift's KTO: each question right and wrong", write=_kto, out="kto.jsonl", chooses=True)
