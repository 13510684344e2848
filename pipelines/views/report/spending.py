"""What the model was asked and what it cost, from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aig.generators.ledger.costs import Usage

__all__ = ["Spending", "add_up"]

_POINTS = 200


@dataclass(slots=True)
class Spending:
    """What the ledger holds.

    Attributes:
        total: of all replies.
        by_prompt: of each prompt and model.
        lost_usd: the most that requests without a reply may have cost.
        times: moments in seconds since 1970 (UTC), rising, for the sums below.
        tokens: input and output tokens up to each moment.
        dollars: spent up to each moment.
    """

    total: Usage = field(default_factory=Usage)
    by_prompt: dict[tuple[str, str], Usage] = field(default_factory=dict)
    lost_usd: Decimal = Decimal(0)
    times: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    dollars: list[float] = field(default_factory=list)


def add_up(entries: Iterable[dict[str, Any]]) -> Spending:
    """The sums of a ledger's entries; memory grows with the time during which answers came, by the ten seconds."""
    spending = Spending()
    tens: dict[int, tuple[int, Decimal]] = {}
    for entry in _replies(entries, spending):
        spending.total.add(entry)
        place = (entry["prompt"], str(entry["reply"].get("model") or ""))
        spending.by_prompt.setdefault(place, Usage()).add(entry)
        ten = int(entry["answered_at"] // 10)
        had, paid = tens.get(ten, (0, Decimal(0)))
        taken = entry["input_tokens"] + entry["output_tokens"]
        tens[ten] = (had + taken, paid + Decimal(entry["cost_usd"]))
    tokens, dollars = 0, Decimal(0)
    ordered = sorted(tens.items())
    step = max(1, len(ordered) // _POINTS)
    for number, (ten, (taken, paid)) in enumerate(ordered):
        tokens += taken
        dollars += paid
        if number % step == 0 or number == len(ordered) - 1:
            spending.times.append(ten * 10.0 + 10)
            spending.tokens.append(tokens)
            spending.dollars.append(float(dollars))
    spending.by_prompt = dict(sorted(spending.by_prompt.items()))
    return spending


def _replies(entries: Iterable[dict[str, Any]], spending: Spending) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if entry["kind"] == "reply":
            yield entry
        elif entry["kind"] == "charge":
            spending.lost_usd += Decimal(entry["cost_usd"])
