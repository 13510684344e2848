"""Questions with few answers, none of which is a good guess: a clip is asked only beside clips with other answers.

Most recordings are clean, most sounds are heard once, and most sounds of a clip overlap; without this "no", "1" and
"yes" would be good guesses. Some names are heard in many clips, others in one; without this they would tell.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.peers import offer_rng
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["asked_beside_others", "own_or_not"]


def asked_beside_others(
    facts: Facts, task: str, ask: Callable[[Measured, random.Random], Answer | None]
) -> Iterator[Answer]:
    """The answer about a clip, where it is in a group of clips whose answers all differ; at most one.

    Args:
        facts: of the clip.
        task: name of the task.
        ask: the answer about a clip, drawn by the generator given; `None` where there is none.
    """

    def offer(item: Measured, rng: random.Random) -> str | None:
        answer = ask(item, rng)
        return answer.output.rpartition("</think> ")[2] if answer else None

    if facts.peers.options(facts.clip.audio_id, facts.seed, task, offer, lambda *_: True):
        answer = ask(facts.measured, offer_rng(facts.seed, facts.clip.audio_id, task))
        if answer:
            yield answer


def own_or_not(
    facts: Facts,
    task: str,
    offer: Callable[[Measured, random.Random], str | None],
    wrong_for: Callable[[str, Measured], bool],
    near: Callable[[str, str], bool] | None = None,
) -> tuple[str, bool] | None:
    """A name to ask about, and whether it is the clip's own; `None` where no other clip's is certainly not.

    Each name is one clip's own and not another's, so it is asked about as often where the answer is yes as where it is
    no, whatever is known of the name.

    Args:
        facts: of the clip.
        task: name of the task.
        offer: a name that is right for a clip, drawn by the generator given; `None` where it has none.
        wrong_for: whether a name is certainly wrong for a clip.
        near: of two names, whether they are hard to tell apart; such clips are put together first.
    """
    options = facts.peers.options(facts.clip.audio_id, facts.seed, task, offer, wrong_for, near)
    if not options:
        return None
    rng = rng_for(facts.seed, facts.clip.audio_id, task, "own")
    return (options[0], True) if rng.random() < 0.5 else (pick(rng, options[1:]), False)
