from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from aig.core.errors import DataError
from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.pipelines.views.browse.rows import Filters, Rows
from aig.pipelines.views.browse.sources import made_pairs, published_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.settings import PublishSettings
from helpers.small_build import publish_rows, small_build

ASKED = {"source": "model", "model": "small-1", "request_id": "ab" * 32, "finish_reason": "stop"}


def _made(count: int) -> list[QAPair]:
    rows = []
    for number in range(count):
        is_open = number % 3 == 0
        rows.append(
            make_pair(
                instruction=f"Question number {number}, 100% sure_thing?",
                input="",
                audio_id=f"{'mine' if number % 2 else 'yours'}/{number % 40}.wav",
                dataset="mine" if number % 2 else "yours",
                task="open-ended question" if is_open else "pitch_cla",
                output="An answer with a Needle in it." if number % 50 == 0 and is_open else "The pitch is low.",
                prompt=f"speech@{1 + number % 2}" if is_open else "pitch_cla@1",
                prompt_sha256="ab" * 32,
                answerable=number % 7 != 0,
                **(ASKED if is_open else {}),
            )
        )
    return rows


@pytest.fixture(scope="module")
def made() -> list[QAPair]:
    return _made(3_000)


@pytest.fixture(scope="module")
def rows(made: list[QAPair], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    url = str(tmp_path_factory.mktemp("set") / "shards")
    publish_rows(made, url, PublishSettings(rows_per_shard=250))
    found = Rows(published_set(url))
    found.index.wait()
    return found


def _all(rows: Rows, filters: Filters, size: int = 70) -> list[dict[str, Any]]:
    found, start = [], 0
    while True:
        page = rows.find(filters, start, size)
        found += page.rows
        if page.next is None:
            return found
        assert page.next > start
        start = page.next


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        (Filters(), lambda row: True),
        (Filters(dataset="mine"), lambda row: row.dataset == "mine"),
        (Filters(task="pitch_cla", answerable="no"), lambda row: row.task == "pitch_cla" and not row.answerable),
        (Filters(prompt="speech@2"), lambda row: row.prompt == "speech@2"),
        (Filters(text="nEEdle"), lambda row: "Needle" in row.output),
        (Filters(text="100% SURE_thing"), lambda row: True),
        (Filters(text="100_ sure"), lambda row: False),
        (Filters(text="r 12", dataset="yours"), lambda row: "r 12" in row.instruction and row.dataset == "yours"),
        (Filters(clips=pa.table({"audio_id": ["mine/1.wav", "x"]})), lambda row: row.audio_id == "mine/1.wav"),
        (Filters(dataset="none"), lambda row: False),
    ],
)  # fmt: skip
def test_pages_together_hold_just_the_rows_that_fit(
    rows: Rows, made: list[QAPair], filters: Filters, fits: Any
) -> None:
    found = _all(rows, filters)
    assert sorted(row["qa_id"] for row in found) == sorted(row.qa_id for row in made if fits(row))
    assert [row["place"] for row in found] == sorted(row["place"] for row in found)


def test_lineage_stands_beside_its_row(rows: Rows, made: list[QAPair]) -> None:
    by_id = {row.qa_id: row for row in made}
    for row in _all(rows, Filters(), 500):
        expected = by_id[row["qa_id"]]
        assert row["instruction"] == expected.instruction
        assert row["prompt"] == expected.prompt
        assert row["answerable"] == expected.answerable


def test_pairs_by_id(rows: Rows, made: list[QAPair]) -> None:
    wanted = [made[5].qa_id, made[2_999].qa_id, "f" * 32]
    assert sorted(row["qa_id"] for row in _all(rows, Filters(pairs=wanted))) == sorted(wanted[:2])
    assert _all(rows, Filters(pairs=[])) == []


def test_a_count_comes_with_the_page(rows: Rows, made: list[QAPair]) -> None:
    assert rows.find(Filters(), 0, 5).total == len(made)
    assert rows.find(Filters(dataset="mine"), 0, 5).total == len(made) // 2


def test_all_rows_of_a_clip(rows: Rows, made: list[QAPair]) -> None:
    found = rows.of_clip("mine/1.wav")
    assert sorted(row["qa_id"] for row in found) == sorted(row.qa_id for row in made if row.audio_id == "mine/1.wav")


def test_clips_with_both_prompts_come_first(tmp_path: Path) -> None:
    def row(clip: int, version: int, answerable: bool = True) -> QAPair:
        return make_pair(
            instruction=f"Why {clip} {version} {answerable}?", answerable=answerable, input="",
            audio_id=f"mine/{clip}", dataset="mine",
            task="open-ended question", output="Because.", prompt=f"speech@{version}", prompt_sha256="ab" * 32, **ASKED,
        )  # fmt: skip

    publish_rows(
        [row(1, 1), row(1, 1, False), row(2, 1), row(2, 2), row(3, 2), row(4, 3), row(5, 1), row(5, 2)],
        str(tmp_path / "s"),
    )
    found = Rows(published_set(str(tmp_path / "s")))
    ids = found.clips_of("speech@1", "speech@2", 0, 10)
    assert set(ids[:2]) == {"mine/2", "mine/5"}
    assert set(ids) == {"mine/1", "mine/2", "mine/3", "mine/5"}
    assert [found.clips_of("speech@1", "speech@2", start, 1) for start in range(5)] == [*([one] for one in ids), []]
    assert {row["instruction"] for row in found.of_clips(["mine/1", "mine/2"], ["speech@1"])} == {
        "Why 1 1 True?", "Why 1 1 False?", "Why 2 1 True?",
    }  # fmt: skip


def test_a_search_that_takes_long_stops_and_goes_on(
    rows: Rows, made: list[QAPair], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aig.pipelines.views.browse.rows.SEARCH_S", 0.0)
    first = rows.find(Filters(text="needle"), 0, 1_000)
    assert first.next is not None
    assert 0 < first.searched < 1
    assert first.total is None
    found = _all(rows, Filters(text="needle"), 1_000)
    assert len(found) == sum("Needle" in row.output for row in made)


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    url = tmp_path / "shards"
    publish_rows(_made(20), str(url))
    for file in url.glob("lineage/*/*.parquet"):
        file.write_bytes(b"PAR1 not at all")
    rows = Rows(published_set(str(url)))
    with pytest.raises(DataError, match="cannot be read"):
        rows.find(Filters(dataset="mine"), 0, 10)


def test_the_pairs_of_a_workspace_that_has_not_published(tmp_path: Path) -> None:
    _, workspace = small_build(tmp_path / "b", published=False)
    source = made_pairs(workspace)
    assert source.names["prompt"] == ("gender_cla@1", "pitch_cla@1", "speech@1", "speech@2")
    assert len(_all(Rows(source), Filters(prompt="speech@2"))) == 11


def test_an_empty_workspace_has_nothing_to_browse(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pairs yet"):
        made_pairs(Workspace(str(tmp_path)))


def test_a_set_on_an_object_store(tmp_path: Path, made: list[QAPair]) -> None:
    import fsspec

    publish_rows(made[:300], str(tmp_path / "s"))
    store = fsspec.filesystem("memory")
    store.put(str(tmp_path / "s"), "/browsed-set", recursive=True)
    try:
        rows = Rows(published_set("memory://browsed-set"))
        assert len(_all(rows, Filters())) == 300
        assert len(_all(rows, Filters(text="number 29", dataset="mine"))) == 6
    finally:
        store.rm("/browsed-set", recursive=True)
