"""From what a server sent to a `Reply`, priced."""

from __future__ import annotations

import time
from typing import Any

from aig.core.decimals import format_decimal
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.prices import Price
from aig.generators.client.tokens import estimate, input_tokens, most_input_tokens, most_output_tokens
from aig.generators.completion import Completion, read_completion

__all__ = ["reply_from", "usage_of"]

_FAR_OFF = 10
_LONGEST_REPLY = 200_000
_OVERHEAD = 20_000
"""A count beyond `_FAR_OFF` times what can be, and these tokens for the provider's own prompts, is not a count."""


def reply_from(body: Any, raw: str, request: ChatRequest, price: Price, mode: str) -> Reply:
    """The reply in a chat completion object.

    Args:
        body: the object.
        raw: the same as the server wrote it.
        request: what it answers.
        price: per token.
        mode: `live` or `batch`.

    Raises:
        NotACompletionError: it is not a chat completion.
    """
    said = read_completion(body)
    tokens_in, tokens_out = usage_of(body, said, request)
    return Reply(
        key=request.key,
        content=said.content,
        model=said.model,
        request_id=said.request_id,
        finish_reason=said.finish_reason,
        refusal=said.refusal,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost_usd=format_decimal(price.cost(tokens_in, tokens_out)),
        answered_at=time.time(),
        dataset=request.dataset,
        prompt=request.prompt,
        mode=mode,
        input_price=format_decimal(price.input),
        output_price=format_decimal(price.output),
        raw=raw.strip(" \t\r\n\ufeff"),
    )


def usage_of(body: dict[str, Any], said: Completion, request: ChatRequest) -> tuple[int, int]:
    """Input and output tokens as the server counted them; estimated where it did not, or where that is not a count.

    A count that is missing, not a whole number, negative, 0 beside a text, or far beyond what the request allows for
    says nothing of what was used.
    """
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    told_in = _count(usage.get("prompt_tokens", usage.get("input_tokens")))
    told_out = _count(usage.get("completion_tokens", usage.get("output_tokens")))
    if not told_in or told_in > _FAR_OFF * most_input_tokens(request) + _OVERHEAD:
        told_in = input_tokens(request)
    most = _FAR_OFF * (most_output_tokens(request) or _LONGEST_REPLY) + _OVERHEAD
    if told_out is None or told_out > most or (told_out == 0 and said.written.strip()):
        told_out = estimate(said.written)
    return told_in, told_out


def _count(value: Any) -> int | None:
    """A number of tokens, 0 or more; `None` where the value is not one."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        whole = int(value)
    except (ValueError, OverflowError):  # not a number, infinite
        return None
    return whole if whole == value and whole >= 0 else None
