"""`import aig` for notebooks: tables as frames, a set's rows, one file measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import aig
from aig.core.errors import DataError, UsageError
from helpers.slow_store import in_slow_store
from helpers.small_build import CLIPS, ROWS_PER_CLIP, small_build
from helpers.voices import RATE, vowel

pd = pytest.importorskip("pandas")
soundfile = pytest.importorskip("soundfile")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api") / "build"
    small_build(folder)
    return folder


@pytest.fixture(scope="module")
def build(folder: Path):
    return aig.open(folder / "aig.yaml")


def test_tables_are_frames(build) -> None:
    assert len(build.clips()) == CLIPS + 2
    assert {"f0_hz", "labels", "audio_id"} <= set(build.features().columns)
    assert len(build.pairs()) == (CLIPS - 1) * ROWS_PER_CLIP
    assert list(build.dropped()["rule"]) == ["min_words"]
    assert list(build.quarantine()["error"]) == ["unreadable_audio"]
    assert set(build.dropped_pairs()["rule"]) == {"short"}
    assert {"key", "raw"} <= set(build.replies().columns)


def test_conditions_columns_and_limits_are_evaluated_before_loading(build) -> None:
    found = build.clips("gender = 'female'", columns=["audio_id", "gender"], limit=2)
    assert list(found.columns) == ["audio_id", "gender"]
    assert set(found["gender"]) == {"female"}
    assert len(found) <= 2
    with pytest.raises(UsageError, match="nonsense") as error:
        build.clips("nonsense = 1")
    assert "audio_id" in error.value.advice


def test_tables_are_read_from_a_slow_store(folder: Path, build, tmp_path: Path) -> None:
    settings = (folder / "aig.yaml").read_text(encoding="utf-8")
    moved = in_slow_store(folder / "workspace", "api")
    settings = settings.replace("workspace: ./workspace", f"workspace: {moved}")
    (tmp_path / "aig.yaml").write_text(settings, encoding="utf-8")
    there = aig.open(tmp_path / "aig.yaml")
    assert there.configuration.workspace == moved
    assert sorted(there.pairs("task = 'caption'")["qa_id"]) == sorted(build.pairs("task = 'caption'")["qa_id"])
    with pytest.raises(UsageError, match="nonsense"):
        there.features("nonsense = 1")


def test_what_a_judge_said_is_a_frame(build, folder: Path) -> None:
    assert list(build.verdicts().columns)[:2] == ["qa_id", "audio_id"]
    assert len(build.verdicts()) == 0


def test_a_prompt_is_tried_on_clips_and_paid_once(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    from aig.generators.mock_server import MockServer, MockSettings

    with MockServer(MockSettings(pairs=3)) as server:
        folder = tmp_path / "build"
        small_build(folder, published=False)
        config = folder / "aig.yaml"
        config.write_text(config.read_text().replace("http://127.0.0.1:1/v1", server.url))
        pairs = aig.ask("speech@1", ["mine/1.wav", "mine/2.wav"], config=config)
        assert list(pairs.columns) == ["audio_id", "prompt", "question", "answer", "kept", "rule", "reason"]
        assert set(pairs["audio_id"]) == {"mine/1.wav", "mine/2.wav"}
        assert pairs[pairs["kept"]]["rule"].eq("").all()
        assert pairs[~pairs["kept"]]["reason"].ne("").all()
    again = aig.open(config).ask("speech@1", ["mine/1.wav", "mine/2.wav"])  # nobody answers any more
    pd.testing.assert_frame_equal(again, pairs)
    with pytest.raises(UsageError, match=r"no clip 'mine/none\.wav'"):
        aig.ask("speech", "mine/none.wav", config=config)
    with pytest.raises(UsageError, match="there is no prompt"):
        aig.ask("spech", config=config)


_TWO_RUNS = """
import json
import sys

import prefect

import aig

if __name__ == "__main__":
    first = aig.run(sys.argv[1], only=["mine"])
    again = aig.run(sys.argv[1])
    print(json.dumps([first["qa"], again["qa"]]))
"""


@pytest.mark.slow
def test_a_notebook_runs_a_build_twice_with_prefect_imported_before(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", vowel(120.0, 2.0), RATE)
    (tmp_path / "clips.csv").write_text("path,labels\na.wav,Dog\n")
    (tmp_path / "aig.yaml").write_text(
        "workspace: ./w\ndatasets: {mine: {manifest: clips.csv}}\n"
        "extract: {whisper: null}\ngenerate: {open_ended: false}\n"
    )
    (tmp_path / "twice.py").write_text(_TWO_RUNS)
    command = [sys.executable, str(tmp_path / "twice.py"), str(tmp_path / "aig.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    first, again = json.loads(done.stdout.splitlines()[-1])
    assert first == again
    assert first["closed"] > 0
    assert "items remaining" not in done.stderr  # Python's end does not wait for a server that is gone


def test_rows_of_a_set_come_with_their_lineage(folder: Path, build) -> None:
    rows = aig.load_shards(folder / "workspace" / "shards", where="source = 'model'")
    assert {"instruction", "output", "qa_id", "model"} <= set(rows.columns)
    assert set(rows["source"]) == {"model"}
    assert aig.validate(folder / "workspace" / "shards").shards > 0


def test_a_clip_is_heard_and_seen(build) -> None:
    audio_id = build.clips("path IS NOT NULL", columns=["audio_id"], limit=1)["audio_id"][0]
    shown = build.sound(audio_id)._repr_html_()
    assert "data:audio/mpeg;base64," in shown
    assert "data:image/png;base64," in shown
    with pytest.raises(DataError, match="not on this disk"):
        build.sound("mine/lost.wav")


def test_one_file_is_measured(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", vowel(120.0, 2.0), RATE)
    features = aig.measure(tmp_path / "a.wav", gender="male")
    assert features.f0_hz == pytest.approx(120, rel=0.02)
    assert features.transcript is None
    with pytest.raises(DataError, match="no such file"):
        aig.measure(tmp_path / "b.wav")


def test_importing_aig_imports_nothing_heavy() -> None:
    script = (
        "import sys, aig; dir(aig); heavy = {'pandas', 'pyarrow', 'numpy', 'duckdb', 'pydantic'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="nothing_like_this"):
        getattr(aig, "nothing_like_this")  # noqa: B009
