"""What an item of a reply becomes: a row that is still to pass the answer filters, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aig.core.records import Measured
from aig.filters.answers.answer_filter import Pair

__all__ = ["Draft", "Form", "Given", "Refused"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A row to be.

    Attributes:
        instruction: the question.
        output: the answer.
        checked: what the answer filters look at: the same, without options and marks.
        choices: options, in the order in which they are asked.
        answer_index: which of them is right, from 0.
        difficulty: `basic`, `intermediate` or `advanced`; empty where nobody can tell.
    """

    instruction: str
    output: str
    checked: Pair
    choices: tuple[str, ...] = ()
    answer_index: int | None = None
    difficulty: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not one of its form.

    Attributes:
        rule: under which it is kept and counted.
        reason: a short sentence.
    """

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a form may look at beside the item.

    Attributes:
        item: the clip, and what was measured on it.
        seed: of the configuration.
        number: of the item in its reply, from 0.
    """

    item: Measured
    seed: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the items of one form become rows.

    Attributes:
        draft: from an item to a draft or a refusal.
        join: from the drafts that passed all filters to those that become rows; `None`: each is one. It takes them with
            the place each had in the reply, and how many items there were.
    """

    draft: Callable[[dict[str, Any], Given], Draft | Refused]
    join: Callable[[Sequence[tuple[int, Draft]], int], tuple[list[Draft], list[Refused]]] | None = None
