"""A workspace's tables as one database, all datasets of a configuration together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from aig.core.tables import CLIPS, DROPPED, FEATURES, QA, QUARANTINE, VERDICTS
from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.buckets import KEPT, known_feature_parts, selections_of
from aig.pipelines.workspace.qa_kinds import qa_kinds
from aig.pipelines.workspace.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

__all__ = ["QUARANTINE_STAGES", "open_tables"]

QUARANTINE_STAGES = ("index", "extract", "generate", "publish")


def open_tables(configuration: Configuration, workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """A database with these views.

    - `clips`, `features`, and `measured`: both, one row a clip that was measured;
    - `kept`: `audio_id` of the clips that some selection keeps;
    - `left_out`: `Dropped` clips, with the `selection` that left them out;
    - `qa`: pairs of the kinds that the configuration asks for, with their `kind` (the folder below `qa/<dataset>/`);
    - `verdicts`: what second models said of pairs;
    - `dropped_pairs`: `Dropped` pairs, with their `kind`;
    - `quarantine`.

    A stage that has not run yet gives empty views.
    """
    names = list(configuration.datasets)
    database = workspace.database()

    def parts(*folder: str, prefix: str = "part") -> list[str]:
        return ["/".join((*folder, part)) for part in workspace.tables(prefix, *folder)]

    def view(name: str, schema: pa.Schema, urls: list[str]) -> None:
        workspace.view(database, name, schema, (), urls)

    def union(name: str, queries: list[str], schema: pa.Schema, extra: str) -> None:
        if queries:
            database.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(queries)}")
        else:
            view(name, schema.append(pa.field(extra, pa.string())), [])

    view("clips", CLIPS, [part for name in names for part in parts("clips", name)])
    features = {name: known_feature_parts(configuration, workspace, name) for name in names}
    view("features", FEATURES, [f"features/{name}/{part}" for name, those in features.items() for part in those])
    columns = ", ".join(f"features.{column}" for column in FEATURES.names if column not in ("audio_id", "fingerprint"))
    database.execute(
        f"CREATE VIEW measured AS SELECT clips.*, {columns} FROM clips "  # noqa: S608 - names of our own
        "JOIN (SELECT DISTINCT ON (audio_id) * FROM features) AS features ON clips.audio_id = features.audio_id"
    )
    view("quarantine", QUARANTINE, [part for stage in QUARANTINE_STAGES for part in parts("quarantine", stage)])

    selections = sorted({selection for name in names for selection in selections_of(configuration, name)})
    there = [name for name in selections if workspace.exists("selection", f"{name}.parquet")]
    view("kept_by_all", KEPT, [f"selection/{name}.parquet" for name in there])
    database.execute("CREATE VIEW kept AS SELECT DISTINCT audio_id FROM kept_by_all")
    outs = [*selections, *(f"{name}.limit" for name in names)]
    left_out = []
    for number, name in enumerate(outs):
        if workspace.exists("selection", f"{name}.dropped.parquet"):
            view(f"out{number}", DROPPED, [f"selection/{name}.dropped.parquet"])
            left_out.append(f"SELECT *, '{name}' AS selection FROM out{number}")  # noqa: S608
    union("left_out", left_out, DROPPED, "selection")

    rows, dropped = [], []
    kinds = {name: qa_kinds(configuration, name) for name in names}
    for number, kind in enumerate(sorted({kind for of_one in kinds.values() for kind in of_one})):
        those = [name for name in names if kind in kinds[name]]
        made = [part for name in those for part in parts("qa", name, kind)]
        gone = [part for name in those for part in parts("qa", name, kind, prefix="dropped")]
        view(f"qa{number}", QA, made)
        view(f"gone{number}", DROPPED, gone)
        rows.append(f"SELECT *, '{kind}' AS kind FROM qa{number}")  # noqa: S608
        dropped.append(f"SELECT *, '{kind}' AS kind FROM gone{number}")  # noqa: S608
    union("qa", rows, QA, "kind")
    view(
        "verdicts", VERDICTS, [part for name in names for kind in kinds[name] for part in parts("verdicts", name, kind)]
    )
    union("dropped_pairs", dropped, DROPPED, "kind")
    return database
