"""The answer filters: those of this package, and one's own by `module:object`."""

from __future__ import annotations

from collections.abc import Sequence

from aig.core.errors import UsageError
from aig.core.plugins import load_object
from aig.filters.answers.answer_filter import AnswerFilter
from aig.filters.answers.circular import CIRCULAR
from aig.filters.answers.contradiction import CONTRADICTION
from aig.filters.answers.duplicates import DUPLICATE, NEAR_DUPLICATE
from aig.filters.answers.invented import INVENTED
from aig.filters.answers.leak import LEAK
from aig.filters.answers.length import EMPTY, SHORT
from aig.filters.answers.refusal import NOT_ANSWERABLE
from aig.filters.answers.source import SOURCE

__all__ = ["FILTERS", "filters"]

FILTERS: tuple[AnswerFilter, ...] = (
    EMPTY,
    SHORT,
    DUPLICATE,
    NEAR_DUPLICATE,
    SOURCE,
    LEAK,
    CIRCULAR,
    CONTRADICTION,
    INVENTED,
    NOT_ANSWERABLE,
)
"""Every filter of this package, in the order in which they apply."""


def filters(own: Sequence[str] = ()) -> tuple[AnswerFilter, ...]:
    """All filters, those of this package first.

    Args:
        own: references `module:object` to one's own, as `answers.filters` holds them.

    Raises:
        UsageError: a reference does not load, or its name is taken.
    """
    found = list(FILTERS)
    for reference in own:
        mine = load_object(reference, AnswerFilter)
        if mine.name in {other.name for other in found} | {"cut", "malformed"}:
            raise UsageError(f"{reference}: there is already a filter called {mine.name!r}", "Give it another name.")
        found.append(mine)
    return tuple(found)
