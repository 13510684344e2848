"""The form of a closed-ended answer, by task, as the evaluation code of LTU and LTU-AS parses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from aig.shards.schema import LEVELS

__all__ = ["beyond", "malformed"]

_LABEL = r"[^;\s](?:[^;]*[^;\s])?"
_LABELS = rf"{_LABEL}(?:; {_LABEL})*"
_SPAN = r"\d+\.\ds-\d+\.\ds"
_SPANS = rf"\[{_SPAN}(?:, {_SPAN})*\]"
_TIMED = rf"[^;]+: {_SPANS}"
_SENTIMENT = (
    r"(?:-3 \(highly negative\)|-2 \(negative\)|-1 \(weakly negative\)|0 \(neutral\)|1 \(weakly positive\)"
    r"|2 \(positive\)|3 \(highly positive\))"
)
_AGE = 120
"""Years; nobody speaking in a dataset is older."""

_FORMS: dict[str, tuple[str, str]] = {
    "cla_label": (rf"Labels: {_LABELS}", "Labels: A; B"),
    "cla_label_des": (
        r"Labels with acoustic features: [^;]+ -> [^;]+(?:; [^;]+ -> [^;]+)*",
        "Labels with acoustic features: how it sounds -> A; ...",
    ),
    "caption": (r"Audio caption: \S.*", "Audio caption: ..."),
    "label_caption": (rf"Labels: {_LABELS}\. Audio caption: \S.*", "Labels: A; B. Audio caption: ..."),
    "temporal": (rf"Label with timestamps: {_TIMED}(?:; {_TIMED})*", "Label with timestamps: A: [0.0s-1.0s]; ..."),
    "temporal_single": (_TIMED, "A: [0.0s-1.0s, ...]"),
    "temporal_single_not_exist": (
        rf"This audio clip does not contain sound of .+\. Sounds in this clip include: {_LABELS}\.",
        "This audio clip does not contain sound of A. Sounds in this clip include: B; C.",
    ),
    "temporal_order": (
        rf"Timestamps: {_TIMED}; {_TIMED}\. (?:Sounds of|Both sounds|Sound of) .+\.",
        "Timestamps: A: [...]; B: [...]. Sounds of A and B ...",
    ),
    "temporal_order_not_exist": (
        rf"This audio clip does not contain sounds? of .+\. Sounds in this clip include: {_LABELS}\.",
        "This audio clip does not contain sounds of A and B. Sounds in this clip include: C; D.",
    ),
    "age_cla": (r"(?:.*[^\d.])?\d{1,3}\.", "... 44."),
    "gender_cla": (r"\S.*\.", "a sentence that names the gender"),
    "gender_emotion_cla": (r"\S.*\.", "a sentence that names gender and emotion"),
    "emotion_cla": (r"\S.*: \S.*\.", "...: Happy."),
    "emotion_bin": (r"\S.*: (?i:positive|negative|neutral)\.", "...: Positive."),
    "emotion_score": (rf"\S.*: {_SENTIMENT}\.", "...: 2 (positive)."),
    "emotion_detail": (
        rf"\S.*: \S.*, with a sentiment score of {_SENTIMENT}\.",
        "...: Happy, with a sentiment score of 2 (positive).",
    ),
    "genre_cla": (r"\S.*: \S.*\.", "...: Folk, Pop."),
    "ASR": (r"Spoken text: \S.*", "Spoken text: ..."),
    **{
        task: (rf"(?:.* )?(?:{'|'.join(words)})\.", f"a sentence that ends in one of {', '.join(words)}")
        for task, words in LEVELS.items()
    },
}

_TIMES = re.compile(r"\[[^\]]*\]")
_ONE_SPAN = re.compile(r"(\d+\.\d)s-(\d+\.\d)s")


def malformed(task: str, outputs: pa.Array) -> Iterator[tuple[int, str]]:
    """The answers of one task that do not have its form: index and reason of each.

    Args:
        task: one of `aig.shards.schema.TASKS`; a task without a form of its own has no malformed answers.
        outputs: the answers, text.
    """
    if task not in _FORMS:
        return
    pattern, example = _FORMS[task]
    good = pc.match_substring_regex(outputs, rf"(?s)^(?:{pattern})$").fill_null(True)
    if pc.all(good).as_py() is False:
        for index in pc.indices_nonzero(pc.invert(good)).to_pylist():
            yield index, f"answer {outputs[index].as_py()[:80]!r} is not of the form {example!r}"
    if task == "age_cla":
        ages = pc.replace_substring_regex(outputs.filter(good), r"(?s)^(?:.*\D)?(\d{1,3})\.$", r"\1").cast(pa.int32())
        old = pc.indices_nonzero(pc.greater(ages, _AGE))
        for index in pc.indices_nonzero(good).take(old).to_pylist():
            yield index, f"age in {outputs[index].as_py()[:80]!r} is over {_AGE}"
    if task.startswith("temporal"):
        timed = pc.indices_nonzero(pc.and_(good, pc.match_substring(outputs, "s-")))
        for index, answer in zip(timed.to_pylist(), outputs.take(timed).to_pylist(), strict=True):
            if reason := misordered(answer):
                yield index, reason


def beyond(outputs: pa.Array, longest_s: float) -> Iterator[tuple[int, str]]:
    """The answers with a timestamp after the end of their clip: index and reason of each.

    Args:
        outputs: answers of a task with timestamps, of one dataset.
        longest_s: length of the dataset's longest clip, in seconds.
    """
    for index, answer in enumerate(outputs.to_pylist()):
        last = max((float(end) for _, end in _ONE_SPAN.findall(answer or "")), default=0.0)
        if last > longest_s + 0.05:
            yield index, f"timestamp {last}s lies beyond the longest clip of its dataset, {longest_s:.1f}s"


def misordered(answer: str) -> str | None:
    """Why the timestamps of an answer are wrong: one that ends before it begins, or a list that goes back."""
    for group in _TIMES.findall(answer):
        last = -1.0
        for onset, offset in _ONE_SPAN.findall(group):
            start, end = float(onset), float(offset)
            if end < start:
                return f"timestamp {onset}s-{offset}s ends before it begins"
            if start < last:
                return f"timestamps {group[:80]} are not in order"
            last = start
    return None
