"""Questions for reinforcement learning: the conversation ends with the question, and the answer goes to the reward.

ms-swift hands `solution` and every other key to the reward functions. A row with choices carries them and the letter
of the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample
from aig.shards.export.forms.messages import messages

__all__ = ["GRPO"]


def _record(sample: Sample) -> dict[str, Any]:
    last = sample.rows[-1]
    record = {
        "messages": messages(sample)[:-1],
        "audios": [sound.path for sound in sample.sounds],
        "solution": last["output"],
        "task": last["task"],
        "id": last["qa_id"],
        "audio_id": sample.audio_id,
    }
    choices = last.get("choices")
    if choices:
        index = last["answer_index"]
        record |= {"choices": list(choices), "answer_index": index, "answer": choices[index]}
    return record


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_lines(out, map(_record, samples))


GRPO = Form(
    name="grpo",
    about="ms-swift's GRPO: the question as messages, the answer as solution, choices where there are any",
    write=_write,
    out="grpo.jsonl",
    most_clips=2,
)
