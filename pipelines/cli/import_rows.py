"""`aig import`: rows made elsewhere become a published set like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.output import JsonFlag, print_json, say
from aig.pipelines.views.escaping import visible

if TYPE_CHECKING:
    from aig.shards.import_rows import Refused, Rows, Survey
    from aig.shards.manifest import Build

__all__ = ["register"]

SHOWN = 20
"""Refused rows that are printed; `--json` holds all."""


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("import")(import_file)


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rows: .jsonl, .json, .csv, .tsv or .parquet.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder of the new set.")],
    dataset: Annotated[str | None, typer.Option(metavar="NAME", help="Dataset of rows that name none.")] = None,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="Licence of datasets that the registry does not have.")
    ] = "not stated",
    rows_per_shard: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="Most rows of a shard.")
    ] = 100_000,
    json: JsonFlag = False,
) -> None:
    """Publishes rows made elsewhere: makes ids and lineage, leaves out repeats and what is not valid, line by line."""
    import hashlib

    from aig.pipelines.runtime.progress import progress_of
    from aig.shards.import_rows import import_rows, survey
    from aig.shards.settings import PublishSettings
    from aig.shards.validator.validate import validate

    read = _reader(file)
    found = survey(read(), dataset)
    with file.open("rb") as stream:
        origin = hashlib.file_digest(stream, "sha256").hexdigest()
    build = _build(found, licence, file.name, origin)
    refused: list[Refused] = []
    try:
        with progress_of("importing", unit="rows") as progress:
            manifest = import_rows(
                read(),
                out,
                PublishSettings(rows_per_shard=rows_per_shard),
                build,
                surveyed=found,
                origin=origin,
                dataset=dataset,
                refused=refused.append,
                progress=progress.advance,
            )
    finally:
        refused.sort(key=lambda item: item.line)
        _tell(file.name, refused)
    report = validate(out)
    if json:
        items = [{"line": item.line, "code": item.code, "message": item.message} for item in refused]
        told = {"path": out, "rows": manifest.rows, "left_out": manifest.left_out, "refused": items, "ok": report.ok}
        print_json(told)
    else:
        left_out = ", ".join(f"{rows:,} {code.replace('_', ' ')}" for code, rows in manifest.left_out.items())
        say(f"{out}: {manifest.rows:,} rows; left out: {left_out or 'none'}")
    if not report.ok:
        say(f"{out} is not valid: {visible(report.errors[0].message)}. `aig validate {out}` lists all findings.")
        raise typer.Exit(1)


def _tell(name: str, refused: list[Refused]) -> None:
    for item in refused[:SHOWN]:
        say(f"  {name}, line {item.line}: {item.code}: {visible(item.message)}")
    if len(refused) > SHOWN:
        say(f"  {len(refused) - SHOWN:,} more rows were left out; --json lists all.")


def _build(found: Survey, licence: str, name: str, origin: str) -> Build:
    import aig
    from aig.core.tasks import OPEN_ENDED
    from aig.datasets_registry.registry import DATASETS
    from aig.generators.closed_ended.registry import TASKS
    from aig.prompts.kind_registry import TASK_KINDS
    from aig.shards.import_rows import PROMPT
    from aig.shards.manifest import Build, SourceDataset

    sources = {}
    for each in sorted(found.datasets):
        known = DATASETS.get(each)
        sources[each] = (
            SourceDataset(title=known.title, licence=known.licence, home=known.home, paper=known.paper)
            if known
            else SourceDataset(title=each, licence=licence)
        )
    return Build(
        code=f"aig-audio {aig.__version__}",
        levels="not known",
        prompts={**found.prompts, PROMPT: origin},
        sources=sources,
        notes=(f"The rows were made elsewhere and imported from {name}; how, this set does not say.",),
        tasks=(*(task.spec for task in TASKS.values()), OPEN_ENDED, *(kind.task for kind in TASK_KINDS.values())),
    )


def _reader(file: Path) -> Callable[[], Rows]:
    """A function that reads the file's rows from the start.

    Raises:
        UsageError: there is no such file, or its suffix is not one of rows.
    """
    if not file.is_file():
        raise UsageError(f"{file} is not a file", "Name a file of rows: .jsonl, .json, .csv, .tsv or .parquet.")
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in _READERS:
        raise UsageError(
            f"{file.name}: unsupported format {suffix or 'without a suffix'}",
            "Name a file of rows: .jsonl, .json, .csv, .tsv or .parquet.",
        )
    return lambda: _READERS[suffix](file)


def _json_lines(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    from aig.datasets_registry.text.text_rows import json_lines

    for line, row in json_lines(file):
        yield line, row if isinstance(row, dict) else str(row)


def _json_list(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    from aig.datasets_registry.text.json_stream import json_items

    for line, row in json_items(file, None):
        yield line, row if isinstance(row, dict) else str(row)


def _delimited(file: Path, delimiter: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    from aig.datasets_registry.text.text_rows import csv_rows

    header: list[str] | None = None
    for line, row in csv_rows(file, delimiter=delimiter, multiline=True):
        if not isinstance(row, list):
            yield line, str(row)
        elif header is None:
            header = [name.strip() for name in row]
            if twice := next((name for name in header if header.count(name) > 1), None):
                raise UsageError(f"{file.name} has the column {twice!r} twice.", "Remove one of them.")
        elif len(row) != len(header):
            yield line, f"{len(row)} cells instead of {len(header)}"
        else:
            yield line, {name: _CELLS.get(name, str)(cell) for name, cell in zip(header, row, strict=True) if cell}


def _parquet(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches(10_000):
            for values in batch.to_pylist():
                row += 1
                yield row, values
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise UsageError(f"{file.name}, after row {row}: {reason}", "Write or download the file again.") from error


def _answerable(cell: str) -> bool | str:
    return {"true": True, "false": False, "1": True, "0": False}.get(cell.strip().lower(), cell)


def _seed(cell: str) -> int | str:
    try:
        return int(cell)
    except ValueError:
        return cell  # which the check of the row's values tells


_CELLS: dict[str, Callable[[str], Any]] = {"answerable": _answerable, "seed": _seed}
_READERS: dict[str, Callable[[Path], Rows]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_list,
    ".csv": lambda file: _delimited(file, ","),
    ".tsv": lambda file: _delimited(file, "\t"),
    ".parquet": _parquet,
}
