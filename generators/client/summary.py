"""What a run of requests did, as values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from aig.generators.chat import ChatRequest, Reply
from aig.generators.empty_reply import Emptiness, why_empty

__all__ = ["Failure", "Summary"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no reply and will not get one by waiting.

    Attributes:
        key: of the request.
        dataset: of the request.
        prompt: of the request.
        error: short name, such as `bad_request`.
        message: what the server said.
        advice: what to do.
    """

    key: str
    dataset: str
    prompt: str
    error: str
    message: str
    advice: str


@dataclass(slots=True)
class Summary:
    """What a run asked, got and paid so far.

    Attributes:
        sent: requests sent, repeats included.
        answered: replies that are now in the ledger and were not before.
        cached: requests whose reply was in the ledger already.
        failed: requests given up, see `failures`.
        input_tokens: of the answered.
        output_tokens: of the answered.
        cost_usd: of this run.
        lost_usd: the most that requests without a reply may have cost beside that.
        failures: one per failed request.
        empty: how many replies hold no text, by why; they count as answered.
        emptiness: the first of each.
    """

    sent: int = 0
    answered: int = 0
    cached: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    lost_usd: Decimal = Decimal(0)
    failures: list[Failure] = field(default_factory=list)
    empty: Counter[str] = field(default_factory=Counter)
    emptiness: dict[str, Emptiness] = field(default_factory=dict)

    def add(self, other: Summary) -> None:
        """Adds the figures of another pass of the same run."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, mine | theirs if type(mine) is dict else mine + theirs)

    def count(self, reply: Reply) -> None:
        """Adds a reply that is in the ledger now."""
        self.answered += 1
        self.input_tokens += reply.input_tokens
        self.output_tokens += reply.output_tokens
        self.cost_usd += Decimal(reply.cost_usd)
        if emptiness := why_empty(reply):
            self.empty[emptiness.rule] += 1
            self.emptiness.setdefault(emptiness.rule, emptiness)

    def fail(self, request: ChatRequest, error: str, message: str, advice: str) -> None:
        """Adds a request that is given up."""
        self.failed += 1
        self.failures.append(Failure(request.key, request.dataset, request.prompt, error, message, advice))
