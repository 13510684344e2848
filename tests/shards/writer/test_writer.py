"""Publishing: layout, order, bytes, interruption."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.errors import DataError
from aig.core.hashing import row_keys
from aig.core.qa_id import IDENTITY, make_pair
from aig.core.records import QAPair, Quarantined
from aig.core.tables import QA, to_table
from aig.core.tasks import PAPER_FOLDERS
from aig.shards.manifest import Build
from aig.shards.paper_tasks import paper_tasks
from aig.shards.schema import DATA, LINEAGE, SCHEMA_VERSION, VERSION_KEY, declared_columns
from aig.shards.settings import PublishSettings
from aig.shards.validator.validate import validate
from aig.shards.writer import shuffle, writer
from aig.shards.writer.staging import staging
from helpers import ROOT

Pairs = Callable[[int], list[QAPair]]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def all_rows(folder: Path) -> set[tuple[str, ...]]:
    rows = set()
    for path in sorted((folder / "data").rglob("*.parquet")):
        data = pq.read_table(path).to_pylist()
        ids = pq.read_table(folder / "lineage" / path.relative_to(folder / "data")).column("qa_id").to_pylist()
        rows |= {(*row.values(), qa_id) for row, qa_id in zip(data, ids, strict=True)}
    return rows


def test_a_published_set_has_the_layout_of_the_contract(published_set: Path, pairs: Pairs) -> None:
    manifest = json.loads((published_set / "manifest.json").read_text())
    assert manifest["rows"] == 660
    assert sum(sum(tasks.values()) for tasks in manifest["counts"].values()) == 660
    for entry in manifest["files"]:
        path = published_set / entry["path"]
        assert path.stat().st_size == entry["bytes"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
        table = pq.read_table(path)
        declared = DATA if entry["path"].startswith("data/") else declared_columns(table.schema.names, LINEAGE)
        assert table.schema.equals(declared)
        assert table.schema.metadata[VERSION_KEY] == SCHEMA_VERSION.encode()
        footer = pq.ParquetFile(path).metadata
        column = footer.row_group(0).column(0)
        assert column.compression == "ZSTD"
        assert column.has_column_index
        assert column.has_offset_index
        assert column.statistics.has_min_max
        if entry["path"].startswith("data/"):
            folder = entry["path"].split("/")[1]
            assert {paper_tasks()[task].folder for task in table.column("task").to_pylist()} == {folder}
    wanted = {(p.instruction, p.input, p.audio_id, p.dataset, p.task, p.output, p.qa_id) for p in pairs(660)}
    assert all_rows(published_set) == wanted


def test_shards_of_a_folder_differ_by_one_row_at_most(published_set: Path) -> None:
    entries = json.loads((published_set / "manifest.json").read_text())["files"]
    for name in PAPER_FOLDERS:
        rows = [entry["rows"] for entry in entries if entry["path"].startswith(f"data/{name}/")]
        assert max(rows) <= 70
        assert max(rows) - min(rows) <= 1


def test_row_groups_hold_64k_rows_at_most(tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]) -> None:
    (pair,) = pairs(1)
    row = {name: getattr(pair, name) for name in IDENTITY}
    lineage = {"prompt": pair.prompt, "prompt_sha256": pair.prompt_sha256}
    rows = [make_pair(**{**row, "instruction": f"Question {index}?"}, **lineage) for index in range(70_000)]
    published_by(tmp_path, rows, rows_per_shard=100_000, chunk=10_000)
    footer = pq.ParquetFile(tmp_path / "data/classification/train-00000-of-00001.parquet").metadata
    assert [footer.row_group(index).num_rows for index in range(footer.num_row_groups)] == [35_000, 35_000]


def test_rows_of_all_datasets_and_tasks_are_mixed(published_set: Path) -> None:
    tasks = pq.read_table(published_set / "data/classification/train-00000-of-00006.parquet").column("task").to_pylist()
    assert len(set(tasks[:20])) > 5


@pytest.mark.parametrize(("order", "chunk", "workers"), [(1, 1, 1), (2, 7, 4), (3, 1000, 2)])
def test_the_same_rows_give_the_same_bytes(
    tmp_path: Path,
    published_set: Path,
    pairs: Pairs,
    published_by: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
    order: int,
    chunk: int,
    workers: int,
) -> None:
    monkeypatch.setattr(writer, "WORKERS", workers)
    monkeypatch.setattr(shuffle, "RUN_BYTES", 10_000 * workers)
    monkeypatch.setattr(shuffle, "STRETCH_BYTES", 5_000 * workers)
    published_by(tmp_path, pairs(660), order=order, chunk=chunk)
    assert files(tmp_path) == files(published_set)


def test_another_seed_gives_another_order(
    tmp_path: Path, published_set: Path, pairs: Pairs, published_by: Callable[..., object], build: Build
) -> None:
    published_by(tmp_path, pairs(660), made=replace(build, seed=4))
    assert all_rows(tmp_path) == all_rows(published_set)
    name = "data/open/train-00000-of-00001.parquet"
    assert (tmp_path / name).read_bytes() != (published_set / name).read_bytes()


@given(
    st.lists(st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), unique=True),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(1, 5),
)
@settings(deadline=None, max_examples=60)
def test_a_key_depends_on_the_id_and_the_seed_alone(ids: list[str], seed: int, cut: int) -> None:
    together = row_keys(pa.array(ids, pa.string()), seed)
    apart = [row_keys(pa.array(ids[i : i + cut], pa.string()), seed) for i in range(0, len(ids), cut)]
    assert np.array_equal(together, np.concatenate([np.empty(0, np.uint64), *apart]))
    sliced = pa.array(["before", *ids, "after"]).slice(1, len(ids))
    assert np.array_equal(together, row_keys(sliced, seed))


def test_keys_are_the_same_on_every_machine() -> None:
    keys = row_keys(pa.array(["a", "0123456789abcdef", "ä"]), 7).tolist()
    assert keys == [17114725699731175545, 17082501483361936694, 2176513878450424436]


def test_a_qa_id_twice_is_refused_and_leaves_nothing(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]
) -> None:
    with pytest.raises(DataError, match="1 qa_id occur more than once"):
        published_by(tmp_path, pairs(50) + pairs(1))
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_publish_is_an_error(tmp_path: Path, published_by: Callable[..., object]) -> None:
    with pytest.raises(DataError, match="no row to publish"):
        published_by(tmp_path, [])


def test_a_batch_with_other_columns_is_refused(tmp_path: Path, build: Build) -> None:
    batch = pa.record_batch({"instruction": ["a"]})
    with pytest.raises(DataError, match="not those of a QA pair"):
        writer.publish([batch], str(tmp_path), PublishSettings(), build)


def test_bad_rows_are_left_out_counted_and_told(tmp_path: Path, pairs: Pairs, build: Build) -> None:
    rows = pairs(44)
    rows[0] = replace(rows[0], output=" ")
    rows[1] = replace(rows[1], task="no such task")
    rows[2] = replace(rows[2], dataset="elsewhere", audio_id="elsewhere/a")
    rows[4] = replace(rows[4], output="The pitch is enormous.")
    rows[5] = replace(rows[5], source="guess")
    rows[6] = replace(rows[6], source="model")
    rows[21] = replace(rows[21], request_id="")
    rows[7] = replace(rows[7], prompt="speech\x07@1")
    told: list[Quarantined] = []
    manifest = writer.publish(to_table(rows, QAPair).to_batches(), str(tmp_path), PublishSettings(), build, told.append)
    assert manifest.rows == 36
    assert manifest.left_out == {
        "control_character": 1,
        "empty": 1,
        "lineage_value": 3,
        "malformed_answer": 1,
        "unknown_dataset": 1,
        "unknown_task": 1,
    }
    assert {item.error for item in told} == set(manifest.left_out)
    assert all(item.stage == "publish" and "pair " in item.message for item in told)
    assert validate(str(tmp_path)).ok


@pytest.mark.parametrize(
    ("reported", "published"),
    [
        ("/home/anna/models/tiny.gguf", "tiny.gguf"),
        ("~/models/tiny/", "tiny"),
        (r"C:\models\tiny.gguf", "tiny.gguf"),
        ("meta-llama/Llama-3-8B", "meta-llama/Llama-3-8B"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo-0125"),
    ],
)
def test_a_model_that_is_a_path_is_published_by_its_name(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object], reported: str, published: str
) -> None:
    published_by(tmp_path, [replace(pair, model=reported) for pair in pairs(100) if pair.source == "model"])
    lineage = pq.read_table(tmp_path / "lineage/open/train-00000-of-00001.parquet")
    assert set(lineage.column("model").to_pylist()) == {published}
    assert validate(str(tmp_path)).ok


def test_answers_that_cannot_be_determined_can_be_left_out(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]
) -> None:
    manifest = published_by(tmp_path, pairs(660), keep_not_answerable=False)
    assert manifest.left_out == {"not_answerable": 15}  # type: ignore[attr-defined]
    assert validate(str(tmp_path)).rows == 645


def test_a_publish_that_fails_leaves_the_set_before_it(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object], build: Build
) -> None:
    published_by(tmp_path, pairs(100))
    before = files(tmp_path)

    def interrupted() -> object:
        yield from to_table(pairs(60), QAPair).to_batches()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.publish(interrupted(), str(tmp_path), PublishSettings(), build)
    assert files(tmp_path) == before


def test_a_new_publish_replaces_shards_and_leaves_other_files(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]
) -> None:
    published_by(tmp_path / "set", pairs(660))
    (tmp_path / "set" / "NOTES.txt").write_text("mine")
    published_by(tmp_path / "set", pairs(100))
    published_by(tmp_path / "fresh", pairs(100))
    now = files(tmp_path / "set")
    assert now.pop("NOTES.txt") == b"mine"
    assert now == files(tmp_path / "fresh")


def test_two_publishes_of_one_set_do_not_mix(tmp_path: Path) -> None:
    with staging(str(tmp_path)), pytest.raises(DataError, match="is in use by another run"), staging(str(tmp_path)):
        pass


KILLED = """
import sys
sys.path[:0] = [{tests!r}]
from helpers.published_sets import BUILD, make_pairs
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.shards.writer import staging, writer
from aig.shards.settings import PublishSettings
import os, signal, pathlib
steps = 0
def counted(do):
    def step(*args, **kwargs):
        global steps
        if steps == {kill_at}:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1
        return do(*args, **kwargs)
    return step
