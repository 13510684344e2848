"""Bad input gets a message that names file, line, key or clip and the remedy, and the right exit status."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow


def aig(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("aig")), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.run(command, capture_output=True, text=True, env={**kept, **environment}, timeout=600)


def tone(file: Path, hz: float = 220.0, seconds: float = 1.0) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        step = int(16_000 / hz / 2)
        period = b"\x00\x20" * step + b"\x00\xe0" * step
        out.writeframes((period * int(16_000 * seconds / (2 * step) + 1))[: int(32_000 * seconds)])


@pytest.fixture
def build(tmp_path: Path):
    """Writes a configuration and a manifest of one clip; keyword arguments change the configuration."""
    tone(tmp_path / "audio" / "a.wav")

    def write(manifest: list[dict[str, object]] | None = None, **changes: object) -> str:
        rows = manifest if manifest is not None else [{"path": "a.wav", "labels": ["Tuning fork"]}]
        (tmp_path / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        content = {
            "workspace": "./workspace",
            "datasets": {"mine": {"manifest": "clips.jsonl", "root": "audio"}},
            "extract": {"whisper": None},
            "generate": {"open_ended": False},
            **changes,
        }
        file = tmp_path / "build.yaml"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        return str(file)

    return write


def refused(done: subprocess.CompletedProcess[str], status: int, *said: str) -> None:
    assert done.returncode == status, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    assert "What to do" in done.stderr
    for words in said:
        assert words in done.stderr, done.stderr


def test_an_unknown_key(build) -> None:
    refused(aig("run", build(sede=1)), 2, "build.yaml, line", "'sede'", "did you mean 'seed'")


def test_a_missing_audio_root(build) -> None:
    file = build(datasets={"mine": {"manifest": "clips.jsonl", "root": "nowhere"}})
    refused(aig("run", file), 2, "nowhere")


def test_an_unknown_column(build) -> None:
    refused(aig("run", build([{"path": "a.wav", "lables": ["Dog"]}])), 2, "clips.jsonl", "lables", "labels")


def test_a_missing_manifest(build) -> None:
    refused(aig("run", build(datasets={"mine": {"manifest": "none.csv", "root": "audio"}})), 2, "none.csv")


def test_an_unreadable_clip_fails_the_run_when_it_is_too_large_a_share(build, tmp_path: Path) -> None:
    (tmp_path / "audio" / "b.wav").write_bytes(b"RIFF not audio")
    file = build([{"path": "a.wav"}, {"path": "b.wav"}])
    refused(aig("run", file), 1, "1 of 2 items are in quarantine", "mine/b.wav")


def test_an_unreadable_clip_within_the_limit_is_put_aside(build, tmp_path: Path) -> None:
    (tmp_path / "audio" / "b.wav").write_bytes(b"RIFF not audio")
    rows = [{"path": "a.wav", "labels": ["Tuning fork"]}, {"path": "b.wav"}]
    done = aig("run", build(rows, max_quarantine=0.5), "--json")
    assert done.returncode == 0, done.stderr
    clips = json.loads(done.stdout)["clips"]
    assert clips == {"read": 2, "missing_audio": 0, "quarantined": 1, "dropped": 0, "kept": 1}


def test_no_model_server(build) -> None:
    generate = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "prices": {"m": {"input": 0, "output": 0}}}
    done = aig("run", build(generate=generate))
    assert done.returncode in (1, 2)
    refused(done, done.returncode, "http://127.0.0.1:9/v1")


def test_no_key(build) -> None:
    refused(aig("run", build(generate={"model": "gpt-3.5-turbo"})), 2, "OPENAI_API_KEY")


def test_a_model_address_without_its_scheme(build) -> None:
    refused(aig("run", build(generate={"base_url": "localhost:8000/v1"})), 2, "localhost:8000/v1", "https://HOST/v1")


def test_the_demo_with_a_paid_model_and_no_key(tmp_path: Path) -> None:
    refused(aig("demo", "--out", str(tmp_path / "demo"), "--model", "gpt-3.5-turbo"), 2, "OPENAI_API_KEY")


def test_an_unknown_stage_and_an_unknown_dataset(build) -> None:
    refused(aig("run", build(), "--until", "bake"), 2, "'bake'", "extract")
    refused(aig("run", build(), "--only", "yours"), 2, "yours", "mine")


def test_an_unknown_command_is_a_usage_error() -> None:
    assert aig("bake").returncode == 2
    assert aig("--help").returncode == 0
