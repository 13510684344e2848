"""Text that no rule forbids and hardly anybody means: marks of templates, invisible directions, swapped columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.columns import plain_text, text_bytes
from aig.shards.rules import Broken

__all__ = ["MOST_BYTES", "suspicious"]

MOST_BYTES = 20_000
"""Bytes of a text beyond which it is hardly a question or an answer: some 5,000 tokens."""

_TEMPLATE = r"\{\{.*\}\}|\{%.*%\}|\{[A-Za-z_]{2,30}\}|\$\{\w+\}|<\|[a-z_]+\|>|<<SYS>>|</?s>|<start_of_turn>"
"""What is left of a template: a slot that nobody filled, a chat model's own marks."""
_INST = r"\[/?INST\]"
_PROMPT = r"(?i)#{2,}\s*(?:instruction|input|response)\s*:"
"""The marks by which LTU's trainers tell question from answer."""
_BIDI = "[\u202a-\u202e\u2066-\u2069\u200e\u200f]"
"""Characters that change the direction of what follows, unseen."""
_REPLACED = "\ufffd"
"""What decoders write in place of bytes that they cannot read."""
_ASKS = r"(?i)^(?:what|which|who|whose|why|how|when|where|is|are|does|do|did|can|could|would)\b[^?]*\?\s*$"


def suspicious(rows: pa.Table | pa.RecordBatch) -> Iterator[Broken]:
    """What a person should look at; each is a warning.

    Args:
        rows: with the six columns of `aig.shards.schema.DATA`, valid UTF-8.
    """
    columns = {name: plain_text(rows.column(name)) for name in ("instruction", "input", "output")}
    for name, column in columns.items():
        content = text_bytes(column)
        if _holds(content, "{") or _holds(content, "<"):
            yield from _matching("template_mark", column, _TEMPLATE, f"{name} holds a mark of a template")
        if _holds(content, "["):
            yield from _matching("template_mark", column, _INST, f"{name} holds a mark of a template")
        if _holds(content, "#"):
            yield from _matching("prompt_mark", column, _PROMPT, f"{name} holds a mark of the trainers' prompt")
        if _holds(content, 0xE2):
            yield from _matching("bidi", column, _BIDI, f"{name} holds a character that changes the text's direction")
        if _holds(content, 0xEF):
            yield from _matching("replacement_character", column, _REPLACED, f"{name} holds U+FFFD, a lost character")
        long = np.flatnonzero(pc.greater(pc.binary_length(column), MOST_BYTES).fill_null(False).to_numpy(False))
        if len(long):
            yield Broken("long_text", long, f"{name} is longer than {MOST_BYTES} bytes")
    yield from _swapped(columns["instruction"], columns["output"])


def _holds(content: npt.NDArray[np.uint8], byte: str | int) -> bool:
    return bool((content == (ord(byte) if isinstance(byte, str) else byte)).any())


def _matching(code: str, column: pa.Array, pattern: str, message: str) -> Iterator[Broken]:
    rows = np.flatnonzero(pc.match_substring_regex(column, pattern).fill_null(False).to_numpy(False))
    if len(rows):
        yield Broken(code, rows, lambda row: f"{message}: {_around(column[row].as_py(), pattern)}")


def _around(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    start = max(0, found.start() - 20) if found else 0
    return ascii(text[start : start + 60])


def _swapped(questions: pa.Array, answers: pa.Array) -> Iterator[Broken]:
    """Answers that ask where the question does not, or that repeat the question."""
    asks = pc.and_(pc.ends_with(answers, "?"), pc.invert(pc.match_substring(questions, "?")))
    rows = np.flatnonzero(asks.fill_null(False).to_numpy(False))
    if len(rows):
        some = answers.take(pa.array(rows))
        rows = rows[pc.match_substring_regex(some, _ASKS).to_numpy(False)]
    if len(rows):
        yield Broken("swapped", rows, "the answer is a question and the question is not one: they may be swapped")
    same = np.flatnonzero(pc.equal(questions, answers).fill_null(False).to_numpy(False))
    if len(same):
        yield Broken("swapped", same, "the answer is the question")
