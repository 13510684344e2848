"""A run's queries ask a store once for each small part, and never see what was there before."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest

from aig.core.records import Clip
from aig.core.storage import write_bytes
from aig.core.tables import CLIPS, to_table, write_table
from aig.pipelines.workspace import object_store
from aig.pipelines.workspace.draft import Draft
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.workspace import Workspace

PARTS = 70  # more than are fetched together


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes the store was asked for, as they were."""
    store: Any = type(fsspec.filesystem("memory"))
    made: list[str] = []
    cat_file: Callable[..., bytes] = store.cat_file

    def noted(self: Any, path: str, *rest: Any, **more: Any) -> bytes:
        made.append(path.rpartition("/")[2])
        return cat_file(self, path, *rest, **more)

    monkeypatch.setattr(store, "cat_file", noted)
    return made


@pytest.fixture(params=[Workspace, Held])
def workspace(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    made: Workspace = request.param(f"memory://{uuid.uuid4().hex}")
    for part in range(PARTS):
        write(made, part, f"{part}")
    yield made
    made.remove("clips")


def write(workspace: Workspace, part: int, *names: str) -> None:
    clips = [Clip(audio_id=f"mine/{name}", dataset="mine") for name in names]
    workspace.write(clips, Clip, "clips", "mine", f"part-{part:03d}.parquet")


def counted(workspace: Workspace) -> int:
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
    ((clips,),) = database.execute("SELECT count(DISTINCT audio_id) FROM clips").fetchall()
    return int(clips)


def test_queries_counts_and_records_together_ask_once_for_a_part(workspace: Workspace, reads: list[str]) -> None:
    assert counted(workspace) == counted(workspace) == PARTS
    assert workspace.count("part", "clips", "mine") == PARTS
    assert len(list(workspace.records(Clip, "clips", "mine"))) == PARTS
    assert sorted(reads) == workspace.parts("clips", "mine")


def test_a_part_that_was_written_again_or_came_or_went_is_seen(workspace: Workspace, reads: list[str]) -> None:
    counted(workspace)
    reads.clear()
    write(workspace, 3, "new", "newer")
    write(workspace, PARTS, "last")
    workspace.remove("clips", "mine", "part-000.parquet")
    assert counted(workspace) == workspace.count("part", "clips", "mine") == PARTS + 1
    assert sorted(reads) == ["part-003.parquet", f"part-{PARTS:03d}.parquet"]


@pytest.mark.parametrize("bound", ["_SMALL", "_KEPT_BYTES"])
def test_what_is_too_big_to_keep_is_read_from_the_store_each_time(
    bound: str, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, bound, 100)
    workspace = Held(f"memory://{uuid.uuid4().hex}")
    write(workspace, 0, "a", "b")
    assert counted(workspace) == workspace.count("part", "clips", "mine") == 2
    assert len(reads) > 1


def test_queries_read_small_parts_joined_into_one_table_a_schema(workspace: Workspace) -> None:
    older = to_table([Clip(audio_id="mine/older", dataset="mine")], Clip).drop_columns(["licence"])
    for part in ("part-x.parquet", "part-y.parquet"):
        write_table(workspace.target("clips", "mine", part), [older], older.schema)
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
    (tables,) = workspace._known_files._joined.values()
    assert len(tables) == 2
    rows = database.execute("SELECT audio_id, licence FROM clips").fetchall()
    assert sorted(rows) == sorted([*((f"mine/{part}", None) for part in range(PARTS)), *2 * [("mine/older", None)]])


def test_no_more_parts_are_joined_than_fit_in_memory(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "_JOINED", 30)
    assert counted(workspace) == PARTS
    assert sorted(len(group) for group in workspace._known_files._joined.values()) == [1, 1, 1]


def test_a_damaged_part_is_named_by_the_query_that_reads_it(workspace: Workspace) -> None:
    write_bytes(workspace.target("clips", "mine", "part-007.parquet"), b"PAR1 not a table PAR1")
    with pytest.raises(duckdb.Error, match=r"part-007\.parquet"):
        counted(workspace)


def test_a_part_that_went_since_it_was_listed_is_an_error(workspace: Workspace) -> None:
    held = Held(workspace.root)
    database, parts = held.database(), held.parts("clips", "mine")
    workspace.remove("clips", "mine", parts[0])
    with pytest.raises(FileNotFoundError):
        held.view(database, "clips", CLIPS, ("clips", "mine"), parts)


def test_a_draft_on_a_store_reads_what_was_written_aside(workspace: Workspace, tmp_path: Path) -> None:
    draft = Draft(workspace.root, str(tmp_path))
    write(draft, 3, "new", "newer")
    assert (counted(draft), draft.count("part", "clips", "mine")) == (PARTS + 1, PARTS + 1)
    assert counted(workspace) == PARTS
