"""What an answer other than a good one means: try again, give this request up, or stop the run.

What concerns one request (its content, its length) never stops the others. What concerns the account or the endpoint
stops the run. Where a status can mean either, as 403 and 404 do, the request is given up, and the run stops only where
requests are given up so one after another, or none was ever answered: `RejectedError.stop` says with what.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from aig.core.errors import AigError, DataError, UsageError
from aig.core.retry_after import retry_after_s
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.endpoint import Answer, Endpoint
from aig.generators.client.prices import Price
from aig.generators.client.replies import reply_from, usage_of
from aig.generators.completion import NotACompletionError, read_completion
from aig.generators.event_stream import joined_events

__all__ = ["RejectedError", "RetryableError", "check", "read_reply"]

_QUOTA = re.compile(
    r"insufficient_(?:quota|balance|credits?|funds)|billing\w*|account_(?:deactivated|suspended)|payment_required|"
    r"exceeded_current_quota\w*|quota_exhausted|credit_balance\w*",
    re.IGNORECASE,
)
"""Codes of an account that has nothing left, under whatever status."""

_BROKE = re.compile(
    r"(?:insufficient|not enough) (?:account )?(?:balance|credits?|funds)|credit balance|out of credits?|"
    r"payment required|account (?:is |has been )?(?:suspended|deactivated|disabled)|in arrears|overdue",
    re.IGNORECASE,
)
_QUOTA_TEXT = re.compile(r"\bquota\b|\bbilling\b|spend(?:ing)? limit", re.IGNORECASE)
"""Words on money; a limit per minute (429) may speak of a quota too, so there they say nothing."""

_ABOUT_CONTENT = re.compile(
    r"\bflagged\b|moderat|content[ _-]?(?:filter|polic|management|violat|safety)|safety|responsible ?ai|"
    r"inappropriate|violat\w+ (?:of )?(?:our|the|usage)|data_inspection",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(
    r"(?:request|prompt|input|message|context)\b.{0,40}\btoo (?:large|long|big)|must be reduced|"
    r"context[ _]length|maximum context",
    re.IGNORECASE | re.DOTALL,
)
_KEY = re.compile(r"api[ _-]?key|credential|authenticat|unauthori[sz]ed", re.IGNORECASE)

_PASSING = {408, 409, 425}
_ELSEWHERE = {404, 405, 410}
_LONGEST_MESSAGE = 500
_MESSAGES = ("message", "detail", "error_msg", "msg")
_SEE = "See what the server says; other requests are not concerned."


class RetryableError(Exception):
    """The request may be sent again.

    Attributes:
        reason: what happened, free of the request's content.
        after_s: seconds the server asks to wait; `None`: it does not say.
        limited: the server said too many (429), so the request is not to blame.
        maybe_paid: the model may have answered, and the provider may charge for it.
        tokens: input and output tokens the server counted for it, where it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        after_s: float | None = None,
        limited: bool = False,
        maybe_paid: bool = False,
        tokens: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.limited = limited
        self.maybe_paid = maybe_paid
        self.tokens = tokens


class RejectedError(Exception):
    """The request will not be answered, however often it is sent.

    Attributes:
        error: short name.
        message: what the server said.
        advice: what to do.
        stop: what ends the run where this is so of all requests.
        at_first: how many in a row show that it is so of all requests, before any was answered.
        later: the same once some were answered.
    """

    def __init__(
        self, error: str, message: str, advice: str = _SEE, *, stop: AigError, at_first: int = 20, later: int = 20
    ) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.advice = advice
        self.stop = stop
        self.at_first = at_first
        self.later = later


@dataclass(frozen=True, slots=True)
class _Said:
    """An error as a server states it: the names it goes by, and its text."""

    names: str
    text: str


