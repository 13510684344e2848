"""What the test server does: latency, limits, faults."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from aig.core.settings import Strict

__all__ = ["FAULTS", "MockSettings"]

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]

FAULTS: dict[str, str] = {
    "rate_limited": "429 with Retry-After",
    "quota": "429 insufficient_quota",
    "server_error": "500",
    "unavailable": "503 with Retry-After",
    "bad_request": "400",
    "dropped": "the connection closes without an answer",
    "half_body": "the connection closes in the middle of the body",
    "malformed": "status 200, a body that is not JSON",
    "wrong_type": "status 200, an HTML page",
    "slow_drip": "the body comes in single pieces, slowly",
    "truncated": "finish_reason length, the content cut",
    "slow": "an answer after slow_s",
}
"""Fault by name, and what it looks like from outside."""


class MockSettings(Strict):
    """Settings of the test server.

    Attributes:
        seed: of faults, latencies and answers.
        latency_s: time an answer takes.
        latency_sigma: spread of it, sigma of a log-normal distribution around `latency_s`; 0: always the same.
        faults: share of tries that meet each fault of `FAULTS`, by name; together at most 1.
        fault_tries: faults stop after this many tries of one request; 0: never.
        retry_after_s: what `Retry-After` says.
        slow_s: time of a slow answer or a slow drip.
        requests_per_minute: more in any minute are answered 429, and the headers state it; `None`: no limit.
        tokens_per_minute: the same for input tokens and `max_tokens`.
        api_key: needed as bearer token; `None`: any or none.
        models: names that are known; empty: every name.
        pairs: question-answer pairs in an answer without a schema.
        quota_requests: answers before the quota is used up; `None`: no quota.
        batch_s: time a batch takes.
        batch_expired: share of a batch's requests that do not come to their turn.
        batch_failed: share of a batch's requests that end in a server error.
        batch_tokens: tokens that may be waiting in batches together; `None`: no limit.
    """

    seed: int = 0
    latency_s: Seconds = 0.0
    latency_sigma: Annotated[float, Field(ge=0)] = 0.0
    faults: dict[str, Share] = Field(default_factory=dict)
    fault_tries: Annotated[int, Field(ge=0)] = 0
    retry_after_s: Seconds = 1.0
    slow_s: Seconds = 3.0
    requests_per_minute: Annotated[int, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[int, Field(gt=0)] | None = None
    api_key: str | None = None
    models: tuple[str, ...] = ()
    pairs: Annotated[int, Field(ge=1)] = 5
    quota_requests: Annotated[int, Field(ge=0)] | None = None
    batch_s: Seconds = 1.0
    batch_expired: Share = 0.0
    batch_failed: Share = 0.0
    batch_tokens: Annotated[int, Field(gt=0)] | None = None

    @field_validator("faults")
    @classmethod
    def _known(cls, faults: dict[str, float]) -> dict[str, float]:
        unknown = faults.keys() - FAULTS.keys()
        if unknown:
            raise ValueError(f"no fault named {', '.join(sorted(unknown))}; there are: {', '.join(FAULTS)}")
        if sum(faults.values()) > 1:
            raise ValueError("the shares of all faults together exceed 1")
        return faults
