"""What a reader should look at first: each finding compares a number of the build with what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aig.shards.paper import DISTINCT_ANSWERS, DISTINCT_QUESTIONS

__all__ = ["Verdict", "verdicts"]

USUAL_NOT_ANSWERABLE = 0.12
"""GPT-3.5 says of 6 to 12 % of its own open-ended questions that they cannot be answered."""

_FEWEST = 20
"""Shares of fewer things than this mean little."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding.

    Attributes:
        good: whether nobody need look into it.
        text: what was found, and what is usual.
        where: id of the section of the page with the details.
    """

    good: bool
    text: str
    where: str


def verdicts(facts: Mapping[str, Any]) -> list[Verdict]:
    """The findings on the facts of `aig.pipelines.views.report.page`, those to look at first."""
    found = [*_clips(facts), *_levels(facts), *_labels(facts), *_pairs(facts), *_published(facts), *_prompts(facts)]
    return sorted(found, key=lambda verdict: verdict.good)


def _clips(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    sums = facts["all_sums"]
    read, refused = sums["read"], sums["quarantined"]
    placed = sum(sums[name] for name in facts["sum_names"] if name != "read")
    if placed != read:
        yield Verdict(False, f"{read - placed:,} clips are on their way: not every stage has run yet", "funnel")
    if read:
        limit = facts["configuration"].max_quarantine
        yield Verdict(
            refused / read <= limit,
            f"{refused:,} of {read:,} items are in quarantine ({refused / read:.1%}; the limit is {limit:.1%})",
            "errors",
        )
        missing = sums["missing_audio"]
        if missing:
            yield Verdict(missing / read < 0.2, f"{missing:,} of {read:,} clips have no audio here", "funnel")


def _levels(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    for name, counts in facts["levels"].items():
        total = sum(counts.values())
        if total >= _FEWEST:
            word, most = max(counts.items(), key=lambda item: item[1])
            share = most / total
            yield Verdict(
                share <= 0.6,
                f"{name}: {share:.0%} of {total:,} clips are “{word}”"
                + ("; a scale that says the same of most clips teaches little" if share > 0.6 else ""),
                "measured",
            )


def _pairs(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    rows, over = facts["lengths"].rows, facts["lengths"].over
    if not rows:
        yield Verdict(False, "there are no question-answer pairs yet", "tasks")
        return
    cutoff = max(over)
    yield Verdict(
        over[cutoff] / rows <= 0.02,
        f"{over[cutoff]:,} of {rows:,} rows are longer than {cutoff} tokens, so LTU-AS cuts their answers "
        f"({over[cutoff] / rows:.1%})",
        "lengths",
    )
    for row in facts["diversity"]:
        if row.task == facts["open_task"] and row.rows >= _FEWEST:
            for what, share, usual in (
                ("questions", row.questions, DISTINCT_QUESTIONS / 100),
                ("answers", row.answers, DISTINCT_ANSWERS / 100),
            ):
                yield Verdict(
                    share >= usual - 0.05,
                    f"{share:.1%} of the open-ended {what} are distinct (Open-ASQA: {usual:.1%})",
                    "diversity",
                )


def _labels(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    if undescribed := facts["undescribed"]:
        text = f"{len(undescribed):,} of {len(facts['labels']):,} labels have no acoustic description"
        yield Verdict(len(undescribed) / len(facts["labels"]) <= 0.05, text, "labels")


def _published(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    there = facts["published"]
    if there is None:
        return
    if there.findings is not None:
        what = f"{there.rows:,} pairs are published"
        errors = f"{there.errors:,} error{'s' * (there.errors != 1)}"
        wrong = f"{what}, and the validator found {errors}: do not train on them before `aig validate` is content"
        yield Verdict(
            not there.errors, wrong if there.errors else f"{what}, and the validator found no error", "published"
        )
    if there.rows + sum(there.left_out.values()) != sum(facts["pairs_made"].values()):
        yield Verdict(False, "the pairs were remade after these were published: run `aig publish`", "published")


def _prompts(facts: Mapping[str, Any]) -> Iterator[Verdict]:
    for prompt in facts["prompts"]:
        name = prompt.prompt
        if prompt.written < _FEWEST:
            continue
        yield Verdict(
            prompt.parsed >= 0.99,
            f"{name}: {prompt.parsed:.1%} of the pairs that the model wrote could be read",
            "prompts",
        )
        yield Verdict(
            prompt.stay >= 0.8,
            f"{name}: {prompt.stay:.1%} of the pairs that the model wrote pass the answer filters",
            "prompts",
        )
        share = prompt.unanswerable
        if share is not None:
            yield Verdict(
                share <= USUAL_NOT_ANSWERABLE,
                f"{name}: {share:.1%} of its answers say that they cannot be given (GPT-3.5: 6 to 12 %)",
                "prompts",
            )
