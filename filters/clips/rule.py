"""What a rule of a selection is: a bound from the configuration and one clip's values in, a reason or `None` out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Rule", "at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that looks at one clip at a time.

    Attributes:
        name: the key in the configuration that switches it on and holds its bound.
        bound: the bound's type, as pydantic checks it: `float`, `Annotated[int, Field(ge=1)]`, `tuple[str, ...]`.
        columns: of clips and features that it looks at (`aig.core.records.Clip` and `Features`).
        check: the bound and the clip's values in the order of `columns`, `None` where one is absent, to the reason why
            the clip goes, or `None` where it stays.
        default: the bound where the configuration names none; the rule does not apply where it is false or empty.
        about: the column without which it lets a clip stay; `None` where it looks at every clip.
    """

    name: str
    bound: Any
    columns: tuple[str, ...]
    check: Callable[..., str | None]
    default: Any = None
    about: str | None = None


def at_least(name: str, bound: Any, column: str, *, missing: str, said: str = "{value:g}, less than {bound:g}") -> Rule:
    """The rule that a clip goes whose value lies below the bound, or was not measured.

    Args:
        name: the rule's.
        bound: type of the bound.
        column: of the value, a number.
        missing: the reason where there is no value.
        said: the reason where it is too small, with `{value}` and `{bound}`.
    """

    def check(bound: float, value: float | None) -> str | None:
        if value is None:
            return missing
        return said.format(value=value, bound=bound) if value < bound else None

    return Rule(name, bound, (column,), check)


def at_most(name: str, bound: Any, column: str, *, missing: str, said: str = "{value:g}, more than {bound:g}") -> Rule:
    """The rule that a clip goes whose value lies above the bound, or was not measured; see `at_least`."""

    def check(bound: float, value: float | None) -> str | None:
        if value is None:
            return missing
        return said.format(value=value, bound=bound) if value > bound else None

    return Rule(name, bound, (column,), check)
