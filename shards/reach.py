"""Servers and object stores that do not give what is asked of them, in words a user can act on, without passwords."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from aig.core.errors import AigError, UsageError

__all__ = ["UnreachableError", "causes_of", "reaching", "said_by", "shown", "status_of", "wait_of"]

_LOGIN = (
    "Log in: for s3:// set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, for hf:// set HF_TOKEN, for "
    "https:// ask its owner for an address that you may read."
)
_AGAIN = "Try again later; if it goes on, ask whoever runs the server."
_SEE = "Check the address and the network, then try again."
_ABSENT = (404, 410)


class UnreachableError(UsageError):
    """Something could not be read, so nothing is known of what is there.

    Attributes:
        passing: whether it may go by itself: a cut transfer, a server that fails for a moment.
    """

    def __init__(self, message: str, advice: str, *, passing: bool = False) -> None:
        super().__init__(message, advice)
        self.passing = passing


def shown(url: str) -> str:
    """An address as it may be shown: without user, password and query, which may hold keys."""
    return re.sub(r"(?<=://)[^/@\s'\"]*@|\?[^\s'\"]*", "", url)


@contextlib.contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns what the clients of servers and object stores raise into one error.

    Raises:
        FileNotFoundError: the server says that nothing is at `url`.
        UnreachableError: the server does not let it be read, or breaks off.
    """
    try:
        yield
    except AigError:
        raise
    except Exception as error:
        causes = list(causes_of(error))
        status = next((found for cause in causes if (found := status_of(cause)) is not None), None)
        if status in _ABSENT or (status is None and isinstance(error, FileNotFoundError)):
            raise FileNotFoundError(shown(url)) from error
        remote = "://" in url
        raise UnreachableError(
            f"{shown(url)} cannot be reached: {_reason(causes, status)}",
            _advice(causes, status, remote),
            passing=remote and (status is None or status >= 500 or status == 429),
        ) from error


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, one after the other."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: BaseException) -> int | None:
    """The HTTP status that a client's error carries: aiohttp's and requests', or botocore's."""
    status = getattr(error, "status", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return status
    response = getattr(error, "response", None)
    found = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
    return found if isinstance(found, int) else None


def said_by(error: BaseException) -> str:
    """The words of the Hugging Face hub that an error of its client carries, on one line; empty where it has none."""
    said = getattr(error, "server_message", None)
    return shown(" ".join(said.split())[:300]).rstrip(".") if isinstance(said, str) else ""


def wait_of(error: BaseException | None) -> int | None:
    """Seconds after which a server that takes no more requests wants to be asked again, where it says so."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    window = re.search(r"\bt\s*=\s*(\d+)", headers.get("ratelimit", ""))  # the hub's: "api";r=0;t=55
    said = window[1] if window else str(headers.get("retry-after", ""))
    return int(said) if said.isdigit() else None


def _reason(causes: list[BaseException], status: int | None) -> str:
    if status is not None:
        words = next((said for cause in causes if (said := said_by(cause))), "")
        return f"the server answers {status}" + (f", {words}" if words else "")
    first = causes[0]
    text = str(first).strip().splitlines()
    return shown(text[0][:300]) if text else type(first).__name__


def _advice(causes: list[BaseException], status: int | None, remote: bool) -> str:
    if not remote:
        return "See that this user may read it, and that every part of the path but the last is a folder."
    if any(type(cause).__name__ == "GatedRepoError" for cause in causes):
        return "Ask for access on its page on the hub, and set HF_TOKEN to a token of whoever was given it."
    if status == 429:
        wait = next((found for cause in causes if (found := wait_of(cause)) is not None), None)
        when = "in some minutes" if wait is None else f"in {wait} seconds"
        return f"Try again {when}; on the hub, more is let through where HF_TOKEN is set."
    if status in (401, 403) or any(
        isinstance(cause, PermissionError) or "Credentials" in type(cause).__name__ for cause in causes
    ):
        return _LOGIN
    return _AGAIN if status is not None and status >= 500 else _SEE
