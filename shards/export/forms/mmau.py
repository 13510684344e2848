"""Multiple-choice questions for evaluation, in the form of MMAU's files (https://github.com/Sakshi113/MMAU).

Its script compares words: a reply is right where it holds every word of the answer and none that only other options
have. It knows the tasks sound, speech and music, and the difficulties easy, medium and hard. So rows without options
cannot be evaluated, nor those of which two options have the same words, such as an order of sounds and its reverse.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.core.skills import MMAU_DIFFICULTY, SKILLS
from aig.shards.export.files import write_json_list
from aig.shards.export.form import Form, Options, Sample, Written

__all__ = ["MMAU"]

_TASKS = {"sound": "sound", "voice": "speech", "music": "music"}
_WORD = re.compile(r"\b\w+\b")
_OPTION = re.compile(r"\([A-Z]\) ")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _why_not(row: dict[str, Any]) -> str | None:
    """Why a row cannot be scored; `None` where it can."""
    if not row.get("choices"):
        return "has no choices"
    words = [_words(choice) for choice in row["choices"]]
    return None if all(words) and len(set(words)) == len(words) else "has options of the same words"


def _question(row: dict[str, Any]) -> str:
    """The question without the options, which stand on lines of their own below it."""
    lines = row["instruction"].split("\n")
    count = len(row["choices"])
    listed = [_OPTION.sub("", line, count=1) for line in lines[-count:]]
    return "\n".join(lines[:-count]) if listed == list(row["choices"]) and len(lines) > count else row["instruction"]


def _record(sample: Sample, row: dict[str, Any]) -> dict[str, Any]:
    skill = SKILLS.get(row.get("skill") or "")
    return {
        "id": row["qa_id"],
        "audio_id": sample.audio.path,
        "question": _question(row),
        "choices": list(row["choices"]),
        "answer": row["choices"][row["answer_index"]],
        "dataset": sample.dataset,
        "task": _TASKS[row.get("about") or "sound"],
        "category": row.get("skill") or row["task"],
        "sub-category": (skill.mmau if skill else "") or row["task"],
        "difficulty": MMAU_DIFFICULTY.get(row.get("difficulty") or "", "medium"),
        "split": row["split"],
    }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> Written:
    written: Counter[str] = Counter()
    left_out: Counter[str] = Counter()

    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            for row in sample.rows:
                if reason := _why_not(row):
                    left_out[reason] += 1
                else:
                    written["records"] += 1
                    yield _record(sample, row)

    write_json_list(out, records())
    return Written(written["records"], left_out)


def _refuses(sample: Sample, _: Options) -> str | None:
    reasons = [_why_not(row) for row in sample.rows]
    return reasons[0] if all(reasons) else None


MMAU = Form(
    name="mmau",
    about="evaluation with MMAU's script: questions with choices",
    write=_write,
    out="mmau.json",
    suffix=".wav",
    refuses=_refuses,
)
