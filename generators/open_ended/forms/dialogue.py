"""One conversation about a clip: its turns up to the first that a filter drops, if these are at least three."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aig.core.dialogue import joined_turns
from aig.filters.answers.answer_filter import Pair
from aig.generators.open_ended.forms.draft import Draft, Form, Given, Refused

__all__ = ["DIALOGUE", "FEWEST", "MOST"]

FEWEST, MOST = 3, 6
"""Turns of a dialogue."""


def _draft(found: dict[str, Any], _: Given) -> Draft:
    question, answer = found["q"], found["a"]
    return Draft(question, answer, Pair(question, answer))


def _join(kept: Sequence[tuple[int, Draft]], of: int) -> tuple[list[Draft], list[Refused]]:
    """A later turn may take up one that is gone, so that only those before the first gap are a conversation."""
    turns = [draft for place, (number, draft) in enumerate(kept) if place == number][:MOST]
    lost = [Refused("turns", "a turn before it was dropped")] * (len(kept) - len(turns))
    if len(turns) < FEWEST:
        return [], [Refused("turns", f"{len(turns)} of {of} turns stay, fewer than {FEWEST}")] * len(kept)
    instruction, output = joined_turns([(turn.instruction, turn.output) for turn in turns])
    return [Draft(instruction, output, turns[-1].checked)], lost


DIALOGUE = Form(draft=_draft, join=_join)
