import multiprocessing
import multiprocessing.synchronize
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest

from aig.core.errors import DataError
from aig.core.records import Clip
from aig.core.storage import write_bytes
from aig.core.tables import CLIPS, to_table, write_table
from aig.pipelines.runtime.lock import only_run
from aig.pipelines.workspace.workspace import Workspace


def clips(count: int) -> list[Clip]:
    return [Clip(audio_id=f"mine/{n}", dataset="mine", path=f"{n}.wav", labels=("Dog",)) for n in range(count)]


@pytest.fixture(params=["local", "memory"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return Workspace(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_records_come_back_as_they_went_in(workspace: Workspace) -> None:
    workspace.write(clips(3), Clip, "clips", "mine", "part-0.parquet")
    workspace.write(clips(5)[3:], Clip, "clips", "mine", "part-1.parquet")
    assert list(workspace.records(Clip, "clips", "mine")) == clips(5)
    assert workspace.count("part", "clips", "mine") == 5


def test_parts_are_only_whole_tables(workspace: Workspace) -> None:
    workspace.write(clips(1), Clip, "clips", "mine", "part-0.parquet")
    workspace.write(clips(1), Clip, "clips", "mine", "dropped-0.parquet")
    workspace.write_text("x", "clips", "mine", ".part-1.parquet.partial")
    assert workspace.parts("clips", "mine") == ["part-0.parquet"]
    assert workspace.parts("clips", "other") == []
    assert workspace.folders("clips") == ["mine"]


def test_remove_takes_files_and_folders_and_minds_neither_missing(workspace: Workspace) -> None:
    workspace.write(clips(1), Clip, "clips", "mine", "part-0.parquet")
    workspace.remove("clips", "mine", "part-1.parquet")
    workspace.remove("clips")
    assert not workspace.exists("clips", "mine", "part-0.parquet")
    assert workspace.read_text("note") is None


def test_a_view_of_no_parts_is_an_empty_table_with_the_schema(tmp_path: Path) -> None:
    database = Workspace(str(tmp_path)).database()
    Workspace(str(tmp_path)).view(database, "clips", CLIPS, ("clips", "mine"), [])
    assert database.execute("SELECT count(*), count(path) FROM clips").fetchall() == [(0, 0)]


def test_a_folder_with_a_quote_in_its_name_can_be_read(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path / "it's; DROP TABLE clips"))
    workspace.write(clips(2), Clip, "clips", "mine", "part-0.parquet")
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
    assert database.execute("SELECT count(*) FROM clips").fetchall() == [(2,)]


@pytest.mark.parametrize("url", ["{tmp}/table.parquet", "memory://whole/table.parquet"])
def test_a_table_that_fails_half_way_leaves_nothing(tmp_path: Path, url: str) -> None:
    def batches():
        yield to_table(clips(2), Clip)
        raise RuntimeError("interrupted")

    url = url.format(tmp=tmp_path)
    with pytest.raises(RuntimeError, match="interrupted"):
        write_table(url, batches(), CLIPS)
    assert list(tmp_path.iterdir()) == []
    assert not Workspace(url.rsplit("/", 1)[0]).exists("table.parquet")


def test_a_table_that_fails_half_way_leaves_the_one_before(tmp_path: Path) -> None:
    url = str(tmp_path / "table.parquet")
    write_table(url, [to_table(clips(2), Clip)], CLIPS)
    before = Path(url).read_bytes()
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        write_table(url, [pa.table({"other": [1]})], CLIPS)
    assert Path(url).read_bytes() == before


def _write_for_ever(url: str) -> None:
    n = 0
    while True:
        write_bytes(url, str(n).encode() * 100_000)
        n = (n + 1) % 10


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    url = str(tmp_path / "file")
    for delay in (0.05, 0.11, 0.23):
        writer = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(url,))
        writer.start()
        while not Path(url).exists():
            time.sleep(0.01)
        time.sleep(delay)
        assert writer.pid is not None
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        content = Path(url).read_bytes()
        assert len(content) == 100_000
        assert len(set(content)) == 1


def _hold(folder: str, ready: multiprocessing.synchronize.Event) -> None:
    with only_run(folder):
        ready.set()
        time.sleep(60)


def test_the_second_run_on_a_workspace_is_refused_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    first = context.Process(target=_hold, args=(str(tmp_path), ready))
    first.start()
    try:
        assert ready.wait(30)
        with pytest.raises(DataError, match=f"process {first.pid}"), only_run(str(tmp_path)):
            pass
    finally:
        first.kill()
        first.join()
    with only_run(str(tmp_path)):
        pass


def test_a_column_that_an_earlier_version_did_not_write_is_null(workspace: Workspace) -> None:
    old = to_table(clips(1), Clip).drop_columns(["parents"])
    write_table(workspace.url("clips", "mine", "part-0.parquet"), [old], old.schema)
    new = Clip(audio_id="mine/1", dataset="mine", labels=("Bark",), parents=("Dog",))
    database = workspace.database()
    for parts, expected in ((1, [(None,)]), (2, [(None,), (["Dog"],)])):
        if parts == 2:
            workspace.write([new], Clip, "clips", "mine", "part-1.parquet")
        workspace.view(database, f"clips{parts}", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
        assert database.execute(f"SELECT parents FROM clips{parts} ORDER BY audio_id").fetchall() == expected
    assert list(workspace.records(Clip, "clips", "mine")) == [*clips(1), new]


@pytest.mark.parametrize("name", ["data [v2]", "a*b?", "x::y", "[[]"])
def test_no_letter_of_a_folder_is_a_wildcard(tmp_path: Path, name: str) -> None:
    workspace = Workspace(str(tmp_path / name))
    (tmp_path / "data v").mkdir()
    clip = Clip(audio_id="mine/1", dataset="mine")
    workspace.write([clip], Clip, "clips", "mine", "part-00000.parquet")
    assert workspace.parts("clips", "mine") == ["part-00000.parquet"]
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
    assert database.execute("SELECT audio_id FROM clips").fetchall() == [("mine/1",)]
    assert list(workspace.records(Clip, "clips", "mine")) == [clip]
