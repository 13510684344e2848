"""A circuit breaker: when every request fails, one at a time is tried, and after a while the run stops."""

from __future__ import annotations

import asyncio
import logging
import time

from aig.core.errors import AigError, DataError, UsageError
from aig.generators.client.errors import RejectedError

__all__ = ["CircuitBreaker"]

log = logging.getLogger(__name__)

OPENS_AT = 20
"""Failures in a row, without one success between, after which requests are held back."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class CircuitBreaker:
    """Counts failures in a row. For one event loop.

    Attributes:
        answered: requests that were answered.
        limited: how often the server said too many.
    """

    def __init__(self, url: str, outage_s: float) -> None:
        """`url` is for messages; an outage of `outage_s` seconds stops the run."""
        self._url = url
        self._outage_s = outage_s
        self._failures = 0
        self._rejections = 0
        self.answered = 0
        self.limited = 0
        self._known = False
        self._doubt: AigError | None = None
        self._since = time.monotonic()
        self._pause_s = FIRST_PAUSE_S
        self._probe = asyncio.Lock()

    @property
    def ever_answered(self) -> bool:
        """Whether any request of this run was answered."""
        return self.answered > 0

    @property
    def open(self) -> bool:
        """Whether requests are held back."""
        return self._failures >= OPENS_AT

    async def wait(self) -> None:
        """Returns at once while all is well; else after a pause, one request at a time."""
        if not self.open:
            return
        async with self._probe:
            if self._failures:
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def record_success(self) -> None:
        """A request was answered."""
        if self.open:
            log.warning("%s has recovered", self._url)
        self._failures = self._rejections = 0
        self._pause_s = FIRST_PAUSE_S
        self.answered += 1
        self._since = time.monotonic()

    def record_rate_limit(self, reason: str) -> AigError | None:
        """The server said too many; the error to stop with, where it has said nothing else for too long."""
        self.limited += 1
        return self._outage(f"refuses every request for {self._outage_s:g} s as too many: {reason}")

    def record_failure(self, reason: str, *, no_connection: bool) -> AigError | None:
        """A request failed in a way that may pass; the error to stop with, where none was answered for too long."""
        if no_connection and not self.ever_answered:
            return UsageError(
                f"cannot reach {self._url}: {reason}",
                "Start the server, or correct generate.base_url (for a first try: aig mock-server).",
            )
        self._failures += 1
        if self._failures == OPENS_AT:
            log.warning(
                "%s: %d failures in a row, the last: %s; trying one request at a time", self._url, OPENS_AT, reason
            )
        return self._outage(f"answered no request for {self._outage_s:g} s; the last fault: {reason}")

    def record_rejection(self, error: RejectedError) -> AigError | None:
        """The server does not take a request; the error to stop with, where it takes none."""
        self._rejections += 1
        if not self.ever_answered and error.at_first < OPENS_AT:
            self._doubt = error.stop
        proven = self.ever_answered or (self._known and error.at_first > 1)
        return error.stop if self._rejections >= (error.later if proven else error.at_first) else None

    def record_cached(self) -> None:
        """A request of this run was answered by an earlier one, so that model and endpoint are right."""
        self._known = True

    def verdict(self) -> AigError | None:
        """At the end of a run: the error of one in which nothing was answered because no request could be."""
        return None if self.ever_answered or self._known else self._doubt

    def _outage(self, message: str) -> AigError | None:
        if time.monotonic() - self._since < self._outage_s:
            return None
        return DataError(
            f"{self._url} {message}", "Run the same command again later: it continues where this one stopped."
        )
