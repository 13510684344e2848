"""A whole build of many tiny clips with the test model: `aig run` as a user starts it, its processor time by process.

`AIG_BENCH_CLIPS` says how many clips (5,000; the figures of docs/scale.md are of 50,000). Processor time is bounded
rather than wall time, so that what else a machine does at the same time falsifies neither.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.bench_generate import server
from benchmarks.figures import Figure

CLIPS = int(os.environ.get("AIG_BENCH_CLIPS", 5_000))
SECONDS = 0.25
RATE = 8_000
SOUNDS = ("Dog", "Rain", "Bell", "Engine", "Speech", "Music", "Wind", "Siren", "Door", "Bird")


def corpus(folder: Path, clips: int) -> None:
    """Writes tones of a quarter of a second and a manifest with what datasets annotate."""
    import numpy as np
    import soundfile

    (folder / "audio").mkdir(parents=True)
    noise = np.random.default_rng(0)
    steps = np.arange(int(SECONDS * RATE)) / RATE
    with (folder / "clips.jsonl").open("w") as manifest:
        for number in range(clips):
            wave = 0.2 * np.sin(2 * np.pi * (90 + number % 200) * steps) + 0.01 * noise.standard_normal(len(steps))
            soundfile.write(folder / "audio" / f"{number}.wav", wave, RATE, subtype="PCM_16")
            first, second = SOUNDS[number % 10], SOUNDS[(number * 7 + 3) % 10]
            clip = {
                "path": f"{number}.wav",
                "labels": [first, second],
                "events": [
                    {"label": first, "onset_s": 0.0, "offset_s": 0.1},
                    {"label": second, "onset_s": 0.05, "offset_s": 0.2},
                ],
                "captions": [f"{first} and {second.lower()} are heard, take {number}."],
            }
            manifest.write(json.dumps(clip) + "\n")


def configuration(folder: Path, url: str, workers: int = 2) -> Path:
    """The build's configuration."""
    file = folder / "aig.yaml"
    content = {
        "workspace": str(folder / "workspace"),
        "datasets": {"mine": {"manifest": str(folder / "clips.jsonl"), "root": str(folder / "audio")}},
        "extract": {"whisper": None},
        "generate": {
            "model": "mock",
            "base_url": url,
            "prices": {"mock": {"input": 1, "output": 1}},
            "concurrency": 64,
        },
        "runner": {"workers": workers},
    }
    file.write_text(json.dumps(content))
    return file


def build(file: Path, *command: str) -> tuple[dict[str, float], dict[str, object]]:
    """Seconds of a build, `wall` and `cpu` of all its processes, and what it printed."""
    code = "from aig.pipelines.cli import main; main()"
    took, printed = _timed([*command, "-c", code, "run", str(file), "--json"])
    return took, json.loads(printed)


def empty_flow(folder: str) -> float:
    """Processor seconds of a flow of Prefect's without a task, its temporary server included."""
    code = (
        "from aig.pipelines.runtime.prefect_server import prefect_api\n"
        f"with prefect_api({folder!r}):\n"
        "    from prefect import flow\n"
        "    flow(lambda: None, name='empty')()\n"
    )
    took, _ = _timed(["-c", code])
    return took["cpu"]


def _timed(command: list[str]) -> tuple[dict[str, float], str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.monotonic() - start, "cpu": cpu}, done.stdout


def run() -> Iterable[Figure]:
    """A first build, then one with nothing to do."""
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder, server(latency_s=0.0) as url:
        os.environ["AIG_CACHE"] = f"{folder}/cache"
        corpus(Path(folder), CLIPS)
        file = configuration(Path(folder), url)
        took, said = build(file)
        print(json.dumps({"seconds": took, "stages": said["stages"], "qa": said["qa"]}), file=sys.stderr)
        again, _ = build(file)
        empty = min(empty_flow(f"{folder}/empty") for _ in range(2))  # the first makes Prefect's tables
        per_clip = 1e3 * took["cpu"] / CLIPS
        yield Figure(
            f"build of {CLIPS:,} tiny clips, processor time", per_clip, 18, "ms a clip", per_clip / 18, 1, False
        )
        yield Figure(
            "the same build again, nothing to do, by an empty flow of Prefect's",
            again["cpu"],
            empty,
            "s",
            again["cpu"] / empty,
            2,
            False,
        )
