from pathlib import Path

import pytest
import yaml

from aig.core.errors import UsageError
from aig.pipelines.configuration import load
from helpers import ROOT


def write(folder: Path, text: str) -> Path:
    file = folder / "build.yaml"
    file.write_text(text, encoding="utf-8")
    return file


GOOD = """\
workspace: ./workspace
datasets:
  my_calls: {manifest: lists/calls.jsonl, root: audio}
"""


def test_relative_paths_stand_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, GOOD)
    monkeypatch.chdir("/")
    configuration = load(file)
    assert configuration.workspace == str(tmp_path / "workspace")
    assert configuration.datasets["my_calls"].manifest == str(tmp_path / "lists" / "calls.jsonl")
    assert configuration.datasets["my_calls"].root == str(tmp_path / "audio")


def test_every_path_of_a_configuration_is_relative_to_its_file(tmp_path: Path) -> None:
    more = """\
ontology: files/ontology.json
extract: {levels: files/levels.yaml, tagger: {model: files/yamnet.tflite}, whisper: {model: files/model.pt}}
generate: {questions: {prompt_folder: files/prompts, description_file: files/descriptions.jsonl}}
publish: {drop: files/marks.jsonl}
"""
    (tmp_path / "files").mkdir()
    (tmp_path / "files/model.pt").touch()
    content = load(write(tmp_path, GOOD + more)).model_dump_json()
    assert content.count(str(tmp_path / "files")) == 7
    assert load(write(tmp_path, GOOD + "extract: {levels: default}\n")).extract.levels == "default"


def test_an_object_store_stays_a_url(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD.replace("./workspace", "s3://bucket/prefix"))).workspace == "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("text", "line", "key", "nearest"),
    [
        (GOOD + "sed: 3\n", 4, "sed", "seed"),
        (GOOD + "generate:\n  model: x\n  max_cost: 3\n", 6, "generate.max_cost", "max_cost_usd"),
        (GOOD + "extract:\n  whisper:\n    modell: tiny\n", 6, "extract.whisper.modell", "model"),
        (GOOD.replace("root: audio", "rot: audio"), 3, "datasets.my_calls.rot", "root"),
        (GOOD + "select:\n  my_calls: {min_word: 6}\n", 5, "select.my_calls.min_word", "min_words"),
    ],
)
def test_an_unknown_key_is_named_with_line_and_nearest(
    tmp_path: Path, text: str, line: int, key: str, nearest: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(write(tmp_path, text))
    assert f"build.yaml, line {line}: unknown key '{key}'" in caught.value.message
    assert f"'{nearest}'" in caught.value.advice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workspace: ./w\n", "'datasets' is missing"),
        ("workspace: ./w\ndatasets: {}\n", "datasets"),
        ("workspace: ./w\ndatasets:\n  libritss: {root: x}\n", "did you mean 'libritts'"),
        ("workspace: ./w\ndatasets:\n  libritts: {manifest: x.csv}\n", "give your own data another name"),
        ("workspace: ./w\ndatasets:\n  mine: {parts: [a]}\n", "needs `root`"),
        ("workspace: ./w\ndatasets:\n  My-Data: {manifest: x.csv}\n", "lower-case letters"),
        (GOOD + "select:\n  other_joint: {min_words: 2}\n", "belongs to no dataset"),
        (GOOD + "max_quarantine: 5\n", "max_quarantine"),
        (GOOD + "seed: many\n", "seed"),
        ("- a\n- list\n", "holds no configuration"),
        ("workspace: [unclosed\n", "not valid YAML"),
        ("", "holds no configuration"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(write(tmp_path, text))
    assert said in str(caught.value)
    assert "build.yaml" in caught.value.message


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml")


def test_binary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "build.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(tmp_path / "build.yaml")


def test_the_example_is_a_configuration_and_every_key_in_it_is_known(tmp_path: Path) -> None:
    example = ROOT / "pipelines" / "example.yaml"
    configuration = load(write(tmp_path, example.read_text(encoding="utf-8")))
    assert set(configuration.datasets) == {"my_clips"}
    commented = (
        example.read_text(encoding="utf-8").replace("  # libritts", "  libritts").replace("  # audioset", "  audioset")
    )
    commented = commented.replace("# select:", "select:").replace("#   audioset_joint", "  audioset_joint")
    assert "audioset_joint" in load(write(tmp_path, commented.replace("# runner", "runner"))).select
    assert yaml.safe_load(commented)["datasets"]["audioset"]["limit"] == 500_000
