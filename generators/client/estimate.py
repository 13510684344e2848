"""What asking would cost, before a cent is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from aig.generators.chat import ChatRequest
from aig.generators.client.endpoint import base_url, is_loopback
from aig.generators.client.prices import Price, price_of
from aig.generators.client.tokens import input_tokens, most_output_tokens
from aig.generators.ledger.costs import read_costs
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings

__all__ = ["EstimateRow", "estimate_cost", "total"]


@dataclass(slots=True)
class EstimateRow:
    """The calls of one dataset and prompt.

    Attributes:
        dataset: its name.
        prompt: name and version of the prompt.
        calls: requests that would be sent.
        cached: requests whose reply is in the ledger, so that they cost nothing.
        input_tokens: of the calls, together.
        output_tokens: of the calls, together: as long as this prompt's replies so far, else as long as they may get.
        live_usd: what that costs by live requests.
        batch_usd: what that costs by the Batch API.
        most_usd: what it can cost at most, by live requests.
    """

    dataset: str
    prompt: str
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    live_usd: Decimal = Decimal(0)
    batch_usd: Decimal = Decimal(0)
    most_usd: Decimal = Decimal(0)


def estimate_cost(requests: Iterable[ChatRequest], ledger: Ledger, settings: GenerateSettings) -> list[EstimateRow]:
    """Calls, tokens and dollars by dataset and prompt; nothing is sent.

    Raises:
        UsageError: nobody says what the model costs.
    """
    price = _price(settings)
    usual = read_costs(ledger).usual_output()
    rows: dict[tuple[str, str], EstimateRow] = {}
    seen: set[bytes] = set()
    for request in requests:
        row = rows.setdefault((request.dataset, request.prompt), EstimateRow(request.dataset, request.prompt))
        short = bytes.fromhex(request.key[:32])
        if request.key in ledger or short in seen:
            row.cached += 1
            continue
        seen.add(short)
        tokens, most = input_tokens(request), most_output_tokens(request) or 0
        expected = min(round(usual[request.prompt]), most) if request.prompt in usual else most
        row.calls += 1
        row.input_tokens += tokens
        row.output_tokens += expected
        row.live_usd += price(request.model).cost(tokens, expected)
        row.batch_usd += price(request.model).batch.cost(tokens, expected)
        row.most_usd += price(request.model).cost(tokens, most)
    return [rows[name] for name in sorted(rows)]


def _price(settings: GenerateSettings) -> Callable[[str], Price]:
    local = is_loopback(base_url(settings))
    known: dict[str, Price] = {}

    def price(model: str) -> Price:
        if model not in known:
            known[model] = price_of(model, settings.prices, local=local)
        return known[model]

    return price


def total(rows: Iterable[EstimateRow]) -> EstimateRow:
    """The sums of all rows."""
    sums = EstimateRow("total", "")
    for row in rows:
        for name in ("calls", "cached", "input_tokens", "output_tokens", "live_usd", "batch_usd", "most_usd"):
            setattr(sums, name, getattr(sums, name) + getattr(row, name))
    return sums
