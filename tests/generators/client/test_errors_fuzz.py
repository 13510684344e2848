"""Whatever a server sends, live or in a batch's file: a reply that can be kept, or an error with advice."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aig.core.errors import AigError
from aig.generators.chat import Reply
from aig.generators.client.batch_outcomes import answer_in, read_outcomes
from aig.generators.client.endpoint import Answer, Endpoint
from aig.generators.client.errors import RejectedError, RetryableError, check, read_reply
from aig.generators.client.prices import Price
from aig.generators.ledger.entries import reply_of, to_line
from aig.generators.ledger.log_format import decode, parse
from aig.generators.open_ended.parse import parse_reply
from aig.generators.settings import GenerateSettings
from helpers.asking import requests
from helpers.odd_server import completion, outcome

REQUEST = requests(1)[0]
PRICE = Price(input=Decimal(1), output=Decimal(2))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(st.characters(exclude_categories=[]), max_size=40),
    st.sampled_from(
        ["length", "error", "content_filter", "402", "insufficient_quota", '{"q": "a", "a": "b"}', "<think>"]
    ),
)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """A document with some of its values replaced, removed or joined by others."""
    document = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 4))):
        place = document
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            if isinstance(place, dict) and draw(st.integers(0, 3)) == 0:
                del place[key]
            else:
                place[key] = draw(ANY)
            break
        if isinstance(place, dict) and draw(st.booleans()):
            place[draw(st.sampled_from(["error", "refusal", "tool_calls", "reasoning", "message", "usage"]))] = draw(
                ANY
            )
    return document


@cache
def endpoint() -> Endpoint:
    return Endpoint(GenerateSettings(base_url="http://127.0.0.1:1/v1"))


def read(answer: Answer, mode: str) -> Reply | None:
    """The reply, or `None` after an error that says what happened."""
    try:
        check(answer, endpoint(), "mock", outage_s=300)
        return read_reply(answer, REQUEST, PRICE, endpoint(), mode=mode, outage_s=300)
    except RetryableError as error:
        said = [error.reason]
    except RejectedError as error:
        said = [error.message, error.advice, error.stop.message, error.stop.advice]
    except AigError as error:
        said = [error.message, error.advice]
    assert all(said)
    assert all(advice.endswith(".") for advice in said[1::2])
    return None


def check_kept(reply: Reply) -> None:
    """A reply costs something, and the ledger gives it back as it was."""
    assert reply.input_tokens > 0
    assert reply.output_tokens >= 0
    line = to_line(reply)
    assert parse(line, 0) is not None
    again = reply_of(*decode(line[:-1]))
    assert replace(again, raw="") == replace(reply, raw="")
    assert json.dumps(json.loads(again.raw)) == json.dumps(json.loads(reply.raw))
    for question, answer in parse_reply(reply.content, reply.finish_reason).pairs:
        (question + answer).encode()


BODIES = st.one_of(
    st.binary(max_size=200),
    ANY.map(lambda value: json.dumps(value).encode()),
    mutated(completion()).map(lambda value: json.dumps(value).encode()),
    mutated(completion()).map(lambda value: b"\xef\xbb\xbf\r\n" + json.dumps(value, indent=1).encode() + b"\r\n\r\n"),
    mutated({"error": {"message": "m", "code": 402, "type": "t"}}).map(lambda value: json.dumps(value).encode()),
)


def any_answer(status: int, body: bytes, wait: str) -> None:
    reply = read(Answer(status, {"retry-after": wait}, body), "live")
    if reply is not None:
        check_kept(reply)


def any_outcomes(folder: Path, lines: list[bytes]) -> None:
    path = folder / "outcomes.jsonl"
    path.write_bytes(b"\n".join(lines))
    for name, found in read_outcomes(path):
        assert isinstance(name, str)
        reply = read(answer_in(found), "batch")
        if reply is not None:
            check_kept(reply)


STATUSES = st.sampled_from([200] * 6 + [201, 204, 302, 400, 401, 402, 403, 404, 407, 413, 422, 429, 451, 500, 503, 529])
WAITS = st.sampled_from(["", "1", "86400", "soon", "nan", "-1"])
LINES = st.lists(
    st.one_of(
        st.binary(max_size=80),
        mutated(json.loads(outcome("f" * 64))).map(lambda value: json.dumps(value).encode()),
        st.integers(0, 300).map(lambda cut: outcome("f" * 64).encode()[:cut]),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=300)
@given(STATUSES, BODIES, WAITS)
def test_any_answer_is_a_reply_or_an_error_with_advice(status: int, body: bytes, wait: str) -> None:
    any_answer(status, body, wait)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_any_outcome_of_a_batch_is_a_reply_or_an_error_with_advice(tmp_path: Path, lines: list[bytes]) -> None:
    any_outcomes(tmp_path, lines)


@pytest.mark.slow
@settings(deadline=None, max_examples=10_000)
@given(STATUSES, BODIES, WAITS)
def test_any_answer_at_length(status: int, body: bytes, wait: str) -> None:
    any_answer(status, body, wait)


@pytest.mark.slow
@settings(deadline=None, max_examples=4_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_any_outcome_at_length(tmp_path: Path, lines: list[bytes]) -> None:
    any_outcomes(tmp_path, lines)
