"""What a chat completion says, whatever shape the server gave it: the answer's text, a refusal, an error inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aig.generators.reasoning import final_text

__all__ = ["Completion", "NotACompletionError", "read_completion"]

_LONGEST_NAME = 200


class NotACompletionError(ValueError):
    """A server's answer is JSON, but not a chat completion."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice of a chat completion.

    Attributes:
        content: the answer's text, without the model's reasoning; empty where the model gave none.
        written: all that the model wrote, reasoning and tool calls included, as far as the server shows it.
        refusal: what the model said where it refused; else empty.
        finish_reason: as the server reported it; empty where it did not.
        model: as the server reported it; empty where it did not.
        request_id: the server's id of the completion; empty where it gave none.
    """

    content: str
    written: str
    refusal: str
    finish_reason: str
    model: str
    request_id: str


def read_completion(body: Any) -> Completion:
    """Reads a decoded chat completion.

    The text of a list of parts is joined; where a message has no text, the arguments of its tool calls are its text.
    Half a surrogate pair, which no file can hold, becomes U+FFFD.

    Raises:
        NotACompletionError: the body is something else.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise NotACompletionError("the body is not a chat completion")
    text = _text(message.get("content"))
    called = "" if text.strip() else _arguments(message)
    reasoning = next((_text(message[name]) for name in ("reasoning_content", "reasoning") if message.get(name)), "")
    return Completion(
        content=_encodable(called or final_text(text)),
        written=_encodable(reasoning + text + called),
        refusal=_encodable(_text(message.get("refusal")) or _refusal_part(message.get("content"))),
        finish_reason=_name(choice.get("finish_reason")),
        model=_name(body.get("model")),
        request_id=_name(body.get("id")),
    )


def _text(value: Any) -> str:
    """The text of a message's content: a text, a list of parts, or an object where a server decoded it already."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, list):
        return "".join(_part(part) for part in value)
    if isinstance(value, dict):
        return _part(value) if isinstance(value.get("text"), str) else json.dumps(value)
    return str(value)


def _part(part: Any) -> str:
    """The text of one part; parts of other kinds (thinking, images, refusals) have none."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text"):
        text = part.get("text")
        return text if isinstance(text, str) else ""
    return ""


def _refusal_part(content: Any) -> str:
    parts = content if isinstance(content, list) else []
    said = (part.get("refusal") for part in parts if isinstance(part, dict))
    return "".join(text for text in said if isinstance(text, str))


def _arguments(message: dict[str, Any]) -> str:
    """The arguments of a message's tool calls, end to end."""
    calls = message.get("tool_calls")
    functions = [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    functions.append(message.get("function_call"))
    return "".join(_text(function.get("arguments")) for function in functions if isinstance(function, dict))


def _name(value: Any) -> str:
    return _encodable("" if value is None else str(value))[:_LONGEST_NAME]


def _encodable(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
