"""What the ledger keeps, and how it is written: replies, charges for lost ones, money in flight, what runs did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from aig.generators.chat import Reply
from aig.generators.completion import read_completion
from aig.generators.ledger.log_format import NO_KEY, encode

__all__ = ["Asked", "Charge", "Entry", "Exposure", "reply_of", "to_line"]

_ACCOUNT = ("dataset", "prompt", "mode", "input_price", "output_price", "input_tokens", "output_tokens", "answered_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money a request may have cost although no reply arrived: a lost connection, a reply cut short.

    Attributes:
        key: of the request.
        cost_usd: the most it can have cost, a decimal number as text.
        reason: what happened.
        at: seconds since 1970 (UTC).
    """

    key: str
    cost_usd: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The most that requests in flight may cost together from here on; a run that ends well ends with 0.

    Attributes:
        cost_usd: a decimal number as text.
        at: seconds since 1970 (UTC).
    """

    cost_usd: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run did, written at its end.

    Attributes:
        answered: replies it added.
        cached: requests whose reply was there already.
        failed: requests it gave up.
        at: seconds since 1970 (UTC).
    """

    answered: int
    cached: int
    failed: int
    at: float


Entry = Reply | Charge | Exposure | Asked


def to_line(entry: Entry) -> bytes:
    """The entry as a line of a segment."""
    if isinstance(entry, Charge):
        return encode("charge", entry.key, entry.cost_usd, {"reason": entry.reason, "at": entry.at})
    if isinstance(entry, Asked):
        return encode("asked", NO_KEY, "0", asdict(entry))
    if isinstance(entry, Exposure):
        return encode("exposure", NO_KEY, entry.cost_usd, {"at": entry.at})
    account = {name: getattr(entry, name) for name in _ACCOUNT}
    return encode("reply", entry.key, entry.cost_usd, account, entry.raw or json.dumps(_body(entry)))


def reply_of(fields: dict[str, Any], raw: str) -> Reply:
    """The reply in the fields of a line, with the server's answer as it was sent."""
    said = read_completion(fields["reply"])
    return Reply(
        key=fields["key"],
        content=said.content,
        model=said.model,
        request_id=said.request_id,
        finish_reason=said.finish_reason,
        refusal=said.refusal,
        cost_usd=fields["cost_usd"],
        raw=raw,
        **{name: fields[name] for name in _ACCOUNT},
    )


def _body(reply: Reply) -> dict[str, Any]:
    """A chat completion as a server would have sent it, for a reply without its raw answer."""
    message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal or None}
    return {
        "id": reply.request_id,
        "model": reply.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": {"prompt_tokens": reply.input_tokens, "completion_tokens": reply.output_tokens},
    }
