"""What the ledger says of money: by dataset, prompt, model and mode."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aig.generators.ledger.ledger import Ledger

__all__ = ["LedgerCosts", "Usage", "read_costs"]


@dataclass(slots=True)
class Usage:
    """What replies of one kind took together.

    Attributes:
        replies: how many.
        input_tokens: as the server counted them.
        output_tokens: as the server counted them.
        cost_usd: at the prices of the day they came.
        cut: replies that ended at the token limit.
    """

    replies: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    cut: int = 0

    def add(self, entry: dict[str, Any]) -> None:
        """Counts a reply of the ledger, as `Ledger.entries` gives it."""
        self.replies += 1
        self.input_tokens += entry["input_tokens"]
        self.output_tokens += entry["output_tokens"]
        self.cost_usd += Decimal(entry["cost_usd"])
        self.cut += entry["reply"]["choices"][0].get("finish_reason") == "length"


@dataclass(frozen=True, slots=True)
class LedgerCosts:
    """What all replies of a ledger cost.

    Attributes:
        by_kind: usage by (dataset, prompt, model, mode); the model as the server reported it.
        answered: replies all runs added.
        cached: requests of all runs whose reply was there already.
        failed: requests all runs gave up.
    """

    by_kind: dict[tuple[str, str, str, str], Usage]
    answered: int
    cached: int
    failed: int

    @property
    def hit_rate(self) -> float | None:
        """Share of all requests that cost nothing because their reply was there; `None` before any."""
        asked = self.answered + self.cached
        return self.cached / asked if asked else None

    def usual_output(self) -> dict[str, float]:
        """Mean output tokens of a reply, by prompt."""
        tokens: defaultdict[str, int] = defaultdict(int)
        replies: defaultdict[str, int] = defaultdict(int)
        for (_, prompt, _, _), usage in self.by_kind.items():
            tokens[prompt] += usage.output_tokens
            replies[prompt] += usage.replies
        return {prompt: tokens[prompt] / replies[prompt] for prompt in replies}


def read_costs(ledger: Ledger) -> LedgerCosts:
    """Reads a whole ledger once; memory does not grow with it."""
    by_kind: defaultdict[tuple[str, str, str, str], Usage] = defaultdict(Usage)
    runs = {"answered": 0, "cached": 0, "failed": 0}
    for fields in ledger.entries():
        if fields["kind"] == "asked":
            for name in runs:
                runs[name] += fields[name]
        elif fields["kind"] == "reply":
            model = str(fields["reply"].get("model") or "")
            by_kind[fields["dataset"], fields["prompt"], model, fields["mode"]].add(fields)
    return LedgerCosts(dict(sorted(by_kind.items())), **runs)
