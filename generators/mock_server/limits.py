"""How the test server counts: requests and tokens over any sixty seconds, with the headers that state it."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["Window"]

_SPAN_S = 60.0


class Window:
    """A sliding minute with a limit."""

    def __init__(self, kind: str, limit: int | None) -> None:
        """`kind` is `requests` or `tokens`, as in the headers' names."""
        self._kind = kind
        self.limit = limit
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def wait_s(self, amount: int) -> float:
        """Takes `amount` and returns 0; where that would exceed the limit takes nothing and returns when it may fit."""
        now = time.monotonic()
        while self._taken and self._taken[0][0] <= now - _SPAN_S:
            self._sum -= self._taken.popleft()[1]
        if self.limit is not None and self._sum + amount > self.limit:
            over = self._sum + amount - self.limit
            for at, taken in self._taken:
                over -= taken
                if over <= 0:
                    return max(0.001, at + _SPAN_S - now)
            return _SPAN_S
        self._taken.append((now, amount))
        self._sum += amount
        return 0.0

    def headers(self) -> dict[str, str]:
        """What the real service states with every answer."""
        if self.limit is None:
            return {}
        reset = self._sum / self.limit * _SPAN_S
        return {
            f"x-ratelimit-limit-{self._kind}": str(self.limit),
            f"x-ratelimit-remaining-{self._kind}": str(self.limit - self._sum),
            f"x-ratelimit-reset-{self._kind}": f"{reset:.3f}s",
        }
