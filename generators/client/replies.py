"""From what a server sent to a `Reply`, priced."""

from __future__ import annotations

import json
import time
from typing import Any

from aig.core.decimals import format_decimal
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.endpoint import Answer
from aig.generators.client.errors import malformed
from aig.generators.client.prices import Price
from aig.generators.client.tokens import estimate, input_tokens
from aig.generators.ledger.entries import content_of

__all__ = ["read_reply", "reply_from"]


def read_reply(answer: Answer, request: ChatRequest, price: Price) -> Reply:
    """The reply in a good answer.

    Raises:
        RetryableError: there is none in it.
    """
    try:
        body: Any = json.loads(answer.body)
        return reply_from(body, answer.body.decode("utf-8", "surrogatepass"), request, price, "live")
    except ValueError:
        raise malformed(answer, "the body is not JSON") from None
    except (KeyError, IndexError, TypeError, AttributeError):
        raise malformed(answer, "the body is not a chat completion") from None


def reply_from(body: Any, raw: str, request: ChatRequest, price: Price, mode: str) -> Reply:
    """The reply in a chat completion object. Where the server does not count tokens, they are estimated.

    Args:
        body: the object.
        raw: the same as the server wrote it.
        request: what it answers.
        price: per token.
        mode: `live` or `batch`.

    Raises:
        KeyError, IndexError, TypeError, AttributeError, ValueError: it is not a chat completion.
    """
    content = content_of(body)
    usage = body.get("usage") or {}
    tokens_in = int(usage["prompt_tokens"] if "prompt_tokens" in usage else input_tokens(request))
    tokens_out = int(usage["completion_tokens"] if "completion_tokens" in usage else estimate(content))
    return Reply(
        key=request.key,
        content=content,
        model=str(body.get("model") or ""),
        request_id=str(body.get("id") or ""),
        finish_reason=str(body["choices"][0].get("finish_reason") or ""),
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost_usd=format_decimal(price.cost(tokens_in, tokens_out)),
        answered_at=time.time(),
        dataset=request.dataset,
        prompt=request.prompt,
        mode=mode,
        input_price=format_decimal(price.input),
        output_price=format_decimal(price.output),
        raw=raw,
    )
