"""What a second run works on: new, removed, changed and copied clips, without Prefect."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aig.core.records import Clip, Features, Quarantined
from aig.extractors.version import Parts, parts
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.stages.extract import clips_to_measure, forget_outdated, measure_batch
from aig.pipelines.stages.index import index_dataset
from aig.pipelines.stages.reconciliation import clip_sums
from aig.pipelines.stages.select import outdated_selections, select_dataset
from aig.pipelines.workspace.buckets import joined, known_feature_parts
from aig.pipelines.workspace.workspace import Workspace


class Data:
    """A dataset of one's own that changes, and the stages up to extract."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.gender: dict[str, str] = {}
        self.labels: dict[str, list[str]] = {}
        self.configuration = Configuration.model_validate(
            {
                "workspace": str(folder / "workspace"),
                "datasets": {"mine": {"manifest": str(folder / "clips.jsonl"), "root": str(folder)}},
                "extract": {"whisper": None},
            }
        )
        self.workspace = Workspace(self.configuration.workspace)

    def write(self, name: str, hz: float = 200.0) -> None:
        wave = 0.1 * np.sin(2 * np.pi * hz * np.arange(8_000) / 16_000)
        soundfile.write(self.folder / name, wave, 16_000, subtype="PCM_16")
        if name not in self.names:
            self.names.append(name)

    def run(self) -> list[str]:
        """Indexes and measures; returns the clips that were measured or refused."""
        self.run_index()
        _, batches = clips_to_measure(self.workspace, "mine", self.configuration.extract, 100)
        worked = []
        for clips, known in batches:
            worked += [clip.path for clip in clips if clip.path]
            measure_batch(self.workspace, "mine", str(self.folder), clips, known, self.configuration.extract)
        return worked

    def run_index(self) -> None:
        rows = [{"path": name, "gender": self.gender.get(name), "labels": self.labels.get(name)} for name in self.names]
        (self.folder / "clips.jsonl").write_text("\n".join(map(json.dumps, rows)))
        index_dataset(self.configuration, self.workspace, "mine", Progress("", None, "clips", lambda *_: None))

    def sums(self) -> dict[str, int]:
        return clip_sums(self.configuration, self.workspace, "mine")

    def refused(self) -> list[str]:
        return [item.audio_id for item in self.workspace.records(Quarantined, "quarantine", "extract")]


@pytest.fixture
def data(tmp_path: Path) -> Data:
    data = Data(tmp_path)
    data.write("a.wav")
    data.write("b.wav", 300)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    data.names.append("broken.wav")
    assert data.run() == ["a.wav", "b.wav", "broken.wav"]
    return data


def test_nothing_new_nothing_done(data: Data) -> None:
    assert data.run() == []
    assert data.sums()["quarantined"] == 1


def test_going_back_to_former_settings_measures_nothing(data: Data) -> None:
    before = data.configuration
    measured = [row.audio_id for row in data.workspace.records(Features, "features", "mine")]
    pitch = {"floor_hz": 90.0}
    changed = before.extract.model_validate(
        before.extract.model_dump() | {"pitch": before.extract.pitch.model_copy(update=pitch)}
    )
    data.configuration = before.model_copy(update={"extract": changed})
    assert data.run() == ["a.wav", "b.wav", "broken.wav"]
    forget_outdated(data.workspace, "mine", changed)
    select_dataset(data.configuration, data.workspace, "mine", Progress("", None, "clips", lambda *_: None))
    assert outdated_selections(data.configuration, data.workspace, "mine") == []
    data.configuration = before
    assert data.run() == ["broken.wav"]  # its quarantine was lifted with the settings that it was for
    assert outdated_selections(data.configuration, data.workspace, "mine") == ["mine"]
    parts = known_feature_parts(before, data.workspace, "mine")
    assert sum(len(list(data.workspace.batches([data.workspace.url("features", "mine", part)]))) for part in parts) == 1
    assert len(list(data.workspace.records(Features, "features", "mine"))) == 2 * len(measured)


