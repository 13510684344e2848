"""Breaks builds on purpose: kills, signals and full disks at drawn moments, then the same command again.

`python -m benchmarks.faults [TRIALS] [SEED]` builds a small corpus of made sounds once, unbroken, and then in each
trial builds it into a new workspace and breaks it off: something is killed at a drawn moment of a drawn stage. After
the same command ran again the published files must equal the unbroken ones byte by byte, the sums must add up, and
the model (a test server that counts) must have been paid once for each request; a reply that was on its way when the
flow itself was killed is the only one that may be asked for again. One line a trial, a table at the end, exit status 1
where a trial went wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FAULTS", "MOMENTS", "Corpus", "Outcome", "Run", "break_off", "model"]

REPO = Path(__file__).parents[1]
CONCURRENCY = 4

FAULTS = ("kill -9 flow", "kill -9 worker", "kill -9 server", "SIGTERM flow", "SIGINT flow")

MOMENTS = {
    "start": ("", ""),
    "index": ("index", ""),
    "extract": ("extract", ""),
    "select": ("select", ""),
    "closed": ("closed", ""),
    "ask": ("ask", ""),
    "open": ("open_", ""),
    "publish": ("publish", ""),
}
"""Where a build is, by what its progress file says."""


@dataclass(frozen=True)
class Corpus:
    """A folder with made sounds and a manifest."""

    folder: Path
    clips: int

    def make(self) -> None:
        """Writes the clips: tones, noise and silence of one second, and one file that is no audio."""
        import numpy as np
        import soundfile

        audio = self.folder / "audio"
        audio.mkdir(parents=True)
        noise = np.random.default_rng(0)
        lines = []
        for number in range(self.clips):
            wave = 0.1 * np.sin(2 * np.pi * (100 + 7 * number) * np.arange(16_000) / 16_000)
            wave += 0.01 * noise.standard_normal(16_000)
            soundfile.write(audio / f"{number}.wav", wave, 16_000, subtype="PCM_16")
            labels = ["Dog", "Rain", "Bell", "Engine"][number % 4 :][:2]
            lines.append(json.dumps({"path": f"{number}.wav", "labels": labels}))
        (audio / "broken.wav").write_bytes(b"this is not audio")
        lines.append(json.dumps({"path": "broken.wav", "labels": ["Dog"]}))
        (self.folder / "clips.jsonl").write_text("\n".join(lines))

    def configuration(self, name: str, model_url: str, **runner: Any) -> Path:
        """A configuration whose workspace is a folder of its own."""
        import yaml

        content = {
            "workspace": f"./{name}",
            "datasets": {"mine": {"manifest": "clips.jsonl", "root": "audio"}},
            "extract": {"whisper": None},
            "generate": {
                "model": "mock",
                "base_url": model_url,
                "concurrency": CONCURRENCY,
                "prices": {"mock": {"input": 1, "output": 1}},
                "questions": {"pairs": 3},
            },
            "runner": {"workers": 2, "batch_clips": 4, **runner},
        }
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(content))
        return file


@contextmanager
def model(latency_s: float = 0.15) -> Iterator[str]:
    """A test server of the chat API in a process of its own; gives its base URL."""
    server = subprocess.Popen(
        [sys.executable, "-m", "generators.mock_server", json.dumps({"latency_s": latency_s})],
        stdout=subprocess.PIPE,
        cwd=REPO,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def answered(model_url: str) -> dict[str, int]:
    """How often the server answered each request so far."""
    with urllib.request.urlopen(model_url.removesuffix("/v1") + "/mock/requests") as reply:
        content: dict[str, dict[str, int]] = json.load(reply)
    return content["answered"]


class Run:
    """A build in a process of its own."""

    def __init__(self, configuration: Path) -> None:
        """Starts it."""
        self.workspace = configuration.with_suffix("")
        self.log = configuration.with_suffix(".log").open("a+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from pipelines.cli import main; main()", "run", str(configuration), "--json"],
            cwd=REPO,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
            env={**os.environ, "AIG_CACHE": str(configuration.with_suffix(".cache")), "PYTHONUNBUFFERED": "1"},
        )

    def at(self, moment: str, limit_s: float = 240) -> bool:
        """Waits until the build has reached a moment; false where it ended before."""
        wanted = MOMENTS[moment][0]
        end = time.monotonic() + limit_s
        while time.monotonic() < end and self.process.poll() is None:
            title = self._progress()
            if title is not None and title.startswith(wanted):
                return True
            time.sleep(0.02)
        return False

    def _progress(self) -> str | None:
        try:
            return str(json.loads((self.workspace / "progress.json").read_text())["title"])
        except (OSError, ValueError, KeyError):
            return None

    def children(self, word: str) -> list[int]:
        """Processes started by the build whose command line holds a word."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    if parent == self.process.pid and word in (folder / "cmdline").read_text():
                        found.append(int(folder.name))
                except (OSError, IndexError):
                    continue
        return sorted(found)

    def sums(self, limit_s: float = 240) -> dict[str, Any]:
        """Waits for the end of a build that must succeed."""
        out, _ = self.process.communicate(timeout=limit_s)
        if self.process.returncode != 0:
            self.log.seek(0)
            raise AssertionError(f"exit status {self.process.returncode}: {self.log.read()[-2000:]}")
        sums: dict[str, Any] = json.loads(out)
        return sums

    def shards(self) -> dict[str, str]:
        """Hash of every published file."""
        root = self.workspace / "shards"
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(root.rglob("*"))
            if file.is_file()
        }


