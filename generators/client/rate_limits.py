"""Requests and tokens per minute: kept, learned from the server's headers, narrowed when it says too many.

Both are paced evenly (the generic cell rate algorithm): a place in time is taken at once, in order of arrival, and the
request waits for it. Pacing rather than a full bucket, because providers count over shorter spans than a minute, and
because a bucket filled twice over lets nearly two minutes' worth through in one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from aig.core.retry_after import duration_s

__all__ = ["Limits", "Pace"]

MARGIN = 0.985
"""Share of a limit that is used: sends bunch up by some milliseconds on their way to the server."""

BURST = 0.005
"""Share of a minute's worth that may leave at once after a pause."""

NARROWEST = 0.1
NARROWING = 0.9
NARROWING_EVERY_S = 1.0
RECOVERY_PER_S = 0.02
LONGEST_PERIOD_S = 120.0
LONGEST_HOLD_S = 60.0


class Pace:
    """One limit: an amount per minute, evenly paced.

    Attributes:
        per_minute: the limit, `None` while there is none.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        self.per_minute = per_minute
        self._next = 0.0

    def take(self, amount: float, factor: float = 1.0) -> float:
        """Takes the next place for `amount`; returns the seconds to wait for it."""
        if self.per_minute is None:
            return 0.0
        now = time.monotonic()
        start = max(self._next, now - 60 * BURST)
        self._next = start + 60 * amount / (self.per_minute * MARGIN * factor)
        return max(0.0, start - now)

    def give_back(self, amount: float) -> None:
        """Frees what was taken and not used, for those who come next."""
        if self.per_minute is not None:
            self._next -= 60 * amount / (self.per_minute * MARGIN)

    def hold(self, seconds: float) -> None:
        """Lets nothing new through for some seconds: the server says that the limit is used up."""
        self._next = max(self._next, time.monotonic() + min(seconds, LONGEST_HOLD_S))


class Limits:
    """Requests and tokens per minute, and the narrowing after a 429. For one event loop."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        """Limits left `None` are learned from the server's headers."""
        self.requests = Pace(requests_per_minute)
        self.tokens = Pace(tokens_per_minute)
        self._learns = {"requests": requests_per_minute is None, "tokens": tokens_per_minute is None}
        self._seen = {"requests": "", "tokens": ""}
        self._factor = 1.0
        self._narrowed_at = 0.0
        self._observed = Pace()
        self._window = (time.monotonic(), 0)

    async def wait(self, tokens: int) -> None:
        """Waits until a request that may use `tokens` may leave."""
        factor = self._present_factor()
        pace = self.requests if self.requests.per_minute is not None else self._observed
        seconds = max(pace.take(1, factor), self.tokens.take(tokens, factor))
        if seconds > 0:
            await asyncio.sleep(seconds)
        start, count = self._window
        now = time.monotonic()
        self._window = (start, count + 1) if now - start < 2 * NARROWING_EVERY_S else (now, 1)

    @property
    def counts_tokens(self) -> bool:
        """Whether tokens are limited, so that they need counting."""
        return self.tokens.per_minute is not None

    def settle(self, reserved: int, used: int) -> None:
        """Gives back what a request reserved and did not use; it reserved nothing where there was no limit yet."""
        if reserved:
            self.tokens.give_back(reserved - used)

    def narrow(self) -> None:
        """Slows down after a 429: a tenth off, at most once a second; it wears off by itself."""
        now = time.monotonic()
        if now - self._narrowed_at < NARROWING_EVERY_S:
            return
        if self.requests.per_minute is None and self._observed.per_minute is None:
            start, count = self._window
            self._observed.per_minute = 60 * max(count, 10) / max(now - start, 0.25) / MARGIN
        self._factor = max(NARROWEST, self._present_factor() * NARROWING)
        self._narrowed_at = now

    def _present_factor(self) -> float:
        if self._factor == 1.0:
            return 1.0
        factor = self._factor + RECOVERY_PER_S * (time.monotonic() - self._narrowed_at)
        if factor >= 1.0:
            self._factor, self._observed.per_minute = 1.0, None
            return 1.0
        return factor

    def learn(self, headers: Mapping[str, str]) -> None:
        """Takes over the limits the server states (`x-ratelimit-*`), where none are set; holds where none is left."""
        for kind, pace in (("requests", self.requests), ("tokens", self.tokens)):
            stated = headers.get(f"x-ratelimit-limit-{kind}")
            if stated is None:
                continue
            left = headers.get(f"x-ratelimit-remaining-{kind}", "")
            if stated == self._seen[kind] and left != "0":
                continue
            reset = duration_s(headers.get(f"x-ratelimit-reset-{kind}", ""))
            if left == "0" and reset is not None and reset <= LONGEST_PERIOD_S:
                pace.hold(reset)
            if self._learns[kind] and _is_per_minute(stated, left, reset):
                self._seen[kind] = stated
                pace.per_minute = float(stated)


def _is_per_minute(stated: str, left: str, reset: float | None) -> bool:
    """Whether a stated limit is per minute: some are per day, which shows in how long a used part takes to return."""
    if not stated.isdigit() or int(stated) == 0:
        return False
    if not left.isdigit() or reset is None:
        return True
    used = int(stated) - int(left)
    return used <= 0 or reset * int(stated) / used <= LONGEST_PERIOD_S
