"""The report's numbers, each function one question to the database of `aig.pipelines.workspace.database`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from aig.core.clip_pairs import clips_sql
from aig.core.tasks import OPEN_ENDED
from aig.pipelines.views.report.figures import Bins
from aig.shards.tokens import CUTOFFS, tokens

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "Diversity",
    "Faults",
    "Lengths",
    "PromptQuality",
    "bins",
    "diversity",
    "faults",
    "label_counts",
    "left_out",
    "lengths",
    "level_counts",
    "prompt_quality",
    "repeated",
    "rows_by",
    "rows_by_skill",
    "shared_sounds",
    "value_counts",
]

_OPEN = OPEN_ENDED.name


def rows_by(database: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, int]]:
    """Dataset, task, rows, and clips with such rows, for each dataset and task there is."""
    return database.execute(
        f"""SELECT dataset, task, count(*) FILTER (nth = 0), count(DISTINCT hash(audio_id))
        FROM {clips_sql("qa", "dataset, task")} GROUP BY ALL ORDER BY ALL"""  # noqa: S608
    ).fetchall()


def rows_by_skill(database: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Rows by skill and difficulty, which is empty where a row has none."""
    found: dict[str, dict[str, int]] = {}
    for skill, difficulty, rows in database.execute(
        "SELECT skill, coalesce(difficulty, ''), count(*) FROM qa WHERE skill IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found.setdefault(skill, {})[difficulty] = rows
    return found


def left_out(database: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, str]]:
    """Selection, rule, clips it left out, and one of the reasons."""
    return database.execute(
        "SELECT selection, rule, count(*), min(reason) FROM left_out GROUP BY ALL ORDER BY selection, 3 DESC"
    ).fetchall()


def shared_sounds(database: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, str]]:
    """Pairs of datasets, how many sounds both have sample for sample, and a clip of the first with one of them."""
    return database.execute(
        """
        WITH here AS (
            SELECT content, dataset, min(audio_id) AS audio_id FROM measured
            WHERE content IS NOT NULL AND NOT silent GROUP BY content, dataset
        )
        SELECT one.dataset, other.dataset, count(*), min(one.audio_id) FROM here AS one JOIN here AS other
        ON one.content = other.content AND one.dataset < other.dataset GROUP BY ALL ORDER BY 3 DESC, 1, 2
        """
    ).fetchall()


def bins(database: duckdb.DuckDBPyConnection, column: str, width: float, by_gender: bool = False) -> dict[str, Bins]:
    """Histogram of a measured column, for the male, the female and the other speakers where asked for."""
    group = "CASE WHEN gender IN ('male', 'female') THEN gender ELSE 'not annotated' END" if by_gender else "'clips'"
    rows = database.execute(
        f"SELECT {group} AS who, floor({column} / {width}) * {width} AS start, count(*) FROM measured "  # noqa: S608
        f"WHERE {column} IS NOT NULL AND isfinite({column}) GROUP BY ALL ORDER BY start"
    ).fetchall()
    found: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for who, start, count in rows:
        found[who].append((start, count))
    order = ("male", "female", "not annotated", "clips")
    return {who: Bins(*zip(*found[who], strict=True)) for who in order if who in found}


