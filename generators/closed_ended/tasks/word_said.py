"""Whether a word is said."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import spoken_words
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["WORD_SAID"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """As often about a word that is said as about one of another clip that is not, nor begins like one that is."""
    rng = rng_for(facts.seed, facts.clip.audio_id, "word_said")
    said = {word for word in spoken_words(facts.clip.text or "") if len(word) >= 4}
    if rng.random() < 0.5:
        if said:
            yield Answer("Yes.", {"word": pick(rng, sorted(said))}, difficulty="basic")
        return
    for other in facts.peers.others(facts.clip.audio_id, facts.seed, "word_said"):
        words = spoken_words(other.clip.text or "")
        absent = [word for word in words if len(word) >= 4 and not any(word[:4] == each[:4] for each in said)]
        if absent:
            yield Answer("No.", {"word": pick(rng, absent)}, difficulty="intermediate")
            return


WORD_SAID = Task(
    name="word_said",
    folder="choice",
    about="voice",
    asks="whether a word is said",
    needs=("text",),
    answers=_answers,
    pattern=r"(?:Yes|No)\.",
    example="Yes.",
    skill="spoken content",
)
