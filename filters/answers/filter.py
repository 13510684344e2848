"""Which open-ended pairs stay, each drop with its reason. Closed-ended pairs follow from rules and are not filtered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from aig.core.records import Clip, Features
from aig.filters.answers.answer_filter import Context, Pair
from aig.filters.answers.refusal import is_refusal
from aig.filters.answers.registry import filters
from aig.filters.answers.settings import AnswerFilterSettings

__all__ = ["FilterResult", "Pair", "filter_pairs"]


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What becomes of a pair.

    Attributes:
        pair: the pair, white space around it removed.
        rule: the filter that drops it, see `aig.filters.answers.registry`; empty where it stays.
        reason: why, with the value met and the bound.
        answerable: false where the answer says that it cannot be given.
    """

    pair: Pair
    rule: str = ""
    reason: str = ""
    answerable: bool = True


def filter_pairs(
    pairs: Sequence[Pair],
    clip: Clip,
    features: Features | None,
    settings: AnswerFilterSettings,
    *,
    min_words: int = 0,
    absent: Collection[str] = (),
    prompt: str = "",
) -> list[FilterResult]:
    """The result for each pair of a clip, in the same order; the first filter that a pair does not pass drops it.

    A pair is a duplicate of one before it that stays, so that of several alike the first good one is kept.

    Args:
        pairs: of one clip and prompt.
        clip: what is annotated.
        features: what was measured.
        settings: which filters apply.
        min_words: fewest words of an answer where the settings say none.
        absent: sounds that are certainly not in the clip, by `aig.core.sound_names.plain_name`.
        prompt: the instructions the model had, whose phrases are not questions.
    """
    context = Context(
        clip=clip,
        features=features,
        settings=settings,
        min_words=min_words if settings.min_words is None else settings.min_words,
        absent=absent,
        prompt=prompt,
    )
    applied = filters(settings.filters)
    results = []
    for pair in pairs:
        stripped = Pair(pair.question.strip(), pair.answer.strip())
        found = ((each.name, reason) for each in applied if (reason := each.check(stripped, context)))
        rule, reason = next(found, ("", ""))
        if not rule:
            context = replace(context, kept=(*context.kept, stripped))
        results.append(FilterResult(stripped, rule, reason, not is_refusal(stripped.answer)))
    return results
