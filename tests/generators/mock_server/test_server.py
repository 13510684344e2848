"""The test server speaks the protocol: the genuine openai client, typed calls and all, is the judge."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import openai
import pytest
from pydantic import ValidationError

from aig.generators.mock_server import FAULTS, MockServer, MockSettings

MESSAGES: Any = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Rain."}]
SCHEMA = {
    "type": "object",
    "properties": {
        "pairs": {"type": "array", "items": {"$ref": "#/$defs/pair"}, "minItems": 4},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
        "kind": {"enum": ["audio", "speech"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "sure": {"type": "boolean"},
    },
    "required": ["pairs", "score", "kind", "note", "sure"],
    "additionalProperties": False,
    "$defs": {
        "pair": {
            "type": "object",
            "properties": {"q": {"type": "string"}, "a": {"type": "string"}},
            "required": ["q", "a"],
            "additionalProperties": False,
        }
    },
}
JSON_SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with MockServer(MockSettings(batch_s=0.3, requests_per_minute=1000)) as server:
        yield openai.OpenAI(base_url=server.url, api_key="any", max_retries=0)


def test_completion(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="mock", messages=MESSAGES)
    answer = raw.parse()
    assert answer.choices[0].finish_reason == "stop"
    assert len(json.loads(answer.choices[0].message.content or "")) == 5
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-ratelimit-limit-requests"] == "1000"
    again = client.chat.completions.create(model="mock", messages=MESSAGES)
    assert again.choices == answer.choices
    other = client.chat.completions.create(model="mock", messages=[{"role": "user", "content": "Wind."}])
    assert other.choices != answer.choices


def test_json_schema(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="mock", messages=MESSAGES, response_format=JSON_SCHEMA)
    content = json.loads(answer.choices[0].message.content or "")
    jsonschema.validate(content, SCHEMA)
    assert len(content["pairs"]) == 4


def test_max_tokens_cuts(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="mock", messages=MESSAGES, max_tokens=20)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens <= 20


@pytest.mark.parametrize(
    "bad",
    [
        {"messages": []},
        {"messages": [{"role": "user"}]},
        {"model": ""},
        {"stream": True},
        {"messages": [{"role": "user", "content": "plain"}], "response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
    ],
)
def test_what_the_real_service_refuses_is_refused(client: openai.OpenAI, bad: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**{"model": "mock", "messages": MESSAGES, **bad})


def test_files_and_batches(client: openai.OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    bodies = [{"model": "mock", "messages": MESSAGES}, {"model": "mock", "messages": []}]
    lines = [
        {"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions", "body": body}
        for n, body in enumerate(bodies)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    file = client.files.create(file=path.open("rb"), purpose="batch")
    assert client.files.retrieve(file.id).bytes == path.stat().st_size
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"job": "7"}
    )
    assert made.status in {"validating", "in_progress"}
    assert next(iter(client.batches.list(limit=1))).metadata == {"job": "7"}
    while (batch := client.batches.retrieve(made.id)).status != "completed":
        time.sleep(0.02)
    assert batch.request_counts
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    output = json.loads(client.files.content(batch.output_file_id or "").text)
    assert output["custom_id"] == "0"
    assert output["response"]["body"]["choices"]
    errors = json.loads(client.files.content(batch.error_file_id or "").text)
    assert (errors["custom_id"], errors["response"]["status_code"]) == ("1", 400)
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_a_cancelled_batch_keeps_what_it_has_done(tmp_path: Path) -> None:
    with MockServer(MockSettings(batch_s=1.0)) as server, openai.OpenAI(base_url=server.url, api_key="x") as client:
        line = {"method": "POST", "url": "/v1/chat/completions", "body": {"model": "mock", "messages": MESSAGES}}
        content = "".join(json.dumps({**line, "custom_id": str(n)}) + "\n" for n in range(100))
        file = client.files.create(file=("x.jsonl", content.encode()), purpose="batch")
        made = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        time.sleep(0.5)
        assert client.batches.cancel(made.id).status == "cancelling"
        while (batch := client.batches.retrieve(made.id)).status != "cancelled":
            time.sleep(0.02)
        assert batch.request_counts
        assert 20 < batch.request_counts.completed < 80


FAULT_ERRORS: dict[str, type[Exception]] = {
    "rate_limited": openai.RateLimitError,
    "quota": openai.RateLimitError,
    "server_error": openai.InternalServerError,
    "unavailable": openai.InternalServerError,
    "bad_request": openai.BadRequestError,
    "dropped": openai.APIConnectionError,
    "half_body": openai.APIConnectionError,
    "malformed": json.JSONDecodeError,
}


@pytest.mark.parametrize("fault", sorted(FAULT_ERRORS))
def test_faults_look_real_to_the_client(fault: str) -> None:
    with MockServer(MockSettings(faults={fault: 1.0}, retry_after_s=7)) as server:
        client = openai.OpenAI(base_url=server.url, api_key="x", max_retries=0)
        with pytest.raises(FAULT_ERRORS[fault]) as raised:
            client.chat.completions.create(model="mock", messages=MESSAGES)
    if fault == "quota":
        assert isinstance(raised.value, openai.RateLimitError)
        assert raised.value.code == "insufficient_quota"
    if fault in {"rate_limited", "unavailable"}:
        assert isinstance(raised.value, openai.APIStatusError)
        assert raised.value.response.headers["retry-after"] == "7"


def test_slow_answers_are_slow_and_whole() -> None:
    for fault in ("slow", "slow_drip"):
        with MockServer(MockSettings(faults={fault: 1.0}, slow_s=0.4)) as server:
            start = time.monotonic()
            client = openai.OpenAI(base_url=server.url, api_key="x")
            assert client.chat.completions.create(model="mock", messages=MESSAGES).choices
            assert time.monotonic() - start >= 0.4


def test_limits_hold_over_a_minute_and_say_when_to_come_back() -> None:
    with MockServer(MockSettings(requests_per_minute=5)) as server:
        client = openai.OpenAI(base_url=server.url, api_key="x", max_retries=0)
        for _ in range(5):
            client.chat.completions.create(model="mock", messages=MESSAGES)
        with pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(model="mock", messages=MESSAGES)
    assert 50 < float(raised.value.response.headers["retry-after"]) <= 60
    assert raised.value.response.headers["x-ratelimit-remaining-requests"] == "0"


def test_the_same_faults_in_any_order() -> None:
    """The n-th try of a request meets the same fate, however the requests are mixed."""

    def fates(order: list[int], workers: int) -> dict[int, str]:
        with MockServer(MockSettings(faults={"server_error": 0.3, "rate_limited": 0.3}, seed=9)) as server:
            client = openai.OpenAI(base_url=server.url, api_key="x", max_retries=0)

            def fate(number: int) -> tuple[int, str]:
                try:
                    client.chat.completions.create(model="mock", messages=[{"role": "user", "content": f"{number}"}])
                except openai.APIError as error:
                    return number, type(error).__name__
                return number, "good"

            with ThreadPoolExecutor(workers) as pool:
                return dict(pool.map(fate, order))

    forward = fates(list(range(40)), 1)
    assert forward == fates(list(range(39, -1, -1)), 8)
    assert len(set(forward.values())) == 3


def test_settings_name_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="no fault named earthquake"):
        MockSettings(faults={"earthquake": 0.1})
    with pytest.raises(ValidationError, match="together exceed 1"):
        MockSettings(faults=dict.fromkeys(FAULTS, 0.5))