def check(answer: Answer, endpoint: Endpoint, model: str, *, outage_s: float = float("inf")) -> None:
    """Returns where the status says that the answer is good.

    Args:
        answer: of the server.
        endpoint: where it came from.
        model: that was asked.
        outage_s: a server that asks to wait for longer cannot be waited for.

    Raises:
        RetryableError: too many requests, or a fault that may pass.
        RejectedError: the server does not take this request.
        AigError: no request will be answered: the run must stop.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    said = _said(answer, endpoint)
    if status == 402 or _QUOTA.search(said.names) or _is_about_money(status, said.text):
        raise DataError(
            f"{endpoint.url}: the quota is used up, or the account's credit: {said.text or f'status {status}'}",
            "Raise the limit or top the account up, or use another key; then run the same command again: it continues.",
        )
    if status == 429 and not _TOO_LARGE.search(said.text):
        text = said.text or "too many requests"
        raise _later(RetryableError(text, after_s=retry_after_s(answer.headers), limited=True), endpoint, outage_s)
    if status >= 500 or status in _PASSING:
        reason = f"status {status}: {said.text}" if said.text else f"status {status}"
        raise _later(RetryableError(reason, after_s=retry_after_s(answer.headers)), endpoint, outage_s)
    if status < 400:
        raise UsageError(f"{endpoint.url} answers with status {status}", "Correct generate.base_url.")
    if status == 407:
        raise UsageError(
            f"{endpoint.url}: the proxy wants a login: {said.text}", "Set HTTPS_PROXY with user and password."
        )
    raise _rejected(status, said, endpoint, model)


def _is_about_money(status: int, text: str) -> bool:
    if status not in (400, 401, 403, 429):
        return False
    return bool(_BROKE.search(text) or (status != 429 and _QUOTA_TEXT.search(text)))


def _later(error: RetryableError, endpoint: Endpoint, outage_s: float) -> RetryableError | RejectedError:
    """The same, unless the server asks to wait for longer than an outage may last."""
    if error.after_s is None or error.after_s <= outage_s:
        return error
    wait = f"asks to wait for {_spoken(error.after_s)}: {error.reason}"
    stop = DataError(
        f"{endpoint.url} {wait}",
        f"Run the same command again after that: it continues. To wait for it instead, set generate.outage_s to more "
        f"than {error.after_s:.0f}.",
    )
    return RejectedError(
        "no_reply", f"the server {wait}", "Run the same command again later.", stop=stop, at_first=3, later=3
    )


def _spoken(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours >= 1.5 else f"{seconds:.0f} s"


def _rejected(status: int, said: _Said, endpoint: Endpoint, model: str) -> RejectedError:
    text = said.text or f"status {status}"
    if status == 451 or (status != 401 and _ABOUT_CONTENT.search(f"{said.names} {said.text}")):
        stop = UsageError(
            f"{endpoint.url} refused every request for its content, the last: {text}",
            "See the provider's rules; look at what is asked: aig prompts render.",
        )
        return RejectedError("content_filter", text, stop=stop, later=500)
    if status == 413 or _TOO_LARGE.search(said.text):
        stop = UsageError(
            f"{endpoint.url} takes no request of this length: {text}",
            "Lower generate.max_tokens, or ask another model or account.",
        )
        return RejectedError("too_large", text, "Lower generate.max_tokens.", stop=stop)
    if status in (401, 403) or (status == 400 and _KEY.search(f"{said.names} {said.text}")):
        stop = UsageError(
            f"{endpoint.url} does not accept the key: {text}",
            f"Set {endpoint.key_name} to a valid key that may use the model {model}.",
        )
        patience = (1, 3) if status == 401 else (3, 20)
        return RejectedError(f"status_{status}", text, stop=stop, at_first=patience[0], later=patience[1])
    if status in _ELSEWHERE:
        stop = UsageError(
            f"{endpoint.url} knows no model {model!r}, or is not a chat completions endpoint: {text}",
            "Correct generate.model or generate.base_url (it ends in /v1).",
        )
        return RejectedError(f"status_{status}", text, stop=stop, at_first=3)
    stop = UsageError(
        f"{endpoint.url} refused 20 requests in a row, the last: {text}",
        "Correct generate.model, generate.response_format or generate.max_tokens_name, whichever the server names.",
    )
    return RejectedError(said.names.partition(" ")[0] or f"status_{status}", text, stop=stop)


def read_reply(
    answer: Answer,
    request: ChatRequest,
    price: Price,
    endpoint: Endpoint,
    *,
    mode: str = "live",
    outage_s: float = float("inf"),
) -> Reply:
    """The reply in an answer with a good status. An error inside it counts as if its code were the status.

    Raises:
        RetryableError, RejectedError, AigError: there is none in it; see `check`.
    """
    try:
        raw = answer.body.decode("utf-8-sig")
        if raw.lstrip().startswith(("data:", "event:", ":")):
            raw = json.dumps(joined_events(raw))
        body: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise _malformed(answer, "the body is not JSON") from None
    try:
        if inside := _error_inside(body):
            _check_inside(inside, answer, endpoint, request.model, outage_s)
        return reply_from(body, raw, request, price, mode)
    except RetryableError as error:
        # Where there is a choice the model has worked, and what it wrote may have to be paid for.
        error.maybe_paid = bool(body.get("choices"))
        error.tokens = _tokens(body, request)
        raise
    except NotACompletionError as error:
        raise _malformed(answer, str(error)) from None


def _error_inside(body: Any) -> dict[str, Any] | None:
    """The error that an answer with a good status holds instead of a choice, or in its first one."""
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(choice, dict):
        if choice.get("error"):
            return {"error": choice["error"]}
        return {"error": {"message": "the provider failed"}} if choice.get("finish_reason") == "error" else None
    if body.get("error"):
        return {"error": body["error"]}
    return {"error": body} if any(body.get(name) for name in _MESSAGES) else None


def _check_inside(inside: dict[str, Any], answer: Answer, endpoint: Endpoint, model: str, outage_s: float) -> None:
    """Raises what an error inside an answer means: its code as if it were the status, else a fault that may pass."""
    error = inside["error"]
    code = str(error.get("code") or error.get("status") or "") if isinstance(error, dict) else ""
    named = 429 if "rate_limit" in code else 500
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else named
    stated = Answer(status, answer.headers, json.dumps(inside).encode())
    try:
        check(stated, endpoint, model, outage_s=outage_s)
    except RetryableError as fault:
        if code != str(status):  # it is ours, not the server's
            fault.reason = fault.reason.removeprefix(f"status {status}: ")
        raise


def _tokens(body: dict[str, Any], request: ChatRequest) -> tuple[int, int] | None:
    try:
        return usage_of(body, read_completion(body), request) if body.get("usage") else None
    except NotACompletionError:
        return None


def _malformed(answer: Answer, why: str) -> RetryableError:
    """The fault of an answer with a good status that holds no reply."""
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    return RetryableError(
        f"status {answer.status} without a reply: {why} ({kind}, {len(answer.body)} bytes)", maybe_paid=True
    )


def _said(answer: Answer, endpoint: Endpoint) -> _Said:
    """The error's names and message, in the forms servers use, without the key and not too long."""
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, list) and body:  # as Google's endpoint wraps it
        body = body[0]
    error = body.get("error") or body if isinstance(body, dict) else None
    names: list[str] = []
    message: Any = error
    if isinstance(error, dict):
        names = [error[name] for name in ("code", "type", "status") if isinstance(error.get(name), str)]
        message = next((error[name] for name in _MESSAGES if error.get(name)), None)
    text = message if isinstance(message, str) else json.dumps(message) if message else ""
    return _Said(" ".join(names), " ".join(endpoint.redacted(text).split())[:_LONGEST_MESSAGE])
