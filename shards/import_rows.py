"""Rows made elsewhere as a published set: ids and lineage are made, machine paths go, bad rows and repeats are told."""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from aig.core.errors import UsageError
from aig.core.hashing import HashSet, row_keys
from aig.core.paths import normal_below
from aig.core.qa_id import IDENTITY, qa_ids
from aig.core.tables import QA
from aig.core.tasks import TaskSpec
from aig.shards.manifest import SPLITS, Build, Manifest
from aig.shards.rules import broken_lineage, broken_rows
from aig.shards.settings import PublishSettings
from aig.shards.writer.writer import publish

__all__ = ["Refused", "Rows", "Survey", "import_rows", "survey"]

Rows = Iterable[tuple[int, Mapping[str, Any] | str]]
"""Rows by the number of their line: values by column, or what is wrong where a line cannot be read."""

BATCH_ROWS = 20_000
PROMPT = "import@1"
"""What lineage names as prompt where the rows name none; its hash is the file's."""

_DEFAULTS: dict[str, Any] = {"answerable": True, "seed": 0, "split": SPLITS[0]}


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not published.

    Attributes:
        line: of the file, from 1; of a Parquet file the row.
        code: the rule that it breaks, as the validator calls it, or `malformed_line`, `duplicate`.
        message: what is wrong.
    """

    line: int
    code: str
    message: str


@dataclass(slots=True)
class Survey:
    """What must be known of rows before the first is taken.

    Attributes:
        datasets: rows by the name of their dataset.
        roots: by dataset the folder that all its absolute audio paths lie in.
        prompts: hashes of the prompts that rows name, those of `PROMPT` not among them.
    """

    datasets: Counter[str] = field(default_factory=Counter)
    roots: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)


def survey(rows: Rows, dataset: str | None) -> Survey:
    """Reads the rows once for their datasets, folders and columns.

    Args:
        rows: of the file.
        dataset: name for rows without one.

    Raises:
        UsageError: a column that rows and lineage do not have, or no row names a dataset.
    """
    found = Survey()
    unknown: dict[str, int] = {}
    for line, row in rows:
        if isinstance(row, str):
            continue
        for name in row.keys() - set(QA.names):
            unknown.setdefault(str(name), line)
        prompt, sha256 = row.get("prompt"), row.get("prompt_sha256")
        if isinstance(prompt, str) and isinstance(sha256, str) and prompt and sha256:
            found.prompts[prompt] = sha256
        own, audio = row.get("dataset") or dataset, row.get("audio_id")
        if isinstance(own, str) and own:
            found.datasets[own] += 1
            if isinstance(audio, str) and (path := _absolute(audio)):
                folder = os.path.dirname(path)  # noqa: PTH120 - of another machine, perhaps another system
                root = found.roots.setdefault(own, folder)
                if not f"{folder}/".startswith(f"{root.rstrip('/')}/"):
                    found.roots[own] = os.path.commonpath([root, folder])
    if unknown:
        first = ", ".join(f"{name!r} (line {line})" for name, line in list(unknown.items())[:5])
        raise UsageError(
            f"columns that rows do not have: {first}",
            f"Rename or remove them. A row has {', '.join(IDENTITY)}; it may carry its lineage: "
            f"{', '.join(name for name in QA.names if name not in IDENTITY)}.",
        )
    if not found.datasets:
        raise UsageError("no row names its dataset", "Add the column `dataset`, or name it for all: --dataset NAME.")
    return found


def import_rows(
    rows: Rows,
    out_url: str,
    settings: PublishSettings,
    build: Build,
    *,
    surveyed: Survey,
    origin: str,
    dataset: str | None = None,
    refused: Callable[[Refused], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Manifest:
    """Publishes rows made elsewhere.

    An `audio_id` that is a path of a machine becomes `<dataset>/<path below the dataset's common folder>`; `qa_id` is
    made; where lineage is not given, it says that the rows come from `origin`.

    Args:
        rows: read again from their file.
        out_url: folder of the set.
        settings: how it is cut.
        build: how the set was made, with all of `surveyed.datasets` among its sources.
        surveyed: what `survey` found.
        origin: SHA-256 of the file.
        dataset: name for rows without one.
        refused: told of each row that is not published.
        progress: told the rows read.

    Raises:
        DataError: no row may be published.
    """
    left_out: Counter[str] = Counter()

    def tell(item: Refused) -> None:
        left_out[item.code] += 1
        if refused is not None:
            refused(item)

    def batches() -> Iterator[pa.RecordBatch]:
        seen = HashSet()
        for lines, values in _lists(rows, tell, progress, surveyed, origin, dataset, build.task_specs):
            yield from _checked(lines, values, build, seen, tell)

    return publish(batches(), out_url, settings, build, also_left_out=left_out)


def _lists(
    rows: Rows,
    tell: Callable[[Refused], None],
    progress: Callable[[int], None] | None,
    surveyed: Survey,
    origin: str,
    dataset: str | None,
    tasks: Mapping[str, TaskSpec],
) -> Iterator[tuple[list[int], list[dict[str, Any]]]]:
    """Lines and rows with all columns, in lists; tells of those whose values are of another kind."""
    lines: list[int] = []
    values: list[dict[str, Any]] = []
    read = 0
    for line, row in rows:
        read += 1
        try:
            if isinstance(row, str):
                raise ValueError(row)
            values.append(_filled(row, line, surveyed, origin, dataset, tasks))
            lines.append(line)
        except ValueError as error:
            tell(Refused(line, "malformed_line", str(error)))
        if read == BATCH_ROWS:
            yield lines, values
            if progress:
                progress(read)
            lines, values, read = [], [], 0
    yield lines, values
    if progress:
        progress(read)


def _filled(
    row: Mapping[str, Any], line: int, surveyed: Survey, origin: str, dataset: str | None, tasks: Mapping[str, TaskSpec]
) -> dict[str, Any]:
    """A row with all columns but its id.

    Raises:
        ValueError: a value is missing, or of another kind than its column.
    """
    given = {name: value for name, value in row.items() if value is not None and name != "qa_id"}
    given.setdefault("input", "")
    if dataset and not given.get("dataset"):
        given["dataset"] = dataset
    for name in IDENTITY:
        if name not in given:
            raise ValueError(f"{name} is missing")
    filled: dict[str, Any] = {}
    for column in QA:
        value = given.get(column.name, _DEFAULTS.get(column.name, None if column.nullable else ""))
        try:
            pa.scalar(value, column.type)
            if isinstance(value, str):
                value.encode()
        except (pa.ArrowException, UnicodeEncodeError, TypeError, ValueError, OverflowError):
            raise ValueError(f"{column.name} is {ascii(value)[:80]}, not a valid {column.type}") from None
        filled[column.name] = value
    filled["audio_id"] = _audio_id(filled["dataset"], filled["audio_id"], surveyed.roots)
    if filled["split"] not in SPLITS:
        raise ValueError(f"split is {filled['split']!r}, not one of {', '.join(SPLITS)}")
    filled["prompt"] = filled["prompt"] or PROMPT
    filled["prompt_sha256"] = filled["prompt_sha256"] or origin
    spec = tasks.get(filled["task"])
    if not filled["source"]:
        filled["source"] = "model" if spec is not None and spec.source == "model" else "rule"
    if filled["source"] == "model" and not filled["request_id"]:
        filled["request_id"] = f"{origin[:16]}:{line}"
    return filled


def _audio_id(dataset: str, audio: str, roots: Mapping[str, str]) -> str:
    if audio.startswith(f"{dataset}/"):
        return audio
    path = _absolute(audio)
    below = normal_below(os.path.relpath(path, roots[dataset]) if path else audio.replace("\\", "/"))
    if below is None:
        raise ValueError(f"audio_id is {audio[:80]!r}, not a path below a folder")
    return f"{dataset}/{below}"


def _absolute(audio: str) -> str | None:
    """A path of a machine with `/`, without its drive; `None` where it is relative."""
    path = audio.removeprefix("file://").replace("\\", "/")
    if path[1:3] == ":/":
        path = path[2:]
    return path if path.startswith("/") else None


def _checked(
    lines: list[int],
    values: list[dict[str, Any]],
    build: Build,
    seen: HashSet,
    tell: Callable[[Refused], None],
) -> Iterator[pa.RecordBatch]:
    """The rows that may be published and were not before; tells of the others."""
    if not values:
        return
    table = pa.Table.from_pylist(values, QA)
    table = table.set_column(QA.get_field_index("qa_id"), QA.field("qa_id"), qa_ids(table))
    tasks = build.task_specs
    sources = pa.array(
        [tasks[name].source if name in tasks else "either" for name in table.column("task").to_pylist()], pa.string()
    )
    wrong: dict[int, Refused] = {}
    for broken in chain(broken_rows(table, build.sources, tasks), broken_lineage(table, sources)):
        for row in broken.rows.tolist():
            if row not in wrong:
                wrong[row] = Refused(lines[row], broken.code, broken.say(row))
    good = np.array([row for row in range(len(values)) if row not in wrong], np.int64)
    new = seen.add(row_keys(table.column("qa_id").take(pa.array(good)), 0))
    for row in good[~new].tolist():
        wrong[row] = Refused(lines[row], "duplicate", "the same row stands on an earlier line")
    for row in sorted(wrong):
        tell(wrong[row])
    yield from table.take(pa.array(good[new])).combine_chunks().to_batches()
