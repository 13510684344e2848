"""How many words are said."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import spoken_words

__all__ = ["WORD_COUNT"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of the annotated words, at most forty: nobody counts more by ear. "Twenty-five" is one word or two."""
    words = spoken_words(facts.clip.text or "")
    if 1 <= len(words) <= 40 and not any("-" in word for word in words):
        yield Answer(f"{len(words)}.", difficulty="basic" if len(words) <= 7 else "advanced")


WORD_COUNT = Task(
    name="word_count",
    folder="choice",
    about="voice",
    asks="how many words are said",
    needs=("text",),
    answers=_answers,
    pattern=r"\d+\.",
    example="7.",
    skill="spoken content",
)
