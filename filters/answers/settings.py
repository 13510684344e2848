"""Settings of the answer filters: `answers:` in the YAML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aig.core.settings import Strict

__all__ = ["AnswerFilterSettings"]


class AnswerFilterSettings(Strict):
    """Which open-ended pairs stay.

    Attributes:
        min_words: fewest words of an answer; `None`: as many as the prompt asks for.
        duplicates: drop a pair whose question, or whose answer, another pair of the clip has already.
        near_duplicate: how alike (0 to 1, shared words over all words) both the questions and the answers of two pairs
            of a clip may be before the second is dropped.
        not_answerable: answers that say they cannot be given are marked (`keep`) or dropped (`drop`).
        source: drop a pair that betrays what it was written from: metadata, a caption, sight, hertz, the prompt.
        leak: drop a pair whose answer says nothing that the question does not give away.
        circular: drop a pair whose answer only says its question again.
        contradiction: drop a pair whose answer contradicts what is known of the clip.
        invented: drop a pair with a number or a name that nobody gave.
        filters: one's own filters, each by its `module:object`; they apply after all others.
    """

    min_words: Annotated[int, Field(ge=0)] | None = None
    duplicates: bool = True
    near_duplicate: Annotated[float, Field(gt=0, le=1)] = 0.8
    not_answerable: Literal["keep", "drop"] = "keep"
    source: bool = True
    leak: bool = True
    circular: bool = True
    contradiction: bool = True
    invented: bool = True
    filters: tuple[str, ...] = ()
