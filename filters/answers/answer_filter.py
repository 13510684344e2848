"""What an answer filter is: a pair and what is known of its clip in, a reason or `None` out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from aig.core.records import Clip, Features
from aig.filters.answers.settings import AnswerFilterSettings

__all__ = ["AnswerFilter", "Context", "Pair"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a filter may look at beside the pair.

    Attributes:
        clip: what is annotated.
        features: what was measured.
        settings: of all filters.
        min_words: fewest words of an answer.
        absent: sounds that are certainly not in the clip, by `aig.core.sound_names.plain_name`.
        prompt: the instructions the model had; empty where they are not known.
        kept: the clip's earlier pairs that stay.
    """

    clip: Clip
    features: Features | None
    settings: AnswerFilterSettings
    min_words: int = 0
    absent: Collection[str] = ()
    prompt: str = ""
    kept: Sequence[Pair] = ()


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """A filter that looks at one open-ended pair at a time.

    Attributes:
        name: under which dropped pairs are kept and counted.
        check: why the pair goes, with the value met and the bound; `None` where it stays.
    """

    name: str
    check: Callable[[Pair, Context], str | None]
