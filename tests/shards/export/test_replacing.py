"""Exports into places that hold something: earlier exports, others' files, what a killed export left."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lhotse
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.locks import InUseError, only_holder
from aig.core.storage import remove_orphans, whole_file
from aig.shards.export.audio_copies import Place
from aig.shards.export.form import Features
from aig.shards.export.forms.messages import write_dataset_info
from helpers.exporting import export
from helpers.hum import Hum

FOLDERS = {"webdataset": "shard-00007.tar", "lhotse-shar": "recording.000007.tar", "hf-audio": "data/own.parquet"}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Broken(Hum):
    """Fails half way."""

    def read(self, audio_id: str) -> np.ndarray | None:
        if len(self.reads) > 30:
            raise OSError(28, "No space left on device")
        return super().read(audio_id)


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several files an export."""
    for module in ("webdataset", "lhotse_shar"):
        monkeypatch.setattr(f"aig.shards.export.forms.{module}.CLIPS_PER_TAR", 20)
    monkeypatch.setattr("aig.shards.export.forms.hf_audio._ROWS", 50)


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("form", FOLDERS)
def test_a_folder_holds_one_export_whatever_happened_before(published_set: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    export(published_set, form, out, Hum())
    first = files(out)
    with pytest.raises(OSError, match="No space"):
        export(published_set, form, out, Broken())
    assert files(tmp_path) == {f"out/{name}": content for name, content in first.items()}
    (tmp_path / ".out.partial").mkdir()  # as `kill -9` leaves it
    (tmp_path / ".out.partial" / "half.tar").write_bytes(b"half")
    export(published_set, form, out, Hum(), where="audio_id LIKE '%clip 3'")
    export(published_set, form, tmp_path / "fresh", Hum(), where="audio_id LIKE '%clip 3'")
    assert files(out) == files(tmp_path / "fresh") != first
    assert {path.name for path in tmp_path.iterdir()} == {"out", "fresh"}


@pytest.mark.parametrize(("form", "name"), FOLDERS.items())
def test_what_no_export_wrote_is_neither_removed_nor_mixed_in(
    published_set: Path, tmp_path: Path, form: str, name: str
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo("mine.flac")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"abc"))
    for content in (stream.getvalue(), b"", b"other bytes" * 200, gzip.compress(b"{}")):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)
        source = Hum()
        with pytest.raises(UsageError, match="not of an export of this form"):
            export(published_set, form, tmp_path / "out", source)
        assert source.reads == []
        assert files(tmp_path) == {f"out/{name}": content}


def test_lhotse_would_read_a_foreign_file(published_set: Path, tmp_path: Path) -> None:
    export(published_set, "lhotse-shar", tmp_path / "out", Hum())
    for name in ("notes.txt", "notes.csv"):
        (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(AssertionError, match="notes"):
        lhotse.CutSet.from_shar(in_dir=tmp_path / "out")
    with pytest.raises(UsageError, match=r"notes\.csv is not of an export"):
        export(published_set, "lhotse-shar", tmp_path / "out", Hum())


def test_of_two_exports_at_once_one_is_refused(published_set: Path, tmp_path: Path) -> None:
    with (
        only_holder(str(tmp_path / ".out.partial.lock"), "", ""),
        pytest.raises(InUseError, match="out is in use") as error,
    ):
        export(published_set, "webdataset", tmp_path / "out", Hum())
    assert "another folder" in error.value.advice


def test_a_mounted_folder_is_written_within(
    published_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    (out / ".out.partial").mkdir(parents=True)
    (out / ".out.partial" / "half.tar").write_bytes(b"half")
    monkeypatch.setattr(Path, "is_mount", lambda self: self == out)
    export(published_set, "lhotse-shar", out, Hum())
    assert set(files(out)) == {"cuts.000000.jsonl.gz", "recording.000000.tar"}
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert len(list(lhotse.CutSet.from_shar(in_dir=out))) == 78


def test_what_a_killed_export_left_goes_and_what_is_being_written_stays(published_set: Path, tmp_path: Path) -> None:
    audio = tmp_path / "rows_audio"
    audio.mkdir()
    left = [folder / ".aig-0123abcd.partial" for folder in (tmp_path, audio)]
    others = [audio / ".other.partial", audio / ".aig-notes.partial"]
    for file in (*left, *others):
        file.write_bytes(b"half")
    with whole_file(audio / "of another export.flac") as stream:
        stream.write(b"sound")
        export(published_set, "messages", tmp_path / "rows.jsonl", Hum())
    assert (audio / "of another export.flac").read_bytes() == b"sound"
    assert sorted(tmp_path.rglob("*.partial")) == sorted(others)
    remove_orphans(tmp_path / "no such folder")


def test_exports_that_end_together_are_all_entered(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_dataset_info(tmp_path / f"{number}.jsonl", {}), range(24)))
    assert set(json.loads((tmp_path / "dataset_info.json").read_text())) == set(map(str, range(24)))
    assert [path.name for path in tmp_path.iterdir()] == ["dataset_info.json"]


def test_features_of_two_files_never_share_a_name(published_set: Path, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    for number, audio in enumerate(("one", "two")):
        folder = tmp_path / "audio" / audio / "a/b/c"
        folder.mkdir(parents=True)
        with whole_file(folder / "d.wav") as stream:
            stream.write(_wav(number))

    class Two(Hum):
        def place(self, audio_id: str) -> Place:
            return Place(
                tmp_path / "audio" / ("one" if "clip 1" in audio_id else "two") / "a/b/c/d.wav", True, audio_id
            )

    with pytest.raises(UsageError, match="under one name"):
        export(published_set, "ltu-as", tmp_path / "out" / "ltu_as.json", Two(), audio="path")
    assert files(tmp_path / "out") == {}
    done = export(published_set, "ltu-as", tmp_path / "out" / "ltu_as.json", Two(), audio="link")
    assert done.rows == 660
    features = Features("large-v1", lambda file: np.zeros(1))
    with pytest.raises(UsageError, match="does not tell when it changes"):
        export(published_set, "ltu-as", tmp_path / "b" / "a.json", Two(), audio="path", features=features)


def _wav(seed: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.random.default_rng(seed).normal(0, 0.1, 8000), 16_000, format="WAV")
    return stream.getvalue()


def test_rows_of_a_set_of_version_1_are_of_its_splits(published_set: Path, tmp_path: Path) -> None:
    """Its lineage had the owners' names of splits, or none."""
    old = tmp_path / "set"
    shutil.copytree(published_set, old)
    for number, file in enumerate(sorted(old.glob("lineage/*/*.parquet"))):
        table = pq.read_table(file)
        splits = pa.array([("balanced_train", None)[number % 2]] * table.num_rows, pa.string())
        place = table.schema.get_field_index("split")
        pq.write_table(table.set_column(place, table.schema.field(place).with_nullable(True), splits), file)
    export(old, "hf-audio", tmp_path / "out", Hum())
    assert [path.name for path in (tmp_path / "out" / "data").iterdir()] == ["train-00000.parquet"]
    export(old, "lhotse-shar", tmp_path / "shar", Hum())
    assert {cut.custom["split"] for cut in lhotse.CutSet.from_shar(in_dir=tmp_path / "shar")} == {"train"}
