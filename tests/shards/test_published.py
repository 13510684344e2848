"""What is made of a published set: card, Croissant, statistics, exports, merges, look-ups, annotations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from aig.core.errors import DataError, UsageError
from aig.core.records import QAPair
from aig.shards.card import card
from aig.shards.lookup import find
from aig.shards.manifest import Build, Manifest, SourceDataset
from aig.shards.merge import merge
from aig.shards.published import PublishedSet
from aig.shards.settings import PublishSettings
from aig.shards.statistics import statistics
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.github_annotations import workflow_commands
from aig.shards.validator.validate import validate
from helpers import ROOT

Pairs = Callable[[int], list[QAPair]]
Publish = Callable[..., Manifest]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


# the card


@pytest.mark.parametrize(("config", "rows"), [(None, 660), ("stage1", 390), ("stage2", 390), ("stage3", 660)])
def test_datasets_loads_every_config(published_set: Path, tmp_path: Path, config: str | None, rows: int) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(published_set), config, cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    assert loaded["train"].column_names == ["instruction", "input", "audio_id", "dataset", "task", "output"]
    assert loaded["train"].num_rows == rows


def test_a_set_published_anew_does_not_load_as_the_one_before(
    tmp_path: Path, pairs: Pairs, published_by: Publish
) -> None:
    datasets = pytest.importorskip("datasets")
    for rows in (660, 330):
        published_by(tmp_path / str(rows) / "shards", pairs(rows))
        loaded = datasets.load_dataset(str(tmp_path / str(rows) / "shards"), cache_dir=str(tmp_path / "cache"))
        assert loaded["train"].num_rows == rows


def test_a_set_without_classification_has_no_stage_of_it(tmp_path: Path, pairs: Pairs, published_by: Publish) -> None:
    datasets = pytest.importorskip("datasets")
    published_by(tmp_path / "set", [pair for pair in pairs(660) if pair.task == "open-ended question"])
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 30
    assert datasets.get_dataset_config_names(str(tmp_path / "set")) == ["default", "stage3"]
    assert validate(str(tmp_path / "set")).ok


def test_the_card_says_what_is_in_the_set_and_under_which_terms(published_set: Path) -> None:
    text = (published_set / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert [config["config_name"] for config in front["configs"]] == ["default", "stage1", "stage2", "stage3"]
    assert "| AudioSet | 40 | 500,000 | 420 | 538,000 | 20 | 931,000 |" in text
    assert "| AudioSet (`audioset`) | CC BY 4.0 | nothing named | <https://research.google.com/audioset/> |" in text
    assert "Ask the owner." in text
    assert "- Made for a test." in text


def test_what_others_wrote_stays_text_in_the_card(published_set: Path) -> None:
    manifest = PublishedSet(str(published_set)).manifest()
    hostile = SourceDataset(
        title="A|B\n# Heading <script>x</script> [link](javascript:x)",
        licence="`rm` *free*\n---\n",
        home="javascript:alert(1)",
        paper="https://example.org/a?b=c",
    )
    build = replace(manifest.build, sources={**manifest.build.sources, "my_calls": hostile})
    text = card(manifest.model_copy(update={"build": build}))
    assert "<script>" not in text
    assert "\n# Heading" not in text
    assert "<javascript" not in text
    assert "<https://example.org/a?b=c>" in text
    rows = [line for line in text.splitlines() if "my_calls" in line]
    assert [line.replace("\\|", "").count("|") for line in rows] == [5]


def test_croissant_describes_the_set_and_reads_it(published_set: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    described = mlcroissant.Dataset(jsonld=str(published_set / "croissant.json"))
    assert described.metadata.issues.errors == set()
    rows = list(described.records("stage1"))
    assert len(rows) == 390
    assert {key.split("/")[1] for key in rows[0]} == {"instruction", "input", "audio_id", "dataset", "task", "output"}
    hashes = {entry.path: entry.sha256 for entry in PublishedSet(str(published_set)).manifest().files}
    told = json.loads((published_set / "croissant.json").read_text())["distribution"]
    assert {item["@id"]: item["sha256"] for item in told if "sha256" in item} == hashes


# statistics


def test_statistics_count_what_is_there(published_set: Path) -> None:
    found = statistics(str(published_set))
    assert found.rows == 660
    assert found.counts == PublishedSet(str(published_set)).manifest().counts
    assert found.clips == {"audioset": 40, "my_calls": 40}
    assert found.levels["pitch_cla"] == {"very low": 0, "low": 0, "medium": 15, "high": 0, "very high": 15}
    assert found.distinct_questions == 100.0
    assert found.distinct_answers == pytest.approx(100 * 2 / 30)
    assert found.not_answerable == pytest.approx(50.0)
    assert found.models == {"": 630, "tiny-model": 30}
    assert found.prompts == {"speech@1": 660}
    assert found.lengths["instruction"].longest == len("Question 659?")


def test_statistics_need_no_open_ended_rows(tmp_path: Path, pairs: Pairs, published_by: Publish) -> None:
    published_by(tmp_path, [pair for pair in pairs(66) if pair.task == "age_cla"])
    found = statistics(str(tmp_path))
    assert (found.rows, found.levels, found.distinct_questions, found.not_answerable) == (3, {}, None, None)


# merges


def test_a_set_and_its_halves_merged_are_the_same(
    tmp_path: Path, published_set: Path, pairs: Pairs, published_by: Publish
) -> None:
    published_by(tmp_path / "a", pairs(660)[:400])
    published_by(tmp_path / "b", pairs(660)[300:])
    settings = PublishSettings(rows_per_shard=70)
    manifest = merge([str(tmp_path / "a"), str(tmp_path / "b")], str(tmp_path / "both"), settings)
    assert (manifest.rows, manifest.left_out) == (660, {"also_in_another_set": 100})
    whole = PublishedSet(str(published_set)).manifest()
    assert {e.path: e.sha256 for e in manifest.files} == {e.path: e.sha256 for e in whole.files}
    assert validate(str(tmp_path / "both")).ok


def test_a_condition_makes_a_subset(tmp_path: Path, published_set: Path) -> None:
    manifest = merge(
        [str(published_set)], str(tmp_path), PublishSettings(), where="dataset = 'my_calls' AND NOT answerable"
    )
    assert manifest.counts == {"my_calls": {"open-ended question": 5}}
    assert validate(str(tmp_path)).ok


@pytest.mark.parametrize(
    "condition",
    [
        "colour = 'red'",
        "task =",
        "CAST(output AS INTEGER) > 3",
        "task IN (SELECT content FROM read_text('/etc/hosts'))",
    ],
)
def test_a_condition_that_cannot_be_read_is_a_wrong_call(tmp_path: Path, published_set: Path, condition: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        merge([str(published_set)], str(tmp_path / "x"), PublishSettings(), where=condition)


def test_a_set_is_not_merged_into_itself(published_set: Path) -> None:
    with pytest.raises(UsageError, match="one of the sets"):
        merge([str(published_set)], f"{published_set}/", PublishSettings())


def test_sets_that_disagree_on_a_licence_are_not_merged(
    tmp_path: Path, published_set: Path, pairs: Pairs, published_by: Publish, build: Build
) -> None:
    other = {**build.sources, "audioset": replace(build.sources["audioset"], licence="all rights reserved")}
    published_by(tmp_path / "a", pairs(10), made=replace(build, sources=other))
    with pytest.raises(DataError, match="different licences of audioset"):
        merge([str(published_set), str(tmp_path / "a")], str(tmp_path / "x"), PublishSettings())


# look-ups


def test_every_pair_is_found_by_its_id(published_set: Path, pairs: Pairs) -> None:
    published = PublishedSet(str(published_set))
    for pair in pairs(660)[::13]:
        found = find(published, pair.qa_id)
        assert found is not None
        assert (found.data["instruction"], found.lineage["qa_id"]) == (pair.instruction, pair.qa_id)
        assert (found.data["output"], found.lineage["request_id"]) == (pair.output, pair.request_id)
    assert find(published, "no such id") is None


# for CI


def test_github_annotations_cannot_be_forged() -> None:
    report = ValidationReport()
    report.error("empty", "output is empty: '\n::error::forged 100%'", "data/open/a,b:c.parquet", 3)
    lines = list(workflow_commands(report))
    assert lines[0] == (
        "::error file=data/open/a%2Cb%3Ac.parquet,title=empty::row 3: output is empty: '%0A::error::forged 100%25'"
    )
    assert lines[-1] == "::notice title=aig validate::shards are not valid, 1 errors: 0 rows in 0 shards"
    assert all("\n" not in line for line in lines)


def test_the_pytest_plugin_runs_once_a_set(
    tmp_path: Path, published_set: Path, pairs: Pairs, published_by: Publish
) -> None:
    published_by(tmp_path / "bad", pairs(100))
    next((tmp_path / "bad" / "data" / "open").iterdir()).unlink()
    (tmp_path / "test_theirs.py").write_text(
        "def test_shards(shards_report):\n    assert shards_report.ok, str(shards_report)\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "aig.shards.pytest_plugin", "-c", "/dev/null", "test_theirs.py"]
    both = ["--aig-shards", str(published_set), "--aig-shards", str(tmp_path / "bad")]
    root = str(ROOT)
    done = subprocess.run(
        [*command, *both],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": root, "PATH": ""},
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "missing data/open/" in done.stdout
    none = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PYTHONPATH": root, "PATH": ""}
    )
    assert "1 skipped" in none.stdout