writer._write_shard = counted(writer._write_shard)
pathlib.Path.replace = counted(pathlib.Path.replace)
pathlib.Path.write_bytes = counted(pathlib.Path.write_bytes)
batches = to_table(make_pairs(330), QAPair).to_batches()
writer.publish(batches, {out!r}, PublishSettings(rows_per_shard=70), BUILD)
"""


@pytest.mark.slow
def test_kill_anywhere_leaves_the_old_set_or_one_that_is_unfinished(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]
) -> None:
    published_by(tmp_path / "new", pairs(330))
    wanted = files(tmp_path / "new")
    published_by(tmp_path / "set", pairs(660))
    before = files(tmp_path / "set")

    def killed_at(step: int) -> tuple[int, dict[str, bytes]]:
        out = tmp_path / f"set{step}"
        published_by(out, pairs(660))
        script = KILLED.format(tests=str(ROOT / "tests"), kill_at=step, out=str(out))
        root = ROOT
        done = subprocess.run([sys.executable, "-c", script], check=False, cwd=root, env={**os.environ})
        return done.returncode, {k: v for k, v in files(out).items() if not k.startswith(".publishing")}

    seen = set()
    with ThreadPoolExecutor(2) as pool:
        for code, now in pool.map(killed_at, [0, 2, 5, 6, 7, 12, 18, 19]):
            assert code == -signal.SIGKILL
            seen.add("manifest.json" in now)
            assert now == before or "manifest.json" not in now
    assert seen == {True, False}
    for out in tmp_path.glob("set?*"):
        if not (out / "manifest.json").exists():
            assert validate(str(out)).errors[0].code == "no_manifest"
        published_by(out, pairs(330))
        assert files(out) == wanted


def test_a_set_on_an_object_store_is_the_same(
    tmp_path: Path, pairs: Pairs, published_by: Callable[..., object]
) -> None:
    url = f"memory://{tmp_path.name}/set"
    published_by(url, pairs(660))
    published_by(url, pairs(100))
    published_by(tmp_path, pairs(100))
    import fsspec

    fs, root = fsspec.core.url_to_fs(url)
    remote = {path[path.index(root) + len(root) + 1 :]: fs.cat_file(path) for path in fs.find(root)}
    assert remote == files(tmp_path)
    report = validate(url)
    assert report.ok
    assert report.rows == 100


def test_the_schema_of_pairs_is_the_published_row_and_its_lineage() -> None:
    assert QA.names == DATA.names + LINEAGE.names
    assert [field.type for field in QA] == [field.type for field in [*DATA, *LINEAGE]]
