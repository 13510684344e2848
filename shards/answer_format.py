"""The form of a closed-ended answer, by task, as the evaluation code of LTU and LTU-AS parses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from aig.core.tasks import TaskSpec

__all__ = ["beyond", "malformed"]

_TIMES = re.compile(r"\[[^\]]*\]")
_ONE_SPAN = re.compile(r"(\d+\.\d)s-(\d+\.\d)s")


def malformed(task: TaskSpec, outputs: pa.Array) -> Iterator[tuple[int, str]]:
    """The answers of one task that do not have its form: index and reason of each.

    Args:
        task: its form; one without has no malformed answers.
        outputs: the answers, text.
    """
    if not task.form:
        return
    good = pc.match_substring_regex(outputs, rf"(?s)^(?:{task.form})$").fill_null(True)
    if pc.all(good).as_py() is False:
        for index in pc.indices_nonzero(pc.invert(good)).to_pylist():
            yield index, f"answer {_ends(outputs[index].as_py())} is not of the form {task.says!r}"
    if task.at_most is not None:
        ending = pc.extract_regex(outputs.filter(good), r"(?s)^(?:.*\D)?(?P<number>\d{1,18})\.?$")
        large = pc.indices_nonzero(pc.greater(pc.struct_field(ending, 0).cast(pa.int64()), task.at_most))
        for index in pc.indices_nonzero(good).take(large).to_pylist():
            yield index, f"the number in {_ends(outputs[index].as_py())} is over {task.at_most}"
    if task.timed:
        timed = pc.indices_nonzero(pc.and_(good, pc.match_substring(outputs, "s-")))
        for index, answer in zip(timed.to_pylist(), outputs.take(timed).to_pylist(), strict=True):
            if reason := misordered(answer):
                yield index, reason


def _ends(text: str) -> str:
    """A text with its beginning and its end, where a form is most often missed."""
    return repr(text if len(text) <= 120 else f"{text[:60]} … {text[-40:]}")


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
