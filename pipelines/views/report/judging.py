"""What second models said of the pairs: rates by prompt, and how a judge agrees with the people who marked pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aig.pipelines.workspace.marks import Mark

if TYPE_CHECKING:
    import duckdb

__all__ = ["Agreement", "Judged", "agreement", "judged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on the pairs of one version of a prompt.

    Attributes:
        prompt: its name and version.
        pairs: that a judge was asked about, or a model that hears nothing.
        scored: with a score.
        low: of them, below the bound.
        supported: share of the scored that meet this criterion, 0 to 1; `None` where none is scored.
        audible: the same.
        not_given_away: the same.
        well_formed: the same.
        failed: without a score though a judge was asked.
        weak: answered without hearing.
        strong: not answered without hearing.
    """

    prompt: str
    pairs: int
    scored: int
    low: int
    supported: float | None
    audible: float | None
    not_given_away: float | None
    well_formed: float | None
    failed: int
    weak: int
    strong: int


def judged(database: duckdb.DuckDBPyConnection, min_score: float) -> list[Judged]:
    """For each version of a prompt, what was said of its pairs."""
    rows = database.execute(
        """
        SELECT prompt, count(*), count(score), count(*) FILTER (score < $min), avg(supported::INT),
            avg(audible::INT), avg(not_given_away::INT), avg(well_formed::INT), count(error),
            count(*) FILTER (audio_contribution = 'weak'), count(*) FILTER (audio_contribution = 'strong')
        FROM verdicts GROUP BY prompt ORDER BY prompt
        """,
        {"min": min_score},
    ).fetchall()
    return [Judged(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A judge beside the people who marked the same pairs.

    Attributes:
        pairs: marked and scored.
        same: share on which both agree, 0 to 1.
        kappa: Cohen's kappa, 1 for full agreement, 0 for that of chance; `None` where both always say the same thing.
    """

    pairs: int
    same: float
    kappa: float | None


def agreement(database: duckdb.DuckDBPyConnection, marks: Mapping[str, Mark], min_score: float) -> Agreement | None:
    """How a judge agrees with people; `None` where no pair has both a mark and a score.

    Args:
        database: with the view `verdicts`.
        marks: by the pair's id.
        min_score: a pair with at least this score is good to the judge.
    """
    if not marks:
        return None
    rows = database.execute(
        "SELECT qa_id, score >= $min FROM verdicts WHERE score IS NOT NULL AND qa_id IN (SELECT unnest($ids))",
        {"min": min_score, "ids": list(marks)},
    ).fetchall()
    if not rows:
        return None
    both = [(marks[qa_id].mark == "good", bool(good)) for qa_id, good in rows]
    same = sum(person == judge for person, judge in both) / len(both)
    person, judge = (sum(flags) / len(both) for flags in zip(*both, strict=True))
    chance = person * judge + (1 - person) * (1 - judge)
    return Agreement(len(both), same, None if chance == 1 else (same - chance) / (1 - chance))
