"""Which description fits, among captions of other clips."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.distractors import content_words, heard
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import sentence
from aig.prompts.seeded_random import pick
from aig.prompts.sound_families import of_one_family

__all__ = ["CHOICE_CAPTION"]


def _captions(item: Measured) -> list[str]:
    return [caption for caption in item.clip.captions or () if caption.strip()]


def _offer(item: Measured, rng: random.Random) -> str | None:
    captions = _captions(item)
    return sentence(pick(rng, captions)) if captions else None


def _other_caption(caption: str, item: Measured) -> bool:
    """Captions without a content word or a family of sounds of the clip's own, about as long, of none of its sounds."""
    own = _captions(item)
    alike = any(0.6 <= len(caption) / len(each) <= 1.6 for each in own)
    words = content_words(caption)
    if any(of_one_family(caption, each) for each in own):
        return False
    return alike and not any(words & content_words(each) for each in (*own, *heard(item)))


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_caption", _offer, _other_caption)


CHOICE_CAPTION = Task(
    name="choice_caption",
    folder="choice",
    about="sound",
    asks="which caption describes the clip",
    needs=("captions",),
    answers=_answers,
    pattern=OPTION,
    example="(B) A dog barks twice.",
    skill="scene",
)
