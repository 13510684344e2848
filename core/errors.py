"""Errors that a user can act on: what is wrong, where, and what to do."""

from __future__ import annotations

__all__ = ["AigError", "DataError", "UsageError"]


class AigError(Exception):
    """Base of the errors shown to users without a traceback.

    Attributes:
        message: what is wrong and where (file, line, key, clip).
        advice: what to do about it.
        exit_code: exit status of the `aig` command that ends with it.
    """

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n{self.advice}" if self.advice else self.message


class DataError(AigError):
    """The data is invalid: too much in quarantine, a budget reached, shards that do not validate."""

    exit_code = 1


class UsageError(AigError):
    """The call, the configuration or a file named in it is wrong, so nothing was started."""

    exit_code = 2
