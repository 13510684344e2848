"""Better and worse answers, for DPO and KTO as ms-swift reads them.

Worse answers to a question are, in this order: what people marked bad, what a judge refused, what contradicts the facts
and what was guessed without listening (`Options.rejected`, from a workspace); another of the row's options; another
level or gender than the one that was measured or annotated. DPO needs a better answer to the same question, KTO does
not: it also takes worse answers to questions that the set does not have, of clips that it has.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from aig.core.hashing import stable_hash
from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample, Written
from aig.shards.export.forms.messages import MARK, messages, without_mark

__all__ = ["DPO", "KTO", "wrong_answer"]

_NONE = "no answer is known to be worse"

_OPPOSITES = {"Yes.": "No.", "No.": "Yes.", "The first.": "The second.", "The second.": "The first."}

_GENDER = re.compile(r"\b(female|male)\b")


def wrong_answer(row: dict[str, Any]) -> tuple[str, str] | None:
    """An answer that is certainly wrong, in the form of the row's own, and why; drawn by the row's id."""
    return _other_option(row) or _other_level(row) or _other_gender(row) or _opposite(row)


def _other_option(row: dict[str, Any]) -> tuple[str, str] | None:
    choices, right = row.get("choices"), row.get("answer_index")
    if not choices or right is None or len(choices) < 2:
        return None
    index = _drawn([index for index in range(len(choices)) if index != right], row)
    lettered = row["output"].startswith(f"({ascii_uppercase[right]}) ")
    return f"({ascii_uppercase[index]}) {choices[index]}" if lettered else str(choices[index]), "another option"


def _other_level(row: dict[str, Any]) -> tuple[str, str] | None:
    """The answer with another level; not a neighbouring one, which ears might confuse, where the scale has others."""
    words = row.get("levels") or ()
    said = next((word for word in sorted(words, key=len, reverse=True) if row["output"].endswith(f" {word}.")), None)
    if said is None:
        return None
    at = words.index(said)
    far = [word for index, word in enumerate(words) if abs(index - at) > 1]
    word = _drawn(far or [word for word in words if word != said], row)
    return f"{row['output'].removesuffix(f'{said}.')}{word}.", "another level"


def _other_gender(row: dict[str, Any]) -> tuple[str, str] | None:
    if row["task"] != "gender_cla" or len(_GENDER.findall(row["output"])) != 1:
        return None
    return _GENDER.sub(lambda found: "male" if found[0] == "female" else "female", row["output"]), "another gender"


def _opposite(row: dict[str, Any]) -> tuple[str, str] | None:
    """The other of two answers that a rule could give."""
    other = _OPPOSITES.get(row["output"]) if row.get("source") == "rule" else None
    return (other, "the opposite") if other else None


def _drawn(among: list[Any], row: dict[str, Any]) -> Any:
    return among[stable_hash(row["qa_id"]) % len(among)]


def _why_bad(row: dict[str, Any], options: Options) -> str | None:
    """Why a row's own answer is known to be bad; `None` where it is not."""
    return dict(options.rejected.answers.get((row["audio_id"], row["instruction"]), ())).get(row["output"])


def _worse(row: dict[str, Any], options: Options) -> tuple[str, str] | None:
    """The worse answer to a row's question, and why it is worse."""
    for answer, why in options.rejected.answers.get((row["audio_id"], row["instruction"]), ()):
        if answer != row["output"]:
            return answer, why
    return wrong_answer(row)


def _talks(sample: Sample, options: Options) -> Iterator[Sample]:
    """A conversation a record: each row by itself, unless several turns are wanted."""
    yield from [sample] if options.turns > 1 else (replace(sample, rows=(row,)) for row in sample.rows)


def _dpo_refuses(sample: Sample, options: Options) -> str | None:
    rows = [talk.rows[-1] for talk in _talks(sample, options)]
    return None if any(_worse(row, options) and not _why_bad(row, options) for row in rows) else _NONE


def _kto_refuses(sample: Sample, options: Options) -> str | None:
    if sample.audio_id in options.rejected.clips:
        return None
    rows = [talk.rows[-1] for talk in _talks(sample, options)]
    return None if any(_worse(row, options) or row["qa_id"] in options.rejected.good for row in rows) else _NONE


def _says(role: str, text: str, mark: str = "") -> dict[str, str]:
    return {"role": role, "content": mark + without_mark(text)}


def _dpo(samples: Iterator[Sample], out: Path, options: Options) -> Written:
    written: Counter[str] = Counter()
    left_out: Counter[str] = Counter()

    def records() -> Iterator[dict[str, Any]]:
        for talk in (talk for sample in samples for talk in _talks(sample, options)):
            row = talk.rows[-1]
            worse = None if _why_bad(row, options) else _worse(row, options)
            if worse is None:
                left_out[_NONE] += len(talk.rows)
                continue
            written["records"] += 1
            yield {
                "messages": messages(talk),
                "rejected_response": without_mark(worse[0]),
                "audios": [sound.path for sound in talk.sounds],
                "id": talk.key,
                "why_rejected": worse[1],
            }

    write_json_lines(out, records())
    return Written(written["records"], left_out)


def _kto(samples: Iterator[Sample], out: Path, options: Options) -> Written:
    written: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    others: dict[str, list[tuple[str, str, str]]] = {}
    for (audio_id, question), answers in options.rejected.answers.items():
        others.setdefault(audio_id, []).extend((question, *answer) for answer in answers)

    def record(sample: Sample, talk: list[dict[str, str]], key: str, why: str | None) -> dict[str, Any]:
        written["records"] += 1
        about = {} if why is None else {"why_rejected": why}
        audios = [sound.path for sound in sample.sounds]
        return {"messages": talk, "label": why is None, "audios": audios, "id": key, **about}

    def records() -> Iterator[dict[str, Any]]:
        for sample in samples:
            asked = {(row["instruction"], row["output"]) for row in sample.rows}
            paired: set[tuple[str, str]] = set()
            for talk in _talks(sample, options):
                row = talk.rows[-1]
                if why_bad := _why_bad(row, options):
                    yield record(sample, messages(talk), talk.key, why_bad)
                    continue
                worse = _worse(row, options)
                if worse is None and row["qa_id"] not in options.rejected.good:
                    left_out[_NONE] += len(talk.rows)
                    continue
                said = messages(talk)
                yield record(sample, said, talk.key, None)
                if worse is not None:
                    paired.add((row["instruction"], worse[0]))
                    yield record(sample, [*said[:-1], _says("assistant", worse[0])], talk.key, worse[1])
            for question, answer, why in others.pop(sample.audio_id, ()):
                if (question, answer) not in asked | paired:
                    key = hashlib.sha256(f"{sample.audio_id}\0{question}\0{answer}".encode()).hexdigest()[:32]
                    said = [_says("user", question, MARK * len(sample.clips)), _says("assistant", answer)]
                    yield record(sample, said, key, why)

    write_json_lines(out, records())
    return Written(written["records"], left_out)


DPO = Form(
    name="dpo",
    about="ms-swift's DPO: an answer known to be worse is rejected",
    write=_dpo,
    out="dpo.jsonl",
    refuses=_dpo_refuses,
    takes_rejected=True,
    most_clips=2,
)

KTO = Form(
    name="kto",
    about="ms-swift's KTO: answers known to be good or bad",
    write=_kto,
    out="kto.jsonl",
    refuses=_kto_refuses,
    by_clip=True,
    takes_rejected=True,
    most_clips=2,
)
