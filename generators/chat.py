"""What is sent to a chat model and what comes back, as values: no client, no network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["ChatRequest", "Reply"]


@dataclass(frozen=True)
class ChatRequest:
    """One request for a chat completion.

    Attributes:
        model: name the server knows the model by.
        messages: `{"role", "content"}` each, in order.
        parameters: sampling parameters sent as they are, such as `max_tokens`, `temperature`, `seed`.
        schema: JSON schema the answer must fit, where the server can enforce one; else `None`.
        dataset: for accounts of cost only; not part of the key.
        prompt: name and version of the prompt, for accounts of cost only; not part of the key.
    """

    model: str
    messages: tuple[Mapping[str, str], ...]
    parameters: Mapping[str, Any]
    schema: Mapping[str, Any] | None = None
    dataset: str = ""
    prompt: str = ""

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that shapes the answer: the identity under which a reply is paid once and kept."""
        content = [self.model, [dict(m) for m in self.messages], dict(self.parameters), self.schema]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered to a request, as kept in the ledger.

    Attributes:
        key: of the request.
        content: the message's text, without the model's reasoning.
        model: as the server reported it.
        request_id: the server's id of the completion.
        finish_reason: as the server reported it: `stop`, `length`, `content_filter`.
        input_tokens: as the server counted them.
        output_tokens: as the server counted them.
        cost_usd: what this reply cost, a decimal number as text.
        answered_at: seconds since 1970 (UTC).
        dataset: of the request, for accounts of cost only.
        prompt: of the request, for accounts of cost only.
        mode: `live` or `batch`.
        input_price: US dollars per million input tokens at which the cost was counted.
        output_price: the same for output tokens.
        refusal: what the model said where it refused; else empty.
        raw: the server's whole answer as JSON; empty for a reply that no server sent.
    """

    key: str
    content: str
    model: str
    request_id: str
    finish_reason: str
    input_tokens: int
    output_tokens: int
    cost_usd: str
    answered_at: float
    dataset: str = ""
    prompt: str = ""
    mode: str = "live"
    input_price: str = "0"
    output_price: str = "0"
    refusal: str = ""
    raw: str = ""
