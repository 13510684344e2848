"""Prices are decimals with a date, tokens are counted without a network, and no order of events exceeds the budget."""

from __future__ import annotations

import asyncio
import random
import socket
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.decimals import format_decimal
from aig.core.errors import UsageError
from aig.generators.chat import ChatRequest
from aig.generators.client import tokens
from aig.generators.client.budget import Budget, BudgetReachedError
from aig.generators.client.prices import FREE, price_of, table_date
from aig.generators.settings import GenerateSettings
from helpers.asking import requests

cents = st.integers(0, 10**6).map(lambda units: Decimal(units) / 10**6)


def test_cost_is_exact() -> None:
    price = price_of("gpt-3.5-turbo-0125", {}, local=False)
    assert price.cost(1_000_003, 7) == Decimal("0.500012")
    assert price.batch.cost(1_000_000, 1_000_000) == Decimal(1)
    assert price_of("gpt-3.5-turbo-1106", {}, local=False).batch.cost(10**6, 0) == Decimal(1), "no discount on this one"


def test_snapshots_cost_what_their_model_costs_and_other_names_nothing_known() -> None:
    assert price_of("gpt-4o-mini-2024-07-18", {}, local=False) == price_of("gpt-4o-mini", {}, local=False)
    for name in ("gpt-5.4-pro", "gpt-4o-mini-audio", "llama"):
        with pytest.raises(UsageError, match=r"no price is known .*\n.*generate\.prices"):
            price_of(name, {}, local=False)
    assert price_of("llama", {}, local=True) == FREE


def test_configuration_overrides_the_table() -> None:
    own = GenerateSettings(prices={"gpt-4o": {"input": 0.1, "output": "0.2", "batch_discount": 0}}).prices
    assert price_of("gpt-4o", own, local=True).cost(10**6, 10**6) == Decimal("0.3")
    assert table_date().startswith("20")


@given(cents)
def test_plain_text_of_an_amount_is_the_amount(amount: Decimal) -> None:
    text = format_decimal(amount)
    assert Decimal(text) == amount
    assert "e" not in text.lower()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cents, cents), max_size=60), cents, st.integers(0, 2**32))
def test_budget_is_never_exceeded(costs: list[tuple[Decimal, Decimal]], limit: Decimal, seed: int) -> None:
    """Each request reserves the larger of two amounts and costs the smaller, in any order of arrival and settling."""
    budget = Budget(limit, Decimal(0))
    draw = random.Random(seed)
    refused = []

    async def request(most: Decimal, cost: Decimal) -> None:
        for _ in range(draw.randrange(3)):
            await asyncio.sleep(0)
        try:
            await budget.reserve(most)
        except BudgetReachedError:
            refused.append(most)
            return
        assert budget.spent + budget.reserved <= limit
        for _ in range(draw.randrange(5)):
            await asyncio.sleep(0)
        budget.settle(most, cost)

    async def everything() -> None:
        await asyncio.gather(*(request(max(pair), min(pair)) for pair in costs))

    asyncio.run(everything())
    assert budget.reserved == 0
    assert budget.spent <= limit
    assert all(budget.spent <= limit < budget.spent + most or most <= limit for most in refused)


@given(st.text(max_size=200), st.integers(1, 3))
def test_most_tokens_is_above_any_count(text: str, messages: int) -> None:
    request = ChatRequest(
        "gpt-4o", tuple({"role": "user", "content": text} for _ in range(messages)), {"max_tokens": 5}
    )
    assert tokens.input_tokens(request) <= tokens.most_input_tokens(request) + messages
    tiktoken = pytest.importorskip("tiktoken")
    bytes_vocabulary = tiktoken.Encoding(
        "bytes", pat_str=r"[\s\S]", mergeable_ranks={bytes([n]): n for n in range(256)}, special_tokens={}
    )
    assert len(bytes_vocabulary.encode_ordinary(text)) <= tokens.most_input_tokens(request)


def test_counting_never_opens_a_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was reached for")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    tokens.counter.cache_clear()
    count, exact = tokens.counter("gpt-4o-mini")
    assert not exact
    assert count("How does the dog relate to the bell?") == 9


@pytest.mark.parametrize(
    ("text", "real"),
    [  # counted with cl100k_base
        (
            "Sound Events: Sound of Dog (high-pitched and buzzing): [0.1s-0.8s, 5.6s-5.9s]; Description: A dog barks.",
            42,
        ),
        ('Speech content: "Hello there"; Speaker gender: female; Speech volume: medium; Speech speed: very fast', 22),
        ('[{"q": "What is heard?", "a": "A bell rings twice in the distance."}]', 22),
    ],
)
def test_estimate_is_near(text: str, real: int) -> None:
    assert abs(tokens.estimate(text) - real) <= max(2, tokens.ERROR * real)


def test_most_output() -> None:
    assert tokens.most_output_tokens(requests(1, max_tokens=7)[0]) == 7
    assert tokens.most_output_tokens(ChatRequest("m", (), {"max_completion_tokens": 9, "n": 2})) == 18
    assert tokens.most_output_tokens(ChatRequest("m", (), {})) is None
