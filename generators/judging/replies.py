"""A judge's replies and blind guesses as values: what cannot be read is said to be so, never taken for consent."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aig.prompts.judging import CRITERIA

__all__ = ["Opinion", "agrees", "joined_opinions", "read_guesses", "read_opinions"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge says of one pair.

    Attributes:
        criteria: yes or no to each of `aig.prompts.judging.CRITERIA`, in their order.
        reason: in the judge's words.
        same_as_guess: whether a blind guess says the same; `None` where there was none.
    """

    criteria: tuple[bool, ...]
    reason: str = ""
    same_as_guess: bool | None = None

    @property
    def score(self) -> float:
        """Share of the criteria that are met, 0 to 1; 0 where the answer is not supported, whatever else it is."""
        return sum(self.criteria) / len(self.criteria) if self.criteria[0] else 0.0


def read_opinions(reply: str, pairs: int) -> list[Opinion | None]:
    """The opinion on each of a request's pairs; `None` where the reply has none that can be read.

    A pair that is named twice with different opinions has none.
    """
    found: dict[int, Opinion | None] = {}
    for item in _items(reply, "verdicts"):
        number, opinion = _number(item), _opinion(item)
        if number is not None and 1 <= number <= pairs:
            found[number] = opinion if number not in found or found[number] == opinion else None
    return [found.get(number) for number in range(1, pairs + 1)]


def read_guesses(reply: str, questions: int) -> list[str | None]:
    """The guess at each of a request's questions; `None` where the reply has none."""
    found: dict[int, str] = {}
    for item in _items(reply, "guesses"):
        number, answer = _number(item), item.get("answer")
        if number is not None and isinstance(answer, str) and answer.strip():
            found.setdefault(number, answer.strip())
    return [found.get(number) for number in range(1, questions + 1)]


def joined_opinions(votes: Sequence[Opinion | None]) -> Opinion | None:
    """The majority's opinion on a pair, criterion by criterion; `None` where fewer than half of the votes can be read.

    A tie is a no. The reason is that of the first vote which sees the pair as the majority does.
    """
    read = [vote for vote in votes if vote is not None]
    if 2 * len(read) <= len(votes) and len(read) < len(votes):
        return None
    if len(read) == 1:
        return read[0]
    criteria = tuple(2 * sum(flags) > len(read) for flags in zip(*(vote.criteria for vote in read), strict=True))
    reason = next((vote.reason for vote in read if vote.criteria == criteria), read[0].reason)
    same = [vote.same_as_guess for vote in read if vote.same_as_guess is not None]
    return Opinion(criteria, reason, 2 * sum(same) > len(same) if same else None)


_OPTION = re.compile(r"\(?([A-Ha-h])\)[ .:]*")
_WORD = re.compile(r"[^\W_]+")


def agrees(guess: str, answer: str) -> bool:
    """Whether a guess gives an answer of a closed form: the same option, or the same last words, case aside.

    Args:
        guess: of a model that heard nothing.
        answer: an option (`(B) a dog`), or a sentence that ends in a level (`The pitch is very high.`).
    """
    option, guessed = _OPTION.match(answer), _OPTION.match(guess)
    if option and guessed:
        return option[1].upper() == guessed[1].upper()
    wanted, given = _words(_OPTION.sub("", answer, count=1)), _words(_OPTION.sub("", guess, count=1))
    if not wanted or not given:
        return False
    return wanted == given or (len(given) >= len(wanted) and given[-len(wanted) :] == wanted)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _items(reply: str, name: str) -> list[dict[str, Any]]:
    """The objects of the list of a reply, in fences, with prose around it, or as a bare list too."""
    try:
        value: Any = json.loads(reply)
    except RecursionError:
        return []
    except ValueError:
        value = _repaired(reply)
    if isinstance(value, dict):
        value = value.get(name, [value])
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _repaired(reply: str) -> Any:
    import json_repair  # of the extra `ask`; what is made of replies can be shown without it

    try:
        return json_repair.loads(reply)
    except (ValueError, RecursionError):
        return None


def _number(item: dict[str, Any]) -> int | None:
    number = item.get("n")
    if isinstance(number, str) and number.strip().isdigit():
        number = int(number)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _opinion(item: dict[str, Any]) -> Opinion | None:
    flags = [_flag(item.get(name)) for name in CRITERIA]
    if None in flags:
        return None
    reason = item.get("reason")
    return Opinion(
        tuple(bool(flag) for flag in flags),
        " ".join(reason.split()) if isinstance(reason, str) else "",
        _flag(item.get("same_as_guess")),
    )


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "false": False, "no": False}
    return words.get(value.strip().casefold()) if isinstance(value, str) else None
