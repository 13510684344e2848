"""Breaks builds on purpose: kills and signals at drawn moments of each stage, then the same command again.

`python -m benchmarks.faults [ROUNDS] [SEED]` builds a small corpus of made sounds once, unbroken. In each round it then
builds it into a new workspace and goes through all stages in order, striking at a drawn moment of each: the flow, a
worker or the server is killed, or the flow gets a signal. Where the run ended of it, the same command starts again.
At the end of a round the published files must equal the unbroken ones byte by byte, the sums must add up, nobody may be
left over, and the model (a test server that counts) must have been paid once for each request; replies on their way at
the moment the flow itself was killed are the only ones that may be asked for again. Exit status 1 where that fails.
"""

from __future__ import annotations

import contextlib
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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FAULTS", "MOMENTS", "Corpus", "Run", "Strike", "build_under_strikes", "model"]

REPO = Path(__file__).parents[1]
CONCURRENCY = 4
_FORKING = "multiprocessing.forkserver"

FAULTS = ("kill -9 flow", "kill -9 worker", "kill -9 server", "SIGTERM flow", "SIGINT flow")

MOMENTS = ("start", "index", "extract", "select", "closed", "ask", "open_", "publish")
"""Where a build is: how the title in its progress file begins; at the start there is none yet."""

WITH_WORKERS = ("extract", "closed", "ask", "open_")


@dataclass(frozen=True)
class Corpus:
    """A folder with made sounds and a manifest."""

    folder: Path
    clips: int

    def make(self) -> None:
        """Writes the clips: tones, noise and silence of one second, and one file that is not audio."""
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


