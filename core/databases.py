"""DuckDB in memory, with a folder of its own for what does not fit.

DuckDB gives its temporary files the same names in every database (`duckdb_temp_storage_DEFAULT-0.tmp`), so two that
spill to one folder read each other's pages: processes that did so died or would have been answered wrongly. Without a
folder named, one in memory spills to `.tmp` in the working directory
(https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads#spilling-to-disk).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from aig.core.temporary import process_folder

if TYPE_CHECKING:
    import duckdb

__all__ = ["spilling_database"]


def spilling_database(memory: str) -> duckdb.DuckDBPyConnection:
    """A new database in memory.

    Args:
        memory: how much of it (`1GB`). What is beyond goes to a folder below the temporary one, which DuckDB makes when
            it needs it and removes when the last connection closes.
    """
    import duckdb

    spill = process_folder() / f"duckdb-{uuid.uuid4().hex}"
    database = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(spill)})
    database.execute("PRAGMA disable_progress_bar")  # it would go to standard output; SET fails in notebooks
    return database
