"""What tokens cost: a dated table, overridden by the configuration, in decimals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

import yaml

from aig.core.errors import UsageError
from aig.generators.settings import PriceSettings

__all__ = ["FREE", "Price", "price_of", "table_date"]

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens.

    Attributes:
        input: per million input tokens.
        output: per million output tokens.
        batch_discount: share the Batch API takes off, 0 to 1.
    """

    input: Decimal
    output: Decimal
    batch_discount: Decimal = Decimal("0.5")

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """US dollars for one reply, exact."""
        return (self.input * input_tokens + self.output * output_tokens) / _MILLION

    @property
    def batch(self) -> Price:
        """The price by the Batch API."""
        share = 1 - self.batch_discount
        return Price(self.input * share, self.output * share, Decimal(0))


FREE = Price(Decimal(0), Decimal(0))
"""Of a model on this machine."""


def price_of(model: str, overrides: Mapping[str, PriceSettings], *, local: bool) -> Price:
    """The price of a model: the configuration's, else the table's, else nothing where the endpoint is on this machine.

    Args:
        model: as asked for, snapshot date included.
        overrides: `generate.prices`.
        local: whether the endpoint is on this machine.

    Raises:
        UsageError: nobody says what the model costs.
    """
    if model in overrides:
        own = overrides[model]
        return Price(own.input, own.output, own.batch_discount)
    if local:
        return FREE
    known = _table()[1]
    price = known.get(model) or known.get(_SNAPSHOT.sub("", model))
    if price is None:
        raise UsageError(
            f"no price is known for the model {model!r}, so its cost cannot be limited",
            f"Set what it costs per million tokens: generate.prices: {{{model}: {{input: 0.50, output: 1.50}}}}; "
            "0 for a server of your own.",
        )
    return price


def table_date() -> str:
    """The day the table was true, `YYYY-MM-DD`."""
    return _table()[0]


@cache
def _table() -> tuple[str, dict[str, Price]]:
    text = resources.files("aig.generators.client").joinpath("data/prices.yaml").read_text("utf-8")
    content = yaml.safe_load(text)
    prices = {
        model: Price(**{name: Decimal(value) for name, value in fields.items()})
        for model, fields in content["models"].items()
    }
    return str(content["as_of"]), prices
