"""Which word follows another."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import spoken_words
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["NEXT_WORD"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """A word of four letters or more that is said once."""
    words = spoken_words(facts.clip.text or "")
    once = [place for place, word in enumerate(words[:-1]) if len(word) >= 4 and words.count(word) == 1]
    if once:
        place = pick(rng_for(facts.seed, facts.clip.audio_id, "next_word"), once)
        yield Answer(f"{words[place + 1]}.", {"word": words[place]}, difficulty="intermediate")


NEXT_WORD = Task(
    name="next_word",
    folder="choice",
    about="voice",
    asks="the word that follows a word",
    needs=("text",),
    answers=_answers,
    pattern=r"\S+\.",
    example="heaven.",
    skill="spoken content",
)
