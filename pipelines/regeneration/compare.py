"""Two versions of a prompt side by side: how much each gives, how much of it is usable, and how varied it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aig.core.records import Dropped, QAPair
from aig.pipelines.regeneration.diversity import distinct_ngrams, distinct_texts, self_bleu

__all__ = ["Outcome", "PromptFigures", "compare"]


@dataclass(slots=True)
class Outcome:
    """What one prompt gave on some clips.

    Attributes:
        prompt: name and version.
        replies: replies read.
        rows: pairs that stay.
        dropped: pairs that do not, with rule and reason.
    """

    prompt: str
    replies: int = 0
    rows: list[QAPair] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def add(self, rows: Sequence[QAPair], dropped: Sequence[Dropped]) -> None:
        """Takes in what `aig.generators.open_ended.pairs.pairs` made of one reply."""
        self.replies += 1
        self.rows += rows
        self.dropped += dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFigures:
    """Figures of one prompt; shares lie between 0 and 1.

    Attributes:
        prompt: name and version.
        replies: replies read.
        pairs: pairs that stay.
        pairs_per_reply: of those.
        parse_rate: share of the pairs that the model wrote that could be read.
        dropped: readable pairs left out, by rule.
        not_answerable: share of the pairs that say that they cannot be answered.
        question_words: mean words of a question.
        answer_words: mean words of an answer.
        distinct_questions: share of different questions.
        distinct_answers: share of different answers.
        sampled: pairs that the next four are taken on, the same number for both prompts.
        distinct_1: different words over all words of the sampled questions and answers.
        distinct_2: the same of pairs of words.
        self_bleu_questions: mean BLEU-4 of a sampled question against the others; lower is more varied.
        self_bleu_answers: the same of the answers.
    """

    prompt: str
    replies: int
    pairs: int
    pairs_per_reply: float
    parse_rate: float
    dropped: dict[str, int]
    not_answerable: float
    question_words: float
    answer_words: float
    distinct_questions: float
    distinct_answers: float
    sampled: int
    distinct_1: float
    distinct_2: float
    self_bleu_questions: float
    self_bleu_answers: float


_UNREAD = ("cut", "malformed")


def compare(before: Outcome, after: Outcome, *, sample: int = 500) -> tuple[PromptFigures, PromptFigures]:
    """Figures of both; what depends on the number of texts is taken on as many pairs of each, at most `sample`."""
    size = min(sample, *(len(outcome.rows) or sample for outcome in (before, after)))
    return _figures(before, size), _figures(after, size)


def _figures(outcome: Outcome, size: int) -> PromptFigures:
    rows = outcome.rows
    questions, answers = [row.instruction for row in rows], [row.output for row in rows]
    rules = Counter(drop.rule for drop in outcome.dropped)
    unread = sum(rules[rule] for rule in _UNREAD)
    written = len(rows) + rules.total()
    sampled = sorted(rows, key=lambda row: row.qa_id)[:size]  # ids are hashes, so this is a random draw
    asked, told = [row.instruction for row in sampled], [row.output for row in sampled]
    return PromptFigures(
        prompt=outcome.prompt,
        replies=outcome.replies,
        pairs=len(rows),
        pairs_per_reply=_ratio(len(rows), outcome.replies),
        parse_rate=_ratio(written - unread, written),
        dropped={rule: count for rule, count in sorted(rules.items()) if rule not in _UNREAD},
        not_answerable=_ratio(sum(not row.answerable for row in rows) + rules["not_answerable"], written - unread),
        question_words=_ratio(sum(len(text.split()) for text in questions), len(rows)),
        answer_words=_ratio(sum(len(text.split()) for text in answers), len(rows)),
        distinct_questions=distinct_texts(questions),
        distinct_answers=distinct_texts(answers),
        sampled=len(sampled),
        distinct_1=distinct_ngrams([*asked, *told], 1),
        distinct_2=distinct_ngrams([*asked, *told], 2),
        self_bleu_questions=self_bleu(asked),
        self_bleu_answers=self_bleu(told),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
