"""Statistics of a published set, over any number of rows in bounded memory: DuckDB reads column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from aig.core.clip_pairs import clips_sql
from aig.shards.manifest import lineage_path
from aig.shards.published import PublishedSet

if TYPE_CHECKING:
    import duckdb

__all__ = ["Lengths", "Statistics", "statistics"]

MEMORY = "800MB"
"""Above this DuckDB puts intermediate results on disk."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the texts of a column are, in characters; median and 95th percentile are approximate."""

    mean: float
    median: int
    p95: int
    longest: int


@dataclass(slots=True)
class Statistics:
    """What a published set holds.

    Attributes:
        rows: in all.
        counts: rows by dataset and task.
        clips: distinct clips by dataset.
        levels: rows by scale (`pitch_cla`, `speed_cla`, `energy_cla`) and level, from low to high.
        skills: rows by what benchmarks file their questions under and difficulty; those of the papers have neither.
        lengths: by column.
        distinct_questions: of the open-ended rows, in per cent; `None` where there are none.
        distinct_answers: likewise.
        not_answerable: of the open-ended rows, in per cent; `None` where there are none.
        models: rows by model; an empty name stands for answers by rule.
        prompts: rows by prompt.
    """

    rows: int
    counts: dict[str, dict[str, int]]
    clips: dict[str, int]
    levels: dict[str, dict[str, int]] = field(default_factory=dict)
    skills: dict[str, dict[str, int]] = field(default_factory=dict)
    lengths: dict[str, Lengths] = field(default_factory=dict)
    distinct_questions: float | None = None
    distinct_answers: float | None = None
    not_answerable: float | None = None
    models: dict[str, int] = field(default_factory=dict)
    prompts: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The object that `aig stats --json` prints."""
        return asdict(self)


def statistics(url: str) -> Statistics:
    """Counts what a published set holds.

    Args:
        url: folder of the set: a local path or any fsspec URL.

    Raises:
        UsageError: nothing is at `url`.
        DataError: the set has no manifest that can be trusted.
    """
    published = PublishedSet(url)
    manifest = published.manifest()
    with published.connection(MEMORY) as (db, address):
        data = [entry.path for entry in manifest.data_files]
        opened = [path for path in data if path.startswith("data/open/")]
        _view(db, "data", map(address, data))
        _view(db, "lineage", [address(lineage_path(path)) for path in data])
        result = Statistics(
            rows=_one(db, "SELECT count(*) FROM data"),
            counts=_nested(db, "SELECT dataset, task, count(*) FROM data GROUP BY ALL ORDER BY ALL"),
            clips=_flat(
                db,
                f"SELECT dataset, count(DISTINCT hash(audio_id)) FROM {clips_sql('data')} GROUP BY ALL ORDER BY ALL",  # noqa: S608
            ),
            lengths={name: _lengths(db, name) for name in ("instruction", "input", "output")},
            models=_flat(db, "SELECT model, count(*) FROM lineage GROUP BY ALL ORDER BY ALL"),
            prompts=_flat(db, "SELECT prompt, count(*) FROM lineage GROUP BY ALL ORDER BY ALL"),
        )
        for task, words in ((spec.name, spec.words) for spec in manifest.tasks.values() if spec.words):
            rows = _flat(
                db,
                "SELECT regexp_extract(output, ?, 1), count(*) FROM data WHERE task = ? GROUP BY ALL",
                [f"({'|'.join(map(re.escape, words))})\\.$", task],
            )
            if rows:
                result.levels[task] = {word: rows.get(word, 0) for word in words}
        said = {
            name for (name, *_) in db.execute("DESCRIBE lineage").fetchall()
        }  # columns that say nothing are left out
        if "skill" in said:
            difficulty = "coalesce(difficulty, '')" if "difficulty" in said else "''"
            result.skills = _nested(
                db,
                f"SELECT skill, {difficulty}, count(*) FROM lineage WHERE skill IS NOT NULL "  # noqa: S608
                "GROUP BY ALL ORDER BY ALL",
            )
        if opened:
            _view(db, "opened", map(address, opened))
            _view(db, "asked", [address(lineage_path(path)) for path in opened])
            result.distinct_questions = _one(
                db, "SELECT 100.0 * count(DISTINCT hash(instruction)) / count(*) FROM opened"
            )
            result.distinct_answers = _one(db, "SELECT 100.0 * count(DISTINCT hash(output)) / count(*) FROM opened")
            result.not_answerable = _one(db, "SELECT 100.0 * count_if(NOT answerable) / count(*) FROM asked")
    return result


def _view(db: duckdb.DuckDBPyConnection, name: str, addresses: Iterable[str]) -> None:
    # In SQL: DuckDB's relations keep Python's lock while its threads wait for it to read from an object store.
    files = ", ".join(f"'{quoted}'" for quoted in (address.replace("'", "''") for address in addresses))
    db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}], union_by_name = true)")  # noqa: S608 - names are our own


def _one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = db.execute(query).fetchone()
    return row[0] if row else None


def _flat(db: duckdb.DuckDBPyConnection, query: str, values: list[str] | None = None) -> dict[str, int]:
    return dict(db.execute(query, values).fetchall())


def _nested(db: duckdb.DuckDBPyConnection, query: str) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for outer, inner, rows in db.execute(query).fetchall():
        nested.setdefault(outer, {})[inner] = rows
    return nested


def _lengths(db: duckdb.DuckDBPyConnection, column: str) -> Lengths:
    """`column` is one of the schema's own names, never a user's text."""
    row = db.execute(
        f"SELECT avg(n), approx_quantile(n, 0.5), approx_quantile(n, 0.95), max(n) "  # noqa: S608
        f"FROM (SELECT length({column}) AS n FROM data)"
    ).fetchone()
    if row is None:
        raise AssertionError("an aggregate without GROUP BY has one row")
    return Lengths(round(row[0], 1), int(row[1]), int(row[2]), int(row[3]))
