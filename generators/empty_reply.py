"""Replies that hold no text: why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from aig.generators.chat import Reply

__all__ = ["Emptiness", "why_empty"]

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Why a reply holds nothing.

    Attributes:
        rule: short name.
        reason: what the server reported.
        advice: what to do where most replies are like this.
    """

    rule: str
    reason: str
    advice: str


def why_empty(reply: Reply) -> Emptiness | None:
    """Why a reply holds no text for a reader, `None` where it does."""
    if reply.content.strip():
        return None
    if reply.refusal.strip():
        said = " ".join(reply.refusal.split())
        return Emptiness("refusal", f"the model refused: {said[:_LONGEST]}", "Change the prompt, or ask another model.")
    if reply.finish_reason in ("length", "max_tokens", "MAX_TOKENS"):
        return Emptiness(
            "token_limit",
            "the reply ended at the token limit before the answer began",
            "Raise generate.max_tokens, or let the model reason less.",
        )
    if reply.finish_reason.lower() in ("content_filter", "safety", "prohibited_content", "recitation"):
        return Emptiness(
            "content_filter",
            "the provider's content filter held the reply back",
            "See the provider's settings of its filter, or ask another provider.",
        )
    return Emptiness(
        "empty_reply",
        f"the reply holds no text (finish reason: {reply.finish_reason or 'not reported'})",
        "Look at what is asked (aig prompts render), or try another generate.response_format or model.",
    )
