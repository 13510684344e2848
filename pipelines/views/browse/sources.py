"""Where the rows to browse are: a published set, or the pairs of a workspace that has not published yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from aig.core.errors import DataError
from aig.core.storage import open_file
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.manifest import lineage_path
from aig.shards.published import PublishedSet

__all__ = ["RowFile", "RowSource", "made_pairs", "published_set"]


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of rows.

    Attributes:
        data: path, below the source's root, of the file with the published columns.
        lineage: path of the file with the lineage columns, row by row beside it; the same where one file has all.
        rows: how many.
    """

    data: str
    lineage: str
    rows: int


@dataclass(frozen=True, slots=True)
class RowSource:
    """Files of rows and what is in them.

    Attributes:
        title: what a person calls it.
        root: folder or URL that the paths start at.
        files: in order.
        names: names of the datasets, tasks and prompts there are, by column.
    """

    title: str
    root: Workspace
    files: tuple[RowFile, ...]
    names: Mapping[str, tuple[str, ...]]


def published_set(url: str) -> RowSource:
    """The rows of a published set.

    Raises:
        UsageError: nothing is there.
        DataError: it is not a published set, or its manifest cannot be trusted.
    """
    published = PublishedSet(url)
    manifest = published.manifest()
    files = tuple(
        RowFile(entry.path, lineage_path(entry.path), entry.rows) for entry in manifest.data_files if entry.rows
    )
    names = {
        "dataset": tuple(manifest.counts),
        "task": tuple(sorted({task for tasks in manifest.counts.values() for task in tasks})),
        "prompt": tuple(manifest.build.prompts),
    }
    return RowSource("Published set", Workspace(str(published.copied() or url.rstrip("/"))), files, names)


def made_pairs(workspace: Workspace) -> RowSource:
    """The pairs of a workspace, published or not.

    Raises:
        DataError: there are none.
    """
    files = []
    for dataset in workspace.folders("qa"):
        for kind in workspace.folders("qa", dataset):
            for part in workspace.parts("qa", dataset, kind):
                path = "/".join(("qa", dataset, kind, part))
                with open_file(workspace.url(path)) as stream:
                    rows = pq.ParquetFile(stream).metadata.num_rows
                if rows:
                    files.append(RowFile(path, path, rows))
    if not files:
        raise DataError(f"{workspace.root} holds no pairs yet", "Run the generate stage first: aig run CONFIG.")
    urls = ", ".join("'" + workspace.url(file.data).replace("'", "''") + "'" for file in files)
    names = {}
    for column in ("dataset", "task", "prompt"):
        rows_ = workspace.database().execute(
            f"SELECT DISTINCT {column} FROM read_parquet([{urls}]) ORDER BY 1"  # noqa: S608 - our own addresses
        )
        names[column] = tuple(name for (name,) in rows_.fetchall())
    return RowSource("Pairs of the workspace, not published", workspace, tuple(files), names)
