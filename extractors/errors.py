"""The error of a clip that cannot be measured; `aig.extractors.measure` turns it into a quarantined record."""

from __future__ import annotations

__all__ = ["AudioError"]


class AudioError(Exception):
    """Audio that cannot be measured: a short stable code, what is wrong, and what to do about it."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(code, message, advice)
        self.code = code
        self.message = message
        self.advice = advice
