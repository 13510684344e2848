"""Multiple choice: the options of a question on lines of their own, the right one at a drawn place.

Nothing but the audio tells the right option: its place is uniform, options are of one form, and those that come from
other clips are each right once (`peers`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence

from aig.core.records import Measured
from aig.core.tasks import OPTION_LETTERS
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.peers import offer_rng
from aig.prompts.metadata import one_line
from aig.prompts.seeded_random import rng_for
from aig.prompts.sound_families import related

__all__ = ["LETTERS", "OPTION", "pose", "pose_among_peers", "pose_own_sounds"]

LETTERS = OPTION_LETTERS

OPTION = r"\([A-E]\) \S.*"
"""Form of an answer: the right option with its letter."""


def pose(
    facts: Facts,
    task: str,
    right: str,
    wrong: Sequence[str],
    slots: dict[str, str] | None = None,
    *,
    difficulty: str = "basic",
) -> Iterator[Answer]:
    """A question with options; none where there are no two different ones.

    Args:
        facts: of the clip.
        task: name of the task, which decides about places too.
        right: the right option.
        wrong: the others, one to four; more are left out.
        slots: of the question.
        difficulty: `basic` where the others are far from the right one, else `intermediate` or `advanced`.
    """
    right = one_line(right)
    others = [text for text in dict.fromkeys(map(one_line, wrong)) if text.casefold() != right.casefold()]
    others = others[: len(LETTERS) - 1]
    if not others or not right:
        return
    rng = rng_for(facts.seed, facts.clip.audio_id, task, "place")
    rng.shuffle(others)
    place = rng.randrange(len(others) + 1)
    options = (*others[:place], right, *others[place:])
    yield Answer(f"({LETTERS[place]}) {right}", slots or {}, choices=options, answer_index=place, difficulty=difficulty)


def pose_own_sounds(facts: Facts, task: str, right: str, sounds: Iterable[str], *, difficulty: str) -> Iterator[Answer]:
    """A question of which a clip's own sounds are the options; of those that may be one sound only the first.

    The right one never may be another's, so where a cat and an animal stood beside it, it would be the odd one out.

    Args:
        facts: of the clip.
        task: name of the task.
        right: the right option, related to no other sound.
        sounds: of the clip; the right one may be among them.
        difficulty: as in `pose`.
    """
    wrong: list[str] = []
    for label in sounds:
        if label != right and not any(related(label, other) for other in wrong):
            wrong.append(label)
    yield from pose(facts, task, right, wrong, difficulty=difficulty)


def pose_among_peers(
    facts: Facts,
    task: str,
    offer: Callable[[Measured, random.Random], str | None],
    wrong_for: Callable[[str, Measured], bool],
    slots: Callable[[Measured, random.Random], dict[str, str]] | None = None,
    *,
    difficulty: str = "basic",
    near: Callable[[str, str], bool] | None = None,
) -> Iterator[Answer]:
    """A question whose wrong options are the right ones of other clips; at most one.

    Args:
        facts: of the clip.
        task: name of the task.
        offer: the right option of a clip, drawn by a generator of its own; `None` where it has none.
        wrong_for: whether an option is certainly wrong for a clip.
        slots: of the question, drawn by a generator in the same state as that of `offer`.
        difficulty: as in `pose`.
        near: whether two options are hard to tell apart; with such a one, the difficulty is `intermediate` at least.
    """
    audio_id = facts.clip.audio_id
    if options := facts.peers.options(audio_id, facts.seed, task, offer, wrong_for, near):
        if near and difficulty == "basic" and any(near(options[0], wrong) for wrong in options[1:]):
            difficulty = "intermediate"
        given = slots(facts.measured, offer_rng(facts.seed, audio_id, task)) if slots else None
        yield from pose(facts, task, options[0], options[1:], given, difficulty=difficulty)
