"""Servers that answer oddly: what concerns one request never stops the others, what concerns the account stops all."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import AigError, DataError, UsageError
from aig.generators.chat import ChatRequest
from aig.generators.client.ask import Summary
from aig.generators.client.batch_jobs import Job, JobStore, to_batch_line
from aig.generators.client.endpoint import request_body
from aig.generators.ledger.ledger import Ledger
from helpers.asking import requests, run
from helpers.odd_server import OddServer, Said, completion, good, odd_server, outcome

PRICES = {"mock": {"input": "1", "output": "2"}}
COUNT = 8


@pytest.fixture(scope="module")
def running() -> Iterator[OddServer]:
    with odd_server() as server:
        yield server


@pytest.fixture
def server(running: OddServer) -> OddServer:
    return running.reset()


def asked(odd: int | None = 3) -> list[ChatRequest]:
    """Eight requests, one of which the server may know as the odd one."""
    made = requests(COUNT)
    if odd is not None:
        messages = tuple({**m, "content": m["content"].replace("clip-secret", "clip-odd")} for m in made[odd].messages)
        made[odd] = dataclasses.replace(made[odd], messages=messages)
    return made


def ask(server: OddServer, folder: Path, odd: int | None = 3, **settings: Any) -> Summary:
    options = {"concurrency": 1, "max_attempts": 2, "outage_s": 5, "prices": PRICES, **settings}
    return run(asked(odd), folder, server.url, **options)


def error(status: int, message: str, /, **fields: Any) -> Said:
    return status, {"error": {"message": message, **fields}}, {}


def only_odd(said: Said) -> Any:
    return lambda _, odd: said if odd else good()


ONE_REQUEST = {
    "flagged, 403": error(403, 'Your input was flagged for "violence".', code=403),
    "flagged, 400": error(400, "The prompt triggered the content management policy.", code="content_filter"),
    "forbidden without a reason": error(403, "Forbidden"),
    "no endpoint, 404": error(404, "No endpoints found matching your data policy.", code=404),
    "gone": error(410, "gone"),
    "legal reasons": error(451, "not here"),
    "too large, 429": error(429, "Request too large for gpt-x on tokens per min (TPM): Limit 10000, Requested 12042."),
    "too large, 413": (413, b"<html>Payload Too Large</html>", {}),
    "too large, 400": error(400, "This model's maximum context length is 4097 tokens.", code="context_length_exceeded"),
    "an error inside, 403": (200, {"error": {"code": 403, "message": "Input was flagged."}}, {}),
    "an error in the choice": (200, completion("", "error") | {}, {}),
    "always 500": error(500, "boom"),
    "a stream, though none was asked for": (
        200,
        b"data: {}\n\ndata: [DONE]\n\n",
        {"Content-Type": "text/event-stream"},
    ),
    "always an empty body": (200, b"", {}),
    "always HTML": (200, b"<html></html>", {"Content-Type": "text/html"}),
    "always 429 while others are answered": error(429, "Please slow down."),
    "always 429 for a day": (429, {"error": {"message": "Slow down."}}, {"Retry-After": "86400"}),
    "unprocessable": (422, {"detail": [{"loc": ["body"], "msg": "bad"}]}, {}),
    "nested far too deep": (200, b"[" * 100_000, {}),
}


@pytest.mark.parametrize("said", ONE_REQUEST.values(), ids=ONE_REQUEST)
@pytest.mark.parametrize("place", [3, 0], ids=["after others", "first of all"])
def test_what_concerns_one_request_never_stops_the_others(
    server: OddServer, tmp_path: Path, said: Said, place: int
) -> None:
    if said[0] == 429 and "too large" not in str(said[1]) and not said[2]:
        settings: dict[str, Any] = {"concurrency": 4, "outage_s": 1.5}
    else:
        settings = {}
    server.reset(only_odd(said))
    summary = ask(server, tmp_path, place, **settings)
    assert (summary.answered, summary.failed) == (COUNT - 1, 1)
    assert summary.failures[0].message
    assert summary.failures[0].advice.endswith(".")
    server.reset()
    assert ask(server, tmp_path, place).answered == 1  # nothing of it is kept


ACCOUNT = {
    "402": error(402, "Insufficient Balance", code="invalid_request_error"),
    "402 inside a 200": (200, {"error": {"message": "Insufficient credits. Add more to go on.", "code": 402}}, {}),
    "quota": error(429, "You exceeded your current quota.", type="insufficient_quota", code="insufficient_quota"),
    "quota as type alone": error(429, "Used up.", type="insufficient_quota"),
    "quota under another status": error(403, "Used up.", code="insufficient_quota"),
    "a low balance, 400": error(400, "Your credit balance is too low to access the API.", type="invalid_request_error"),
    "a monthly quota, 403": error(403, "You have exceeded your monthly quota.", code="Forbidden"),
    "no balance, 429": error(429, "Insufficient balance or no resource package. Please recharge.", code="1113"),
    "suspended": error(403, "Your account is suspended.", code="account_suspended"),
}


@pytest.mark.parametrize("said", ACCOUNT.values(), ids=ACCOUNT)
def test_what_concerns_the_account_stops_at_once_and_keeps_what_was_answered(
    server: OddServer, tmp_path: Path, said: Said
) -> None:
    server.reset(lambda number, _: said if number > 3 else good())
    with pytest.raises(DataError, match="quota is used up") as caught:
        ask(server, tmp_path)
    assert "top the account up" in caught.value.advice
    assert server.asked == 4
    with Ledger(str(tmp_path)) as ledger:
        assert len(ledger) == 3
        assert ledger.lost_usd == 0
    server.reset()
    assert ask(server, tmp_path).answered == COUNT - 3


CONFIGURATION = {
    "wrong key": (error(401, "Incorrect API key", code="invalid_api_key"), "does not accept the key"),
    "forbidden": (error(403, "Forbidden"), "does not accept the key"),
    "unknown model": (error(404, "The model does not exist", code="model_not_found"), "knows no model"),
    "not an endpoint": ((405, b"", {}), "knows no model"),
    "a key called bad, with 400": (error(400, "API key not valid.", status="INVALID_ARGUMENT"), "does not accept"),
    "redirected": ((301, b"", {"Location": "https://example.org"}), "status 301"),
    "a proxy": ((407, b"", {}), "proxy wants a login"),
}


@pytest.mark.parametrize(("said", "message"), CONFIGURATION.values(), ids=CONFIGURATION)
@pytest.mark.parametrize("count", [1, COUNT])
def test_what_is_wrong_with_every_request_stops_with_advice(
    server: OddServer, tmp_path: Path, said: Said, message: str, count: int
) -> None:
    server.reset(lambda *_: said)
    with pytest.raises(UsageError, match=message) as caught:
        run(requests(count), tmp_path, server.url, concurrency=1, prices=PRICES)
    assert caught.value.advice.endswith(".")
    assert server.asked <= 3


def test_a_key_that_is_revoked_stops_the_run(server: OddServer, tmp_path: Path) -> None:
    server.reset(lambda number, _: error(401, "Revoked.") if number > 3 else good())
    with pytest.raises(UsageError, match="does not accept the key"):
        ask(server, tmp_path)
    assert server.asked <= 6


def test_content_that_is_refused_again_and_again_does_not_stop_the_rest(server: OddServer, tmp_path: Path) -> None:
    server.reset(lambda number, _: error(403, "flagged") if 2 <= number <= 40 else good())
    summary = run(requests(60), tmp_path, server.url, concurrency=1, prices=PRICES)
    assert (summary.answered, summary.failed) == (21, 39)


def test_a_wait_of_a_day_is_told_and_stops_the_run(server: OddServer, tmp_path: Path) -> None:
    day = (429, {"error": {"message": "Limit 200 per day"}}, {"Retry-After": "86400"})
    server.reset(lambda number, _: day if number > 3 else good())
    with pytest.raises(DataError, match=r"asks to wait for 24.0 hours: Limit 200 per day") as caught:
        ask(server, tmp_path)
    assert "outage_s" in caught.value.advice
    server.reset(lambda *_: (503, b"", {"Retry-After": "7200"}))
    with pytest.raises(DataError, match=r"asks to wait for 2.0 hours"):
        run(requests(1, start=50), tmp_path, server.url, concurrency=1, prices=PRICES)


USAGE = {
    "missing": None,
    "null": {"prompt_tokens": None, "completion_tokens": None},
    "negative": {"prompt_tokens": -1, "completion_tokens": -1},
    "zero": {"prompt_tokens": 0, "completion_tokens": 0},
    "a list": [1, 2],
    "a text": "none",
    "texts": {"prompt_tokens": "many", "completion_tokens": "few"},
    "not numbers": {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    "true": {"prompt_tokens": True, "completion_tokens": True},
    "halves": {"prompt_tokens": 0.5, "completion_tokens": 10.5},
    "far too many": {"prompt_tokens": 10**15, "completion_tokens": 10**15},
}


@pytest.mark.parametrize("usage", USAGE.values(), ids=USAGE)
def test_a_usage_that_is_no_count_is_estimated_and_the_reply_kept(
    server: OddServer, tmp_path: Path, usage: Any
) -> None:
    server.reset(lambda *_: (200, completion(usage=usage), {}))
    summary = ask(server, tmp_path)
    assert (summary.sent, summary.answered, summary.lost_usd) == (COUNT, COUNT, 0)
    assert 20 < summary.input_tokens / COUNT < 200
    assert 30 < summary.output_tokens / COUNT < 100
    assert Decimal("0.0005") < summary.cost_usd < Decimal("0.01")


def test_a_usage_in_other_words_or_as_text_is_read(server: OddServer, tmp_path: Path) -> None:
    server.reset(lambda *_: (200, completion(usage={"input_tokens": "70", "output_tokens": 30.0}), {}))
    summary = ask(server, tmp_path)
    assert (summary.input_tokens, summary.output_tokens) == (70 * COUNT, 30 * COUNT)


def test_a_budget_fills_where_the_server_counts_nothing(server: OddServer, tmp_path: Path) -> None:
    server.reset(lambda *_: (200, completion(usage=USAGE["zero"]), {}))
    with pytest.raises(DataError, match="budget"):
        ask(server, tmp_path, max_cost_usd="0.0012")
    assert 0 < server.asked < COUNT


def test_an_error_in_the_choice_is_charged_as_counted(server: OddServer, tmp_path: Path) -> None:
    failed = completion("", "error")
    failed["choices"][0]["error"] = {"code": 502, "message": "Provider returned error"}
    server.reset(only_odd((200, failed, {})))
    summary = ask(server, tmp_path)
    assert (summary.answered, summary.failed) == (COUNT - 1, 1)
    assert "Provider returned error" in summary.failures[0].message
    assert summary.lost_usd == 2 * (100 * Decimal(1) + 50 * Decimal(2)) / 10**6


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (completion("", "length", reasoning_content="Let me think. " * 50), "max_tokens"),
        (completion("<think>Let me think", "length"), "max_tokens"),
        (completion(None, "content_filter"), "filter"),
        (completion(None, "stop", refusal="I can't help with that."), "prompt"),
        (completion(None, "tool_calls", tool_calls=[]), "response_format"),
    ],
)
def test_a_run_whose_replies_hold_nothing_stops_before_it_costs_much(
    server: OddServer, tmp_path: Path, body: Any, advice: str
) -> None:
    server.reset(lambda *_: (200, body, {}))
    with pytest.raises(DataError, match="replies hold nothing") as caught:
        run(requests(200), tmp_path, server.url, concurrency=2, prices=PRICES)
    assert advice in caught.value.advice
    assert server.asked < 30


BATCH = {
    "cut": lambda name: outcome(name)[:60],
    "not JSON": lambda name: "<html>",
    "a list": lambda name: json.dumps([name]),
    "without a name": lambda name: json.dumps({"response": {"status_code": 200, "body": completion()}}),
    "an error as text": lambda name: outcome(name, response=None, error="internal failure"),
    "a response as text": lambda name: outcome(name, response="internal failure"),
    "a status as text": lambda name: outcome(name, "500", {"error": "x"}),
    "no status": lambda name: outcome(name, None, {"error": "x"}),
    "no body": lambda name: json.dumps({"custom_id": name, "response": {"status_code": 200}}),
    "nothing": lambda name: json.dumps({"custom_id": name}),
    "flagged": lambda name: outcome(name, 403, {"error": {"message": "Your input was flagged.", "code": 403}}),
    "not found": lambda name: outcome(name, 404, {"error": {"message": "No endpoint."}}),
    "another request's": lambda name: outcome("f" * 64),
    "no choices": lambda name: outcome(name, 200, {"choices": []}),
    "a broken character": lambda name: outcome(name) + "\udcff",
}


@pytest.mark.parametrize("line", BATCH.values(), ids=BATCH)
def test_one_odd_line_of_a_batch_concerns_its_request_alone(server: OddServer, tmp_path: Path, line: Any) -> None:
    server.outcome = lambda name, odd: line(name) if odd else outcome(name)
    summary = ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01})
    assert (summary.answered, summary.failed) == (COUNT - 1, 1)
    assert server.batches <= 2
    assert summary.failures[0].advice.endswith(".")


def test_a_batch_cancelled_at_the_provider_stops_the_run_with_a_word(server: OddServer, tmp_path: Path) -> None:
    server.batch_status = "cancelled"
    with pytest.raises(DataError, match=r"cancelled at the provider with 8 of 8 requests not answered"):
        ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01})
    assert server.batches == 1
    server.batch_status = "completed"
    assert ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01}).answered == COUNT


@pytest.mark.parametrize("status", ["expired", "completed"])
def test_a_batch_without_files_counts_as_an_attempt(server: OddServer, tmp_path: Path, status: str) -> None:
    server.batch_status = status
    server.outcome = lambda *_: ""
    summary = ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01})
    assert (summary.failed, server.batches) == (COUNT, 2)


@pytest.mark.parametrize("said", [ACCOUNT["402"], CONFIGURATION["unknown model"][0], CONFIGURATION["wrong key"][0]])
def test_a_batch_whose_every_line_is_refused_stops_with_advice(server: OddServer, tmp_path: Path, said: Said) -> None:
    server.outcome = lambda name, _: outcome(name, *said[:2])
    with pytest.raises(AigError) as caught:
        ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01})
    assert caught.value.advice.endswith(".")
    assert server.batches == 1


def test_a_batch_that_the_provider_does_not_know_is_not_paid_again_unasked(server: OddServer, tmp_path: Path) -> None:
    job = Job(batch="batch-9", accounts={request.key: ("clotho", "audio@1") for request in asked()})
    JobStore(str(tmp_path)).save(job, b"".join(to_batch_line(r.key, request_body(r)) for r in asked()))
    with pytest.raises(DataError, match="does not know the batch batch-9 of 8 requests") as caught:
        ask(server, tmp_path, mode="batch", batch={"poll_s": 0.01})
    assert f"{job.name}.json" in caught.value.advice
    assert server.batches == 0
