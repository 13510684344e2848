"""Chat completions in the shapes that servers give them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aig.generators.completion import NotACompletionError, read_completion


def body(**message: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "model": "m",
        "choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}],
    }


TOOL = {"id": "c", "type": "function", "function": {"name": "answer", "arguments": '{"q": 1}'}}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": "text"}, "text"),
        ({"content": None}, ""),
        ({}, ""),
        ({"content": ["a", {"type": "text", "text": "b"}, {"text": "c"}]}, "abc"),
        ({"content": [{"type": "output_text", "text": '{"q":'}, {"type": "output_text", "text": "1}"}]}, '{"q":1}'),
        ({"content": [{"type": "thinking", "thinking": "draft"}, {"type": "text", "text": "final"}]}, "final"),
        ({"content": {"type": "text", "text": "b"}}, "b"),
        ({"content": {"pairs": []}}, '{"pairs": []}'),
        ({"content": 7}, "7"),
        ({"content": None, "tool_calls": [TOOL]}, '{"q": 1}'),
        ({"content": "  ", "tool_calls": [TOOL, TOOL]}, '{"q": 1}{"q": 1}'),
        ({"content": None, "tool_calls": [{"function": {"arguments": {"q": 1}}}]}, '{"q": 1}'),
        ({"content": None, "function_call": {"arguments": '{"q": 1}'}}, '{"q": 1}'),
        ({"content": "text", "tool_calls": [TOOL]}, "text"),
        ({"content": None, "tool_calls": "none"}, ""),
        ({"content": "<think>draft</think>final"}, "final"),
        ({"content": "half a \ud83d"}, "half a \ufffd"),
    ],
)
def test_the_text_of_a_message_is_found(message: dict[str, Any], content: str) -> None:
    assert read_completion(body(**message)).content == content


def test_refusals_are_told_apart() -> None:
    assert read_completion(body(content=None, refusal="I can't.")).refusal == "I can't."
    assert read_completion(body(content=[{"type": "refusal", "refusal": "No."}])).refusal == "No."
    assert read_completion(body(content="text", refusal=None)).refusal == ""


def test_all_that_was_written_counts() -> None:
    said = read_completion(body(content="<think>draft</think>final", reasoning_content="long "))
    assert said.written == "long <think>draft</think>final"
    assert read_completion(body(content="", tool_calls=[TOOL])).written == '{"q": 1}'


def test_names_are_texts_of_some_length() -> None:
    odd = body(content="x") | {"id": 7, "model": "m" * 10_000}
    odd["choices"][0]["finish_reason"] = None
    said = read_completion(odd)
    assert (said.request_id, len(said.model), said.finish_reason) == ("7", 200, "")


@pytest.mark.parametrize(
    "document",
    [
        "null",
        "[]",
        "{}",
        '"x"',
        '{"choices": null}',
        '{"choices": []}',
        '{"choices": {}}',
        '{"choices": [null]}',
        '{"choices": [{}]}',
        '{"choices": [{"message": "text"}]}',
        '{"choices": [{"text": "a completion of old"}]}',
    ],
)
def test_other_documents_are_refused(document: str) -> None:
    with pytest.raises(NotACompletionError):
        read_completion(json.loads(document))