@dataclass(frozen=True)
class Outcome:
    """What a broken build came to.

    Attributes:
        fault: what was done to it.
        moment: the stage it was in.
        hit: whether there was something to hit (a stage without workers has none to kill).
        status: exit status of the broken run, negative for a signal.
        ended_s: from the fault to the broken run's end.
        continued: whether the broken run itself carried on to a good end.
        again: requests that were answered more than once.
        wrong: what does not hold; empty where all does.
    """

    fault: str
    moment: str
    hit: bool
    status: int
    ended_s: float
    continued: bool
    again: int
    wrong: str


def strike(run: Run, fault: str) -> bool:
    """Does what a fault's name says to a running build; false where there is nothing to hit."""
    word = {"worker": "multiprocessing.spawn", "server": "pipelines.prefect_server"}.get(fault.split()[-1])
    if word is None:
        number = {"kill": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}[fault.split()[0]]
        run.process.send_signal(number)
        return True
    found = run.children(word)
    if not found:
        return False
    os.kill(random.choice(found), signal.SIGKILL)
    return True


def break_off(
    configuration: Path, fault: str, moment: str, delay_s: float, whole: dict[str, str], clean: dict[str, Any], url: str
) -> Outcome:
    """Builds, strikes at a moment, builds again, and compares with the unbroken build."""
    before = Counter(answered(url))
    run = Run(configuration)
    reached = run.at(moment)
    time.sleep(delay_s if reached else 0)
    struck = time.monotonic()
    hit = run.process.poll() is None and strike(run, fault)
    run.process.communicate(timeout=300)
    ended_s = time.monotonic() - struck
    status = run.process.returncode
    wrong = []
    left = [pid for word in ("multiprocessing.spawn", "prefect_server") for pid in run.children(word)]
    if left:
        wrong.append(f"orphans {left}")
    again = Run(configuration)
    sums = again.sums()
    if again.shards() != whole:
        wrong.append("other bytes")
    if {key: sums[key] for key in ("clips", "qa")} != {key: clean[key] for key in ("clips", "qa")}:
        wrong.append(f"other sums {sums['clips']} {sums['qa']}")
    counts = Counter(answered(url)) - before
    twice = sum(count - 1 for count in counts.values() if count > 1)
    if twice > (CONCURRENCY if "flow" in fault and moment == "ask" else 0):
        wrong.append(f"{twice} requests paid twice")
    return Outcome(fault, moment, hit, status, ended_s, status == 0, twice, ", ".join(wrong))


def _row(outcome: Outcome) -> str:
    cells = (
        outcome.fault,
        outcome.moment,
        "yes" if outcome.hit else "nothing to hit",
        "carried on" if outcome.continued else outcome.status,
        f"{outcome.ended_s:.1f} s",
        outcome.again,
        outcome.wrong or "same bytes",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main(trials: int, seed: int) -> int:
    """Runs the trials and prints the table; returns the exit status."""
    draw = random.Random(seed)
    plan = [(fault, moment) for moment in MOMENTS for fault in FAULTS]
    draw.shuffle(plan)
    plan = [plan[number % len(plan)] for number in range(trials)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="aig-faults-") as folder, model() as url:
        corpus = Corpus(Path(folder) / "corpus", 40)
        corpus.make()
        first = Run(corpus.configuration("whole", url))
        clean, whole = first.sums(), first.shards()
        print("| fault | during | struck | broken run ended with | after | paid twice | outcome |")
        print("|---|---|---|---|---|---|---|")
        for number, (fault, moment) in enumerate(plan):
            with model() as url:
                configuration = corpus.configuration(f"trial{number}", url)
                try:
                    outcome = break_off(configuration, fault, moment, draw.uniform(0, 1.0), whole, clean, url)
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    outcome = Outcome(fault, moment, True, -1, 0, False, 0, str(error)[-600:])
            failed += bool(outcome.wrong)
            print(_row(outcome), flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in (sys.argv[1:] + ["30", "0"][len(sys.argv) - 1 :]))))
