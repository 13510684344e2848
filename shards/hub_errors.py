"""What the Hugging Face hub refuses, in words a user can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from aig.core.errors import AigError, DataError, UsageError
from aig.shards.reach import causes_of, said_by, status_of, wait_of

__all__ = ["refusals"]

_TOKENS = "https://huggingface.co/settings/tokens"


@contextlib.contextmanager
def refusals(name: str) -> Iterator[None]:
    """Turns what the hub's client raises while a set is pushed to `name` into an error that says what to do.

    Raises:
        UsageError: there is no such repository, this login may not write to it, or the set is not as the hub wants it.
        DataError: the hub did not take the set.
    """
    try:
        yield
    except AigError:
        raise
    except Exception as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: Exception) -> AigError:
    causes = list(causes_of(error))
    answer = next((cause for cause in causes if status_of(cause) is not None), None)
    status = None if answer is None else status_of(answer)
    said = (answer and said_by(answer)) or _first_line(causes[-1] if answer is None else answer)
    if status == 401:
        return UsageError(
            f"the hub does not accept this login for {name}: it answers 401, {said}",
            f"Check that HF_TOKEN is a token that has not expired and may write to it: {_TOKENS}.",
        )
    if status == 403 and not _of_hub(answer):
        return DataError(
            f"the hub's store did not take a file: it answers 403, {said}",
            "Push again: what is uploaded already is not sent twice. If it goes on, look at this machine's clock.",
        )
    if status in (403, 404):
        return UsageError(
            f"the hub does not let this login write to {name}: it answers {status}, {said}",
            f"Check the name, and that HF_TOKEN is a token that may write to it: {_TOKENS}.",
        )
    if status in (409, 412):
        return DataError(f"somebody else pushed to {name} meanwhile", "Push again.")
    if status == 429:
        wait = wait_of(answer)
        when = "in some minutes" if wait is None else f"in {wait} seconds"
        return DataError(f"the hub takes no more requests for now: {said}", f"Push again {when}: it continues.")
    if (status is not None and status < 500) or (status is None and isinstance(error, ValueError)):
        return UsageError(f"the hub refuses the set: {said}", "Correct it, and push again.")
    return DataError(f"the hub did not take the set: {said}", "Push again: what is uploaded already is not sent twice.")


def _of_hub(answer: BaseException | None) -> bool:
    """Whether an answer is the hub's own, and not of the store that it sends large files to."""
    from huggingface_hub import constants

    from aig.shards.hub_files import endpoint

    asked = getattr(getattr(answer, "response", None), "url", None)
    return asked is None or urlsplit(str(asked)).netloc == urlsplit(endpoint() or constants.ENDPOINT).netloc


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).strip().splitlines() if line.strip()), type(error).__name__)[:300]
