"""Made-up answers: valid under the request's schema, the same for the same request, different for different ones."""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

from aig.generators.client.tokens import PER_MESSAGE, PER_REPLY, estimate
from aig.generators.mock_server.forms import form_asked_for, is_form, made_up
from aig.prompts.judging import CRITERIA
from aig.prompts.reply_form import PAIRS

__all__ = ["BadRequestError", "completion", "identity", "input_tokens"]

_WORDS = """sound scene engine wind voice rhythm distance pitch texture crowd street room echo pause tempo mood water
metal wood silence impact motion warning signal laughter machine bird rain footsteps door whisper tone pattern change
""".split()  # noqa: SIM905 - a column of quotes is harder to read
_MOST_ITEMS = 20


class BadRequestError(Exception):
    """The request is one that the real service answers with status 400; `param` names the field."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


def identity(body: dict[str, Any]) -> str:
    """Hash of a request's body, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def input_tokens(body: dict[str, Any]) -> int:
    """Tokens of a request's messages."""
    messages = [message for message in body.get("messages") or () if isinstance(message, dict)]
    return PER_REPLY + sum(PER_MESSAGE + estimate(str(message.get("content", ""))) for message in messages)


def completion(body: dict[str, Any], *, seed: int, pairs: int, cut: bool = False) -> dict[str, Any]:
    """A chat completion object for a request's body.

    Args:
        body: of `POST /chat/completions`.
        seed: of the answers.
        pairs: question-answer pairs where no schema says what is wanted.
        cut: end in the middle, as when the tokens run out.

    Raises:
        BadRequestError: the real service would not take the request.
    """
    _validate(body)
    name = identity(body)
    draw = random.Random(f"{seed}/{name}")
    content = _content(body, draw, pairs)
    tokens = estimate(content)
    limit = int(body.get("max_completion_tokens", body.get("max_tokens", tokens)))
    if cut or tokens > limit:
        content, cut = content[: int(len(content) * min(0.6 if cut else 1.0, limit / max(tokens, 1)))], True
        tokens = min(estimate(content), limit)
    prompt = input_tokens(body)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, "refusal": None},
        "logprobs": None,
        "finish_reason": "length" if cut else "stop",
    }
    return {
        "id": f"chatcmpl-{name[:29]}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens},
        "system_fingerprint": "fp_mock",
    }


def _validate(body: dict[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequestError("you must provide a model parameter", "model")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("[] is too short - 'messages'", "messages")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str) or "role" not in message:
            raise BadRequestError("a message needs role and content", "messages")
    if body.get("stream"):
        raise BadRequestError("this server does not stream", "stream")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object" and not any("json" in m["content"].lower() for m in messages):
        raise BadRequestError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )
    if wanted.get("type") == "json_schema":
        schema = wanted.get("json_schema") or {}
        if not schema.get("name") or not isinstance(schema.get("schema"), dict):
            raise BadRequestError("response_format.json_schema needs name and schema", "response_format")


def _content(body: dict[str, Any], draw: random.Random, pairs: int) -> str:
    wanted = body.get("response_format") or {}
    told = str(body["messages"][-1]["content"])
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]["schema"]
        return json.dumps(_instance(schema, schema, draw, "answer", told))
    if wanted.get("type") == "json_object" and (about := _numbered(body, draw)):
        return json.dumps(about)
    form = form_asked_for(str(body["messages"][0]["content"]))
    items = [made_up(form.keys, draw, told, _text) for _ in range(form.number(pairs))]
    return json.dumps({form.items: items} if wanted.get("type") == "json_object" or form is not PAIRS else items)


_NUMBERED = re.compile(r"^(\d+)\. ", re.MULTILINE)


def _numbered(body: dict[str, Any], draw: random.Random) -> dict[str, Any] | None:
    """Verdicts or guesses about the numbered pairs or questions of the last message, where the first wants them."""
    asked, message = str(body["messages"][0]["content"]), str(body["messages"][-1]["content"])
    numbers = [int(number) for number in _NUMBERED.findall(message)]
    if '"guesses"' in asked:
        return {"guesses": [{"n": number, "answer": _text(draw, "a")} for number in numbers]}
    if '"verdicts"' not in asked:
        return None
    flags = (*CRITERIA, "same_as_guess") if "Guess:" in message else CRITERIA
    return {
        "verdicts": [
            {"n": number, "reason": "Made up."} | {flag: draw.random() < 0.9 for flag in flags} for number in numbers
        ]
    }


def _text(draw: random.Random, name: str) -> str:
    one, two, three, four = draw.sample(_WORDS, 4)
    number = draw.randrange(10**6)
    if name.startswith("q"):
        return f"How does the {one} relate to the {two} of moment {number}, and what suggests it?"
    return (
        f"The {one} and the {two} seem to come from one place, because the {three} of moment {number} follows them "
        f"closely, which points to a {four} nearby rather than to chance."
    )


def _instance(schema: dict[str, Any], root: dict[str, Any], draw: random.Random, name: str, told: str) -> Any:
    """A value that fits the schema: the parts of JSON Schema that structured outputs allow."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _instance(target, root, draw, name, told)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _instance(schema[choice][0], root, draw, name, told)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    properties = schema.get("properties", {})
    if kind == "object" and is_form(properties):
        return made_up(properties, draw, told, _text)
    if kind == "object":
        return {key: _instance(value, root, draw, key, told) for key, value in properties.items()}
    if kind == "array":
        count = min(schema.get("minItems", schema.get("maxItems", 3)), _MOST_ITEMS)
        items = [_instance(schema.get("items", {}), root, draw, name, told) for _ in range(count)]
        for number, item in enumerate(items, 1):
            if isinstance(item, dict) and "n" in item:
                item["n"] = number
        return items
    if kind in {"integer", "number"}:
        low, high = schema.get("minimum", 0), schema.get("maximum", 100)
        return draw.randint(int(low), int(high)) if kind == "integer" else draw.uniform(low, high)
    if kind == "boolean":
        return draw.random() < 0.5
    return None if kind == "null" else _text(draw, name)
