"""The demo's corpus: what the recipe promises, and that the clips made from it are what it says."""

from __future__ import annotations

import csv
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry.readers.manifest import read
from aig.pipelines.demo import corpus
from aig.pipelines.demo.packages import Package
from helpers import ROOT

RATE = 8_000


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files("aig.pipelines.demo").joinpath("corpus.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stand-ins lie; an Ogg stream is numbered by chance, so each is written once."""
    return tmp_path_factory.mktemp("tones")


@pytest.fixture
def sources(tones: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Tones in place of the registry's files, each long enough for every cut; counts the fetches."""
    counted = {"fetches": 0}

    def fetch_all(wanted: dict[Package, list[str]]) -> dict[Package, dict[str, Path]]:
        counted["fetches"] += 1
        return {
            package: {member: tone(tones / member, 200.0 + 40 * number) for member in members}
            for number, (package, members) in enumerate(wanted.items())
        }

    monkeypatch.setattr(corpus, "fetch_all", fetch_all)
    return counted


def tone(file: Path, hertz: float) -> Path:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        samples = 0.1 * np.sin(2 * np.pi * hertz * np.arange(70 * RATE) / RATE)
        soundfile.write(file, samples, RATE, format=file.suffix[1:].upper())
    return file


def test_the_recipe_covers_what_the_demo_is_to_show(recipe: dict[str, Any]) -> None:
    clips = recipe["clips"]
    spoken = [clip for clip in clips if clip.get("text")]
    assert len(clips) >= 24
    assert len({clip["speaker_id"] for clip in spoken}) >= 8
    assert {clip["gender"] for clip in spoken} == {"male", "female"}
    assert sum("mix" in clip for clip in spoken) >= 4, "speech with sounds behind it"
    assert any("genres" in clip for clip in clips)
    assert all("captions" in clip for clip in clips if "mix" in clip)


def test_the_recipe_is_sound_in_itself(recipe: dict[str, Any]) -> None:
    assert len({clip["path"] for clip in recipe["clips"]}) == len(recipe["clips"])
    used = {layer["source"] for clip in recipe["clips"] for layer in clip.get("mix", [clip])}
    assert used == set(recipe["sources"]), "a source is used, and there is no other"
    assert {source["package"] for source in recipe["sources"].values()} == set(recipe["packages"])
    for clip in recipe["clips"]:
        assert all(caption.endswith(".") for caption in clip.get("captions", ())), clip["path"]
        for layer in clip.get("mix", ())[1:]:
            start, end = clip["mix"][0]["cut"]
            assert layer["at_s"] + layer["cut"][1] - layer["cut"][0] <= end - start, clip["path"]


def test_the_page_names_every_package_and_credit(recipe: dict[str, Any]) -> None:
    page = ROOT.joinpath("docs/demo.md").read_text()
    for name, package in recipe["packages"].items():
        assert f"| {name} | {package['version']} |" in page
    for source in recipe["sources"].values():
        assert source["licence"].split(" (")[0] in page
        assert all(number in page for number in re.findall(r"Freesound (\d+)", source["licence"]))
    assert f"{len(recipe['clips'])} real clips" in page


def test_labels_are_names_of_the_ontology(recipe: dict[str, Any], shared_data: Path) -> None:
    with (shared_data / "annotations/audioset/class_labels_indices.csv").open() as stream:
        names = {row["display_name"] for row in csv.DictReader(stream)}
    heard = {layer["label"] for clip in recipe["clips"] for layer in clip.get("mix", ())}
    heard |= {label for clip in [*recipe["clips"], recipe["broken"]] for label in clip.get("labels", ())}
    assert heard <= names, heard - names


def test_the_manifest_reads_back_with_a_licence_on_every_clip(sources: dict[str, int], tmp_path: Path) -> None:
    manifest = corpus.gather(tmp_path / "corpus")
    clips = list(read(manifest, manifest.parent, "demo"))
    assert all(isinstance(clip, Clip) and clip.licence for clip in clips)
    assert all((manifest.parent / str(clip.path)).is_file() for clip in clips if isinstance(clip, Clip))


def test_the_broken_file_cannot_be_decoded(sources: dict[str, int], tmp_path: Path, recipe: dict[str, Any]) -> None:
    corpus.gather(tmp_path / "corpus")
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(tmp_path / "corpus" / recipe["broken"]["path"])


def test_a_mix_says_when_each_of_its_layers_sounds(sources: dict[str, int], tmp_path: Path) -> None:
    manifest = corpus.gather(tmp_path / "corpus")
    rows = {row["path"]: row for row in map(json.loads, manifest.read_text().splitlines())}
    scene = rows["scenes/dog_in_the_rain.wav"]
    assert scene["labels"] == ["Rain", "Bark", "Bell"]
    assert scene["events"][:2] == [
        {"label": "Rain", "onset_s": 0.0, "offset_s": 10.0},
        {"label": "Bark", "onset_s": 1.5, "offset_s": 1.8},
    ]
    assert scene["licence"] == "MIT; GPL-3.0; CC0 (Dana robinson designs, Freesound 377639)"


def test_a_layer_lies_as_far_above_the_bed_as_asked(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    for name, hertz, level in (("bed", 200, 0.2), ("bark", 800, 0.01)):
        soundfile.write(tmp_path / f"{name}.wav", level * np.sin(2 * np.pi * hertz * time), RATE, subtype="FLOAT")
    layers = [
        {"source": "bed", "cut": [0.0, 4.0], "label": "Hum"},
        {"source": "bark", "cut": [1.0, 2.0], "at_s": 2.0, "above_db": 6.0, "label": "Bark"},
    ]
    mixed = corpus._mix(layers, {name: tmp_path / f"{name}.wav" for name in ("bed", "bark")})
    second = np.abs(np.fft.rfft(mixed.reshape(4, -1), axis=1))  # one row a second, one bin a hertz
    assert 20 * np.log10(second[2, 800] / second[2, 200]) == pytest.approx(6.0, abs=0.1)
    assert second[1, 800] < 1e-3 * second[2, 800], "the layer sounds in its own second only"
    assert len(mixed) == 4 * corpus.MIX_RATE
    assert np.abs(mixed).max() <= corpus.PEAK


def test_gathering_twice_gives_the_same_bytes_and_fetches_once(sources: dict[str, int], tmp_path: Path) -> None:
    def content(folder: Path) -> dict[str, bytes]:
        return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

    corpus.gather(tmp_path / "corpus")
    first = content(tmp_path / "corpus")
    corpus.gather(tmp_path / "corpus")
    assert sources["fetches"] == 1
    corpus.gather(tmp_path / "again")
    assert content(tmp_path / "again") == first == content(tmp_path / "corpus")


def test_a_corpus_that_lost_a_clip_is_made_whole_again(sources: dict[str, int], tmp_path: Path) -> None:
    corpus.gather(tmp_path / "corpus")
    lost = tmp_path / "corpus/speech/beckett.wav"
    before = lost.read_bytes()
    lost.unlink()
    corpus.gather(tmp_path / "corpus")
    assert lost.read_bytes() == before


@pytest.mark.slow
def test_the_real_corpus_comes_from_the_registry(tmp_path: Path) -> None:
    try:
        manifest = corpus.gather(tmp_path / "corpus")
    except UsageError as reason:
        if "cannot be reached" in str(reason):
            pytest.skip(str(reason))
        raise
    seconds = 0.0
    for clip in read(manifest, manifest.parent, "demo"):
        assert isinstance(clip, Clip)
        if "broken" in clip.audio_id:
            continue
        samples, rate = soundfile.read(manifest.parent / str(clip.path))
        assert np.abs(samples).max() > 0.02, f"{clip.path} is nearly silent"
        assert all(event.offset_s <= len(samples) / rate + 0.01 for event in clip.events or ())
        seconds += len(samples) / rate
    assert seconds > 200
