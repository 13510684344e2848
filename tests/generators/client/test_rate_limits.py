"""Rates: paced, learned, narrowed."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.generators.client import rate_limits
from aig.generators.client.rate_limits import Limits, Pace


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limits, "time", clock)
    monkeypatch.setattr("asyncio.sleep", clock.sleep)
    return clock


@given(st.integers(2, 20_000), st.integers(0, 2**32), st.floats(0.01, 5))
def test_no_minute_holds_more_than_the_limit_and_all_is_used(limit: int, seed: int, pause: float) -> None:
    clock = Clock()
    draw = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limits, "time", clock)
        pace, sent = Pace(limit), []
        for _ in range(600):
            clock.now += pause if draw.random() < 0.01 else 0.0
            clock.now += pace.take(1)
            sent.append(clock.now)
    for index, start in enumerate(sent):
        in_a_minute = sum(1 for at in sent[index : index + limit + 2] if at < start + 60)
        assert in_a_minute <= limit


def test_a_limit_of_600_is_used_to_95_percent(clock: Clock) -> None:
    pace = Pace(600)
    start = clock.now
    count = 0
    while clock.now < start + 300:
        clock.now += pace.take(1)
        count += 1
    assert 5 * 600 * 0.95 <= count <= 5 * 600


def test_tokens_given_back_are_used(clock: Clock) -> None:
    """Requests that reserve 1,500 and use 500 get through three times as fast as their reservations say."""

    async def minute() -> int:
        rate = Limits(None, 90_000)
        start, count = clock.now, 0
        while clock.now < start + 120:
            await rate.wait(1500)
            rate.settle(1500, 500)
            count += 1
        return count

    assert 0.95 * 360 <= asyncio.run(minute()) <= 360


def test_limits_are_learned_unless_set(clock: Clock) -> None:
    headers = {
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-remaining-requests": "590",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "90000",
    }
    rate = Limits(None, 5000)
    rate.learn(headers)
    assert rate.requests.per_minute == 600
    assert rate.tokens.per_minute == 5000
    rate.learn({**headers, "x-ratelimit-limit-requests": "1200", "x-ratelimit-reset-requests": "500ms"})
    assert rate.requests.per_minute == 1200


def test_a_daily_limit_is_not_taken_for_one_per_minute(clock: Clock) -> None:
    rate = Limits(None, None)
    rate.learn(
        {
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": "9999",
            "x-ratelimit-reset-requests": "8.64s",
        }
    )
    assert rate.requests.per_minute is None


def test_a_used_up_limit_holds_until_its_reset(clock: Clock) -> None:
    rate = Limits(600, None)
    rate.learn(
        {
            "x-ratelimit-limit-requests": "600",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "20s",
        }
    )
    assert rate.requests.take(1) == pytest.approx(20)


@pytest.mark.parametrize("limit", [600, None])
def test_narrowing_slows_down_and_wears_off(clock: Clock, limit: int | None) -> None:
    async def sent_in(seconds: float) -> int:
        start, count = clock.now, 0
        while clock.now < start + seconds:
            await rate.wait(0)
            clock.now += 0.05  # the loop itself
            count += 1
        return count

    rate = Limits(limit, None)
    before = asyncio.run(sent_in(10))
    for _ in range(6):
        clock.now += 1
        rate.narrow()
        rate.narrow()  # within the same second: counts once
    narrowed = asyncio.run(sent_in(3))
    assert 0.4 < narrowed / 3 / (before / 10) < 0.8
    clock.now += 60
    assert asyncio.run(sent_in(10)) == pytest.approx(before, rel=0.05)
