"""A streamed chat completion as the whole that it adds up to, from gateways that stream whether asked to or not."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["joined_events"]

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


def joined_events(text: str) -> dict[str, Any]:
    """The chat completion that server-sent events hold in chunks.

    Args:
        text: lines of `data: {...}`, the last of them `data: [DONE]` or one with a finish reason.

    Raises:
        ValueError: it is something else, or ends before the completion does.
    """
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {}
    arguments: dict[int, str] = {}
    finish = None
    ended = False
    for line in text.splitlines():
        name, _, data = line.partition(":")
        if name != "data":
            continue
        if data.strip() == "[DONE]":
            ended = True
            break
        chunk = json.loads(data)
        if not isinstance(chunk, dict):
            raise ValueError("an event is not an object")
        if chunk.get("error"):
            return chunk
        whole |= {key: chunk[key] for key in ("id", "model", "usage") if chunk.get(key)}
        choice = next((one for one in _list(chunk.get("choices")) if one.get("index", 0) == 0), {})
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        for key in _TEXTS:
            if isinstance(delta.get(key), str):
                message[key] = message.get(key, "") + delta[key]
        for call in _list(delta.get("tool_calls")):
            function = call.get("function")
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                at = call.get("index")
                at = at if isinstance(at, int) else 0
                arguments[at] = arguments.get(at, "") + function["arguments"]
        finish = choice.get("finish_reason") or finish
    if not (message or arguments or finish) or not (ended or finish):
        raise ValueError("not a whole stream of chat completion chunks")
    if arguments:
        message["tool_calls"] = [{"function": {"arguments": text}} for _, text in sorted(arguments.items())]
    return {**whole, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
