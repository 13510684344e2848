"""What an answer other than a good one means: try again, give this request up, or stop the run."""

from __future__ import annotations

import json
from typing import Any

from aig.core.errors import DataError, UsageError
from aig.core.retry_after import retry_after_s
from aig.generators.client.endpoint import Answer, Endpoint

__all__ = ["RejectedError", "RetryableError", "check", "malformed"]

_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"}
_PASSING = {408, 409, 425}
_LONGEST_MESSAGE = 500


class RetryableError(Exception):
    """The request may be sent again.

    Attributes:
        reason: what happened, free of the request's content.
        after_s: seconds the server asks to wait; `None`: it does not say.
        limited: the server said too many (429), so the request is not to blame.
        maybe_paid: the model may have answered, and the provider may charge for it.
    """

    def __init__(
        self,
        reason: str,
        *,
        after_s: float | None = None,
        limited: bool = False,
        maybe_paid: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.limited = limited
        self.maybe_paid = maybe_paid


class RejectedError(Exception):
    """The request will not be answered, however often it is sent.

    Attributes:
        error: short name.
        message: what the server said.
        advice: what to do.
    """

    def __init__(self, error: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.advice = advice


def check(answer: Answer, endpoint: Endpoint, model: str) -> None:
    """Returns where the status says that the answer is good.

    Raises:
        RetryableError: too many requests, or a fault that may pass.
        RejectedError: the server does not take this request.
        AigError: no request will be answered: the run must stop.
    """
    if answer.status == 200:
        return
    code, said = _said(answer, endpoint)
    if answer.status == 429:
        if code in _QUOTA:
            raise DataError(
                f"{endpoint.url}: the quota is used up ({said})",
                "Raise the account's limit or use another key, then run the same command again: it continues.",
            )
        raise RetryableError(said, after_s=retry_after_s(answer.headers), limited=True)
    if answer.status >= 500 or answer.status in _PASSING:
        raise RetryableError(f"status {answer.status}", after_s=retry_after_s(answer.headers))
    if answer.status in {401, 403}:
        raise UsageError(f"{endpoint.url} does not accept the key: {said}", f"Set {endpoint.key_name} to a valid key.")
    if answer.status == 404:
        raise UsageError(
            f"{endpoint.url} knows no model {model!r}, or is not a chat completions endpoint: {said}",
            "Correct generate.model or generate.base_url (it ends in /v1).",
        )
    if answer.status < 400:
        raise UsageError(f"{endpoint.url} answers with status {answer.status}", "Correct generate.base_url.")
    raise RejectedError(
        code or f"status_{answer.status}", said, "See what the server says; other requests are not concerned."
    )


def malformed(answer: Answer, why: str) -> RetryableError:
    """The fault of a reply with status 200 that holds no reply."""
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    return RetryableError(f"status 200 without a reply: {why} ({kind}, {len(answer.body)} bytes)", maybe_paid=True)


def _said(answer: Answer, endpoint: Endpoint) -> tuple[str, str]:
    """The error's code and message, in the forms servers use, without the key and not too long."""
    try:
        body: Any = json.loads(answer.body)
    except ValueError:
        body = None
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, dict):
        code, message = error.get("code") or error.get("type"), error.get("message") or error.get("detail")
    else:
        code, message = None, error
    text = str(message) if message else f"status {answer.status}"
    return str(code or ""), endpoint.redacted(text)[:_LONGEST_MESSAGE]
