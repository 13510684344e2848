"""Questions with few answers, one of which is most common: a clip is asked only beside clips with other answers.

Most recordings are clean, most sounds are heard once, and most sounds of a clip overlap; without this "no", "1" and
"yes" would be good guesses.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.peers import offer_rng

__all__ = ["asked_beside_others"]


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
