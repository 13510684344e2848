"""Streams of chunks become the completion that they add up to, or are told from one that is cut."""

import json
from typing import Any

import pytest

from aig.generators.completion import read_completion
from aig.generators.event_stream import joined_events


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    body = {"id": "c-1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return f"data: {json.dumps(body)}\n\n"


TEXT = [chunk({"role": "assistant", "content": ""}), chunk({"content": '{"pairs"'}), chunk({"content": ": []}"})]
USAGE = 'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\r\n\r\n'


@pytest.mark.parametrize("end", [chunk({}, "stop"), "data: [DONE]\n\n", chunk({}, "stop") + USAGE + "data: [DONE]\n"])
def test_chunks_are_joined(end):
    whole = joined_events(": keep-alive\n\nevent: message\n" + "".join(TEXT) + end)
    assert read_completion(whole).content == '{"pairs": []}'
    assert whole["model"] == "m"
    assert whole.get("usage") == ({"prompt_tokens": 3, "completion_tokens": 2} if USAGE in end else None)


def test_reasoning_stays_apart_and_arguments_of_a_call_are_joined():
    calls = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}) for part in ('{"a"', ": 1}")]
    said = read_completion(
        joined_events(chunk({"reasoning_content": "Hm."}) + "".join(calls) + chunk({}, "tool_calls"))
    )
    assert (said.content, said.finish_reason) == ('{"a": 1}', "tool_calls")
    assert said.written.startswith("Hm.")


@pytest.mark.parametrize(
    "text", ["".join(TEXT), "data: {}\n\ndata: [DONE]\n", "data: [1]\n", "data: {\n", "hello", "", "data: [DONE]\n"]
)
def test_a_cut_stream_is_not_a_completion(text):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        joined_events(text)


def test_an_error_in_a_stream_is_the_answer():
    assert joined_events("".join(TEXT) + 'data: {"error": {"code": 402}}\n') == {"error": {"code": 402}}