def level_counts(database: duckdb.DuckDBPyConnection, column: str, words: Iterable[str]) -> dict[str, int]:
    """How many measured clips have each level's word, low to high."""
    counts = dict(
        database.execute(
            f"SELECT {column}, count(*) FROM measured WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        ).fetchall()
    )
    return {word: counts.get(word, 0) for word in words}


def value_counts(database: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    """How many measured clips have each value of a column of text, the commonest first."""
    return dict(
        database.execute(
            f"SELECT {column}, count(*) FROM measured WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
        ).fetchall()
    )


def label_counts(database: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """For each label, the clips with it whose audio is here, and those of them that stay; commonest first."""
    rows = database.execute(
        """
        WITH named AS (
            SELECT audio_id, unnest(list_distinct(list_concat(coalesce(labels, []),
                coalesce(list_transform(events, lambda event : event.label), [])))) AS label
            FROM clips WHERE path IS NOT NULL
        )
        SELECT label, count(*), count(kept.audio_id) FROM named LEFT JOIN kept ON named.audio_id = kept.audio_id
        GROUP BY label ORDER BY 2 DESC, label
        """
    ).fetchall()
    return {label: (before, after) for label, before, after in rows}


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long rows are, in estimated tokens of the trainers' tokeniser.

    Attributes:
        width: of a bin.
        groups: distribution for `closed-ended` and `open-ended` rows, template included.
        over: rows longer than each of the trainers' cut-offs.
        rows: in all.
    """

    width: float
    groups: dict[str, Bins]
    over: dict[int, int]
    rows: int


def lengths(database: duckdb.DuckDBPyConnection, width: int = 8) -> Lengths:
    """Lengths of all rows as the trainers read them."""
    counts = {"closed-ended": np.zeros(0, np.int64), "open-ended": np.zeros(0, np.int64)}
    over = dict.fromkeys(CUTOFFS, 0)
    reader = database.execute("SELECT instruction, input, output, task FROM qa").to_arrow_reader(65_536)
    for batch in reader:
        sizes = tokens(batch)
        is_open = np.asarray(pa.compute.equal(batch.column("task"), _OPEN))
        for group, mask in (("closed-ended", ~is_open), ("open-ended", is_open)):
            found = np.bincount((sizes[mask] // width).astype(np.int64), minlength=len(counts[group]))
            found[: len(counts[group])] += counts[group]
            counts[group] = found
        for cutoff in over:
            over[cutoff] += int((sizes > cutoff).sum())
    groups = {
        name: Bins(tuple(float(place * width) for place in range(len(found))), tuple(int(n) for n in found))
        for name, found in counts.items()
    }
    return Lengths(width, groups, over, sum(group.total for group in groups.values()))


@dataclass(frozen=True, slots=True)
class Diversity:
    """How much rows of a kind repeat one another.

    Attributes:
        task: of the rows.
        rows: how many.
        questions: share of distinct questions, 0 to 1.
        answers: share of distinct answers, 0 to 1.
        question_words: median words of a question.
        answer_words: median words of an answer.
    """

    task: str
    rows: int
    questions: float
    answers: float
    question_words: float
    answer_words: float


def diversity(database: duckdb.DuckDBPyConnection) -> list[Diversity]:
    """Diversity of each task's rows, the open-ended first."""
    rows = database.execute(
        """
        SELECT task, count(*), count(DISTINCT hash(instruction)), count(DISTINCT hash(output)),
            approx_quantile(len(instruction) - len(replace(instruction, ' ', '')) + 1, 0.5),
            approx_quantile(len(output) - len(replace(output, ' ', '')) + 1, 0.5)
        FROM qa GROUP BY task ORDER BY task = $open DESC, task
        """,
        {"open": _OPEN},
    ).fetchall()
    return [Diversity(task, n, q / n, a / n, qw, aw) for task, n, q, a, qw, aw in rows]


def repeated(database: duckdb.DuckDBPyConnection, column: str, most: int = 5) -> list[tuple[str, int]]:
    """The open-ended questions (`instruction`) or answers (`output`) that come most often, if more than once.

    Hashes are counted and the texts looked up: those of millions of different answers would not fit into memory.
    """
    return database.execute(
        f"""
        WITH often AS (
            SELECT hash({column}) AS h, count(*) AS times FROM qa WHERE task = $open
            GROUP BY h HAVING times > 1 ORDER BY times DESC, h LIMIT $most
        )
        SELECT any_value({column}), any_value(times) FROM qa JOIN often ON hash({column}) = h
        WHERE task = $open GROUP BY h ORDER BY 2 DESC, 1
        """,  # noqa: S608 - our own names
        {"open": _OPEN, "most": most},
    ).fetchall()


@dataclass(frozen=True, slots=True)
class PromptQuality:
    """What became of what the model wrote for one version of an open-ended prompt.

    Attributes:
        prompt: its name and version.
        rows: pairs that stay.
        not_answerable: pairs among them whose answer says that it cannot be given.
        dropped: pairs left out, by rule; `cut` and `malformed` could not be read.
    """

    prompt: str
    rows: int
    not_answerable: int
    dropped: Mapping[str, int]

    @property
    def gone(self) -> int:
        """Pairs left out."""
        return sum(self.dropped.values())

    @property
    def written(self) -> int:
        """Pairs the model began to write."""
        return self.rows + self.gone

    @property
    def parsed(self) -> float:
        """Share of them that could be read, 0 to 1."""
        return 1 - (self.dropped.get("cut", 0) + self.dropped.get("malformed", 0)) / self.written

    @property
    def stay(self) -> float:
        """Share of them that stay, 0 to 1."""
        return self.rows / self.written

    def share(self, rule: str) -> float:
        """Share of them that a rule dropped, 0 to 1."""
        return self.dropped.get(rule, 0) / self.written

    @property
    def unanswerable(self) -> float | None:
        """Share of the pairs that stay whose answer says that it cannot be given."""
        return self.not_answerable / self.rows if self.rows else None


def prompt_quality(database: duckdb.DuckDBPyConnection) -> list[PromptQuality]:
    """For each version of an open-ended prompt that was used, what became of its pairs."""
    made = {
        prompt: counts
        for prompt, *counts in database.execute(
            "SELECT prompt, count(*), count(*) FILTER (NOT answerable) FROM qa WHERE source = 'model' GROUP BY prompt"
        ).fetchall()
    }
    dropped: dict[str, dict[str, int]] = defaultdict(dict)
    for prompt, rule, count in database.execute(
        "SELECT coalesce(prompt, kind), rule, count(*) FROM dropped_pairs GROUP BY ALL ORDER BY 3 DESC, rule"
    ).fetchall():
        dropped[prompt][rule] = count
    found = []
    for prompt in sorted({*made, *dropped}):
        rows, unanswerable = made.get(prompt, (0, 0))
        found.append(PromptQuality(prompt, rows, unanswerable, dropped[prompt]))
    return found


@dataclass(frozen=True, slots=True)
class Faults:
    """Items in quarantine for the same reason.

    Attributes:
        stage: where it happened.
        error: short code.
        count: how many.
        datasets: of the items.
        message: of one of them.
        advice: what to do.
    """

    stage: str
    error: str
    count: int
    datasets: tuple[str, ...]
    message: str
    advice: str


def faults(database: duckdb.DuckDBPyConnection, most: int = 20) -> list[Faults]:
    """The most frequent errors."""
    rows: list[Any] = database.execute(
        "SELECT stage, error, count(*), list_sort(list(DISTINCT dataset)), arg_min(message, audio_id), "
        "arg_min(advice, audio_id) FROM quarantine GROUP BY stage, error ORDER BY 3 DESC, error LIMIT $most",
        {"most": most},
    ).fetchall()
    return [Faults(stage, error, n, tuple(names), message, advice) for stage, error, n, names, message, advice in rows]