def test_a_gender_set_right_changes_the_rank_and_reads_no_audio(data: Data) -> None:
    def ranks() -> dict[str, tuple[str | None, str | None]]:
        database = joined(data.configuration, data.workspace, "mine", selected=False)
        return {
            path: (gender, rank)
            for path, gender, rank in database.execute("SELECT path, gender, pitch_rank FROM joined").fetchall()
        }

    assert ranks() == {"a.wav": (None, None), "b.wav": (None, None)}
    file = data.folder / "a.wav"
    stamp = file.stat()
    file.write_bytes(b"\0" * stamp.st_size)
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    for gender, rank in (("male", "very high"), ("female", "medium"), ("other", None), ("male", "very high")):
        data.gender["a.wav"] = gender
        data.run()
        assert ranks()["a.wav"] == (gender, rank)
        assert data.run() == []
    assert data.sums()["quarantined"] == 1


def test_parents_of_labels_follow_the_ontology(data: Data, shared_data: Path) -> None:
    def parents() -> list[tuple[str, ...] | None]:
        return [clip.parents for clip in data.workspace.records(Clip, "clips", "mine")]

    assert parents() == [None, None, None]
    data.labels = {"a.wav": ["Bark"], "b.wav": ["Nothing known"]}
    ontology = str(shared_data / "annotations/audioset/ontology.json")
    data.configuration = data.configuration.model_copy(update={"ontology": ontology})
    data.run_index()
    assert parents() == [("Dog", "Domestic animals, pets", "Animal"), None, None]


def test_only_a_new_clip_is_worked_on(data: Data) -> None:
    data.write("c.wav", 400)
    assert data.run() == ["c.wav"]


def test_a_clip_that_left_the_manifest_is_gone_from_the_sums(data: Data) -> None:
    data.names.remove("b.wav")
    assert data.run() == []
    assert data.sums()["read"] == 2


def test_a_file_that_is_gone_is_missing(data: Data) -> None:
    (data.folder / "b.wav").unlink()
    assert data.run() == []
    assert data.sums()["missing_audio"] == 1


@pytest.mark.parametrize("later_ns", [1, 10**9])
def test_another_recording_of_the_same_size_under_the_same_name_is_noticed(data: Data, later_ns: int) -> None:
    file = data.folder / "b.wav"
    os.utime(file, ns=(0, 10**18))
    data.run()
    data.write("b.wav", 600)
    os.utime(file, ns=(0, 10**18 + later_ns))
    assert data.run() == ["b.wav"]
    rows = [row for row in data.workspace.records(Features, "features", "mine") if row.audio_id == "mine/b.wav"]
    assert len({row.content for row in rows}) == 2
    assert data.run() == []


def test_a_copied_file_is_measured_anew_and_its_transcript_believed(data: Data) -> None:
    os.utime(data.folder / "b.wav", (1, 1))
    data.run_index()
    _, batches = clips_to_measure(data.workspace, "mine", data.configuration.extract, 100)
    ((clips, known),) = batches
    assert [clip.path for clip in clips] == ["b.wav"]
    then, now = Parts.of(known["mine/b.wav"].extractor), parts(data.configuration.extract)
    assert then is not None
    assert then.transcript == now.transcript  # so it is taken over, where the samples turn out to be the same
    assert then.signal != now.signal  # so the file is decoded and measured


def test_a_repaired_file_leaves_the_quarantine_by_itself(data: Data) -> None:
    assert data.refused() == ["mine/broken.wav"]
    data.write("broken.wav", 500)
    assert data.run() == ["broken.wav"]
    assert data.refused() == []
    assert data.sums()["quarantined"] == 0


def test_a_broken_file_that_is_removed_leaves_the_quarantine(data: Data) -> None:
    data.names.remove("broken.wav")
    assert data.run() == []
    assert data.refused() == []


def test_two_clips_of_one_file_are_both_measured_whenever_they_came(tmp_path):
    data = Data(tmp_path)
    data.write("a.wav")
    clips = []
    for audio_id in ("one", "two", "three"):
        clips.append({"path": "a.wav", "audio_id": audio_id})
        (tmp_path / "clips.jsonl").write_text("\n".join(map(json.dumps, clips)))
        index_dataset(data.configuration, data.workspace, "mine", Progress("", None, "clips", lambda *_: None))
        todo, batches = clips_to_measure(data.workspace, "mine", data.configuration.extract, 100)
        assert todo == 1
        for batch, known in batches:
            measure_batch(data.workspace, "mine", str(tmp_path), batch, known, data.configuration.extract)
    measured = {row.audio_id for row in data.workspace.records(Features, "features", "mine")}
    assert measured == {"mine/one", "mine/two", "mine/three"}
    assert data.sums()["read"] == 3
