"""The readers on excerpts of the owners' own files, with the counts that these have."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from aig.core.records import Clip, Event
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import voxceleb2
from aig.datasets_registry.readers.fma import genre_names


def read(name: str, root: Path, *splits: str) -> list[Clip]:
    items = list(registry.get(name).read(Source(root, splits=splits)))
    bad = [item for item in items if not isinstance(item, Clip)]
    assert not bad, bad[:3]
    return items


@pytest.fixture
def annotations(shared_data):
    return shared_data / "annotations"


def test_audioset(annotations):
    clips = read("audioset", annotations / "audioset")
    assert len(clips) == 3000
    assert clips[1] == Clip(
        audio_id="audioset/--ZhevVpy1s",
        dataset="audioset",
        split="balanced_train",
        labels=("Toothbrush",),
        source_key="youtube:--ZhevVpy1s@50-60",
    )
    assert "Male speech, man speaking" in {label for clip in clips for label in clip.labels}


def test_audioset_strong(annotations):
    clips = read("audioset_strong", annotations / "audioset_strong")
    assert len(clips) == 1757
    assert sum(len(clip.events) for clip in clips) == 5178
    first = clips[0]
    assert first.audio_id == "audioset_strong/--aaILOrkII_200000"
    assert first.events[0] == Event("Cap gun", 0.88, 1.201)
    assert all(list(c.events) == sorted(c.events, key=lambda event: event.onset_s) for c in clips)


def test_vggsound(annotations):
    clips = read("vggsound", annotations / "vggsound", "test")
    assert len(clips) == 3000
    assert clips[0].audio_id == "vggsound/glLQrEijrKg_000300"
    assert "Pigeon, dove cooing" in {clip.labels[0] for clip in clips}


def test_fsd50k_whole_development_list(annotations):
    clips = read("fsd50k", annotations / "fsd50k")
    assert Counter(clip.split for clip in clips) == {"train": 36_796, "val": 4_170}
    assert clips[0].labels == (
        "Electric guitar",
        "Guitar",
        "Plucked string instrument",
        "Musical instrument",
        "Music",
    )


def test_audiocaps_whole_training_list(annotations):
    clips = read("audiocaps", annotations / "audiocaps")
    assert len(clips) == 49_838
    assert {len(clip.captions) for clip in clips} == {1}
    validation = read("audiocaps", annotations / "audiocaps", "val")
    assert sum(len(clip.captions) for clip in validation) == 500
    assert len(validation) == 321


def test_clotho(annotations):
    clips = read("clotho", annotations / "clotho")
    assert len(clips) == 1500
    assert {len(clip.captions) for clip in clips} == {5}
    assert clips[0].audio_id == "clotho/development/Distorted AM Radio noise"


def test_soundbible(annotations):
    clips = read("soundbible", annotations / "wavcaps_soundbible")
    assert len(clips) == 400
    assert (clips[0].title, clips[0].captions) == ("Airplane Landing Airport", ("An airplane is landing.",))


def test_mosei(annotations):
    clips = read("mosei", annotations / "cmu_mosei", "train", "dev", "test", "none")
    assert Counter(clip.split for clip in clips) == {"train": 1981, "dev": 212, "test": 702, "none": 105}
    assert Counter(clip.sentiment for clip in clips) == {0: 721, 1: 695, -2: 553, -1: 478, 2: 289, -3: 170, 3: 94}
    assert {clip.emotion for clip in clips} == {None}


def test_speakers_of_libritts(annotations, tmp_path):
    shutil.copy(annotations / "libritts" / "SPEAKERS.txt", tmp_path)
    chapter = tmp_path / "train-clean-360" / "14" / "208"
    chapter.mkdir(parents=True)
    (chapter / "14_208_000001_000000.wav").touch()
    (clip,) = read("libritts", tmp_path)
    assert (clip.speaker_id, clip.gender) == ("14", "female")


def test_speakers_and_ages_of_voxceleb2(annotations):
    folder = annotations / "voxceleb2"
    speakers = dict(voxceleb2.speakers(folder / "vox2_meta.csv"))
    assert len(speakers) == 6114
    assert speakers["id00012"] == ("male", "dev")
    ages = dict(voxceleb2.speaker_ages(folder / "age-train.txt", ("speaker_age",)))
    assert len(ages) == 1690
    assert ages["id03530", "ndYJV-_3wT0"] == 67


def test_genres_of_fma(annotations):
    genres = list(genre_names(annotations / "fma" / "genres.csv"))
    assert len(genres) == 163
    assert (8, "Old-Time / Historic") in genres