@contextlib.contextmanager
def model(latency_s: float = 0.15) -> Iterator[str]:
    """A test server of the chat API in a process of its own; gives its base URL."""
    server = subprocess.Popen(
        [sys.executable, "-m", "aig.generators.mock_server", json.dumps({"latency_s": latency_s})],
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


def _heed_interrupts() -> None:
    """A shell starts its background jobs deaf to SIGINT, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Run:
    """A build in a process of its own."""

    def __init__(self, configuration: Path) -> None:
        """Starts it."""
        self.workspace = configuration.with_suffix("")
        self.log = configuration.with_suffix(".log").open("a+")
        self._started = time.time()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from aig.pipelines.cli import main; main()", "run", str(configuration), "--json"],
            cwd=REPO,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_interrupts,
            env={**os.environ, "AIG_CACHE": str(configuration.with_suffix(".cache")), "PYTHONUNBUFFERED": "1"},
        )

    def at(self, moment: str, limit_s: float = 600) -> bool:
        """Waits until the build has reached a moment or is beyond it; false where it ended before."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end and self.process.poll() is None:
            if MOMENTS.index(self.moment) >= MOMENTS.index(moment):
                return True
            time.sleep(0.02)
        return False

    @property
    def moment(self) -> str:
        """Where it is now."""
        file = self.workspace / "progress.json"
        try:
            if file.stat().st_mtime > self._started:
                title = json.loads(file.read_text())["title"]
                return next(moment for moment in reversed(MOMENTS) if title.startswith(moment))
        except OSError:
            pass
        return MOMENTS[0]

    def children(self, word: str) -> list[int]:
        """Processes started by the build whose command line holds a word."""
        return [number for number, parent, line in _processes() if parent == self.process.pid and word in line]

    def workers(self) -> list[int]:
        """The build's workers, forked from a child of it."""
        parents = set(self.children(_FORKING))
        return [number for number, parent, _ in _processes() if parent in parents]

    def sums(self, limit_s: float = 600) -> dict[str, Any]:
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


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and command line of each process."""
    for folder in sorted(Path("/proc").iterdir()):
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError):  # it has just ended
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                yield int(folder.name), parent, (folder / "cmdline").read_text()


@dataclass
class Strike:
    """What is done to a build, and what came of it.

    Attributes:
        fault: one of `FAULTS`.
        moment: one of `MOMENTS`, the one planned; once struck, the one at which it was.
        delay_s: how long after that moment began.
        came_to: filled in: `carried on`, or the run's exit status and the seconds until it ended.
        hit: filled in: whether there was something to hit.
    """

    fault: str
    moment: str
    delay_s: float
    came_to: str = "the run had ended before"
    hit: bool = False


def strike(run: Run, fault: str) -> bool:
    """Does what a fault's name says to a running build; false where there is nothing to hit."""
    if (word := fault.split()[-1]) not in ("worker", "server"):
        number = {"kill": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}[fault.split()[0]]
        run.process.send_signal(number)
        return True
    found = run.workers() if word == "worker" else run.children("aig.pipelines.runtime.prefect_server")
    if not found:
        return False
    os.kill(random.choice(found), signal.SIGKILL)
    return True


def _left_of(numbers: set[int], limit_s: float = 10) -> list[tuple[int, str]]:
    """Which of these processes have not ended in time, with what they run; on a busy machine one may need seconds."""
    end = time.monotonic() + limit_s
    while left := [(number, line) for number, _, line in _processes() if number in numbers]:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return left


def build_under_strikes(
    configuration: Path, strikes: list[Strike], unbroken: Run, clean: dict[str, Any], url: str
) -> list[str]:
    """Builds under strikes, the same command again after each end, and compares with the unbroken build.

    Returns:
        What does not hold; empty where all does.
    """
    wrong: list[str] = []
    run = Run(configuration)
    killed_asking = 0
    for blow in strikes:
        if not run.at(blow.moment):
            break
        time.sleep(blow.delay_s)
        while not blow.hit and run.process.poll() is None:
            moment, struck = run.moment, time.monotonic()
            started = {*run.children(""), *run.workers()}
            blow.hit = strike(run, blow.fault)  # a worker or the server may not be there yet
            if not blow.hit and moment != blow.moment:
                blow.came_to = "nothing to hit"
                break
            time.sleep(0 if blow.hit else 0.05)
        if not blow.hit:
            continue
        blow.moment = moment
        if "flow" not in blow.fault:
            blow.came_to = "carried on"
            continue
        run.process.communicate(timeout=600)
        blow.came_to = f"{run.process.returncode} after {time.monotonic() - struck:.1f} s"
        killed_asking += blow.moment == "ask"
        if left := _left_of(started):
            wrong.append(f"left over: {left}")
        run = Run(configuration)
    sums = run.sums()
    if run.shards() != unbroken.shards():
        wrong.append("other bytes")
    if {key: sums[key] for key in ("clips", "qa")} != {key: clean[key] for key in ("clips", "qa")}:
        wrong.append(f"other sums: {sums['clips']}, {sums['qa']}")
    twice = sum(count - 1 for count in answered(url).values())
    if twice > CONCURRENCY * killed_asking:
        wrong.append(f"{twice} requests paid twice")
    return wrong


def main(rounds: int, seed: int) -> int:
    """Runs the rounds and prints a table; returns the exit status."""
    draw = random.Random(seed)
    failed = hit = killed = 0
    with tempfile.TemporaryDirectory(prefix="aig-faults-") as folder:
        corpus = Corpus(Path(folder) / "corpus", 40)
        corpus.make()
        with model() as url:
            unbroken = Run(corpus.configuration("unbroken", url))
            clean = unbroken.sums()
        faults: list[str] = []
        print("| round | during | fault | broken run |\n|---|---|---|---|", flush=True)
        for number in range(1, rounds + 1):
            strikes = []
            for moment in MOMENTS:
                faults += draw.sample(FAULTS, len(FAULTS))  # about as often each, where there is something to hit
                fault = next(fault for fault in faults if "worker" not in fault or moment in WITH_WORKERS)
                faults.remove(fault)
                del faults[len(FAULTS) :]
                strikes.append(Strike(fault, moment, draw.uniform(0, 1.2)))
            with model() as url:
                wrong = build_under_strikes(corpus.configuration(f"round{number}", url), strikes, unbroken, clean, url)
            for blow in strikes:
                print(f"| {number} | {blow.moment.strip('_')} | {blow.fault} | {blow.came_to} |")
            verdict = ", ".join(wrong) or "same bytes, same sums, nothing paid twice but what was on its way"
            print(f"| {number} | at the end | | {verdict} |", flush=True)
            failed += bool(wrong)
            hit += sum(blow.hit for blow in strikes)
            killed += sum(blow.hit and "kill" in blow.fault for blow in strikes)
        print(f"\n{rounds} rounds, {hit} strikes that hit, {killed} of them kill -9; {failed} rounds went wrong")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in (sys.argv[1:] + ["5", "0"][len(sys.argv) - 1 :]))))
