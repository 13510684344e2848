"""Thirty nights of a build, one after another: what an operator meets in a month, in some minutes.

`python -m benchmarks.nights [FOLDER]` makes a small corpus, a test model that counts, and a workspace on a disk of its
own (in memory, where this may be mounted). Each night something happens: clips come, a prompt changes, a mount is gone,
the host dies, the disk is full, somebody rolls back or asks to be forgotten. Then the real commands run: `aig run
--until select`, `aig plan`, `aig run`. What the plan said, clips by kind of pairs and requests, must be what was done.
Prints a table; exit status 1 where anything does not hold.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from benchmarks.faults import CONCURRENCY, REPO, Run, answered, model, strike

__all__ = ["main"]

FIRST = 12
LABELS = ("Dog", "Rain", "Bell", "Engine")


@dataclass
class Build:
    """A corpus, its configuration, and what happened to it.

    Attributes:
        folder: with `audio/`, `clips.jsonl` and `nightly.yaml`.
        url: of the test model.
        lines: of the manifest.
        on_their_way: requests that may be paid twice, because the host died with them on their way.
        wrong: what does not hold, in words.
    """

    folder: Path
    url: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    on_their_way: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "nightly.yaml"

    @property
    def workspace(self) -> Path:
        """The workspace, on a disk of its own."""
        return self.folder / "nightly"

    def add(self, clips: int) -> None:
        """New clips come."""
        for _ in range(clips):
            number = len(self.lines)
            wave = 0.1 * np.sin(2 * np.pi * (100 + 7 * number) * np.arange(16_000) / 16_000)
            wave += 0.01 * np.random.default_rng(number).standard_normal(16_000)
            soundfile.write(self.folder / "audio" / f"{number}.wav", wave, 16_000, subtype="PCM_16")
            self.lines.append({"path": f"{number}.wav", "labels": list(LABELS[number % 4 :][:2])})
        (self.folder / "clips.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.lines))

    def configure(self, **changes: Any) -> None:
        """Writes the configuration; `generate` and `runner` are joined with what is always there."""
        generate = {
            "model": "mock",
            "base_url": self.url,
            "concurrency": CONCURRENCY,
            "prices": {"mock": {"input": 1, "output": 1}},
            "questions": {"pairs": 3},
        }
        content = {
            "workspace": "./nightly",
            "datasets": {"mine": {"manifest": "clips.jsonl", "root": "audio"}},
            "max_quarantine": 0.2,
            **changes,
            "extract": {"whisper": None, **changes.get("extract", {})},
            "generate": generate | changes.get("generate", {}),
            "runner": {"workers": 2, "batch_clips": 4, "stuck_after_s": 8},
        }
        self.file.write_text(yaml.safe_dump(content))

    def aig(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, with its configuration after its name."""
        name, *rest = arguments
        return subprocess.run(
            [sys.executable, "-c", "from aig.pipelines.cli import main; main()", name, str(self.file), *rest],
            cwd=REPO,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "AIG_CACHE": str(self.folder / "cache")},
        )

    def told(self, *arguments: str) -> dict[str, Any]:
        """What a command that must succeed prints."""
        done = self.aig(*arguments, "--json")
        if done.returncode:
            raise AssertionError(f"aig {' '.join(arguments)}: {done.returncode}: {done.stderr[-1500:]}")
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    def check(self, holds: bool, what: str) -> None:
        """Takes note of something that does not hold."""
        if not holds:
            self.wrong.append(what)


def planned_and_done(build: Build) -> tuple[str, str, dict[str, Any]]:
    """Runs a night by the commands; what the plan said, what was done, and the run's sums."""
    measured = build.told("run", "--until", "select")
    plan = build.told("plan")
    steps = {step["stage"].removeprefix("generate "): step["clips"] for step in plan["steps"]}
    pairs = {stage: clips for stage, clips in steps.items() if stage == "closed" or stage.startswith("open_")}
    build.check(not any(steps[stage] for stage in ("index", "extract", "select")), f"the plan still measures: {steps}")
    sums = build.told("run")
    record = json.loads(sorted((build.workspace / "runs").glob("*.json"))[-1].read_text())
    did = {kind: record["steps"].get(f"{kind} mine", {"done": 0})["done"] for kind in pairs}
    build.check(pairs == did, f"planned {pairs}, done {did}")
    sent = sums["requests"]["sent"]
    build.check(plan["requests"]["calls"] == sent, f"planned {plan['requests']['calls']} requests, sent {sent}")
    worked = measured["stages"]["extract"]["worked"]
    shown = f"{sum(pairs.values())} clips, {plan['requests']['calls']} requests"
    return shown, f"{worked} measured, {sum(did.values())} clips, {sent} requests", sums


def versions(build: Build) -> dict[str, Any]:
    """The current version, as `aig versions` tells it."""
    found = [version for version in build.told("versions")["versions"] if version["current"]]
    return found[0] if found else {"version": "-", "rows": 0}


def quiet(_: Build) -> None:
    """Nothing happens."""


def broken_off(moment: str, fault: str) -> Callable[[Build], None]:
    """A run that something ends at a moment."""

    def happen(build: Build) -> None:
        build.add(2)
        run = Run(build.file)
        build.check(run.at(moment), f"the run never came to {moment}")
        time.sleep(0.3)
        if fault == "kill -9 host":
            build.on_their_way += CONCURRENCY
            everybody = [run.process.pid, *run.children("")]
            for process in everybody:
                os.kill(process, signal.SIGKILL)
        elif fault == "SIGSTOP worker":
            end = time.monotonic() + 30
            while not (workers := run.children("multiprocessing.spawn")) and time.monotonic() < end:
                time.sleep(0.1)
            for worker in workers[:1]:
                os.kill(worker, signal.SIGSTOP)
            run.sums()
            return
        else:
            strike(run, fault)
        if fault == "kill -9 server":
            run.sums()
        else:
            run.process.communicate(timeout=120)

    return happen


def mount_gone(build: Build) -> None:
    """The disk with the audio is not mounted: an empty folder is there instead."""
    (build.folder / "audio").rename(build.folder / "away")
    (build.folder / "audio").mkdir()
    before = versions(build)
    done = build.aig("run")
    build.check(done.returncode == 1, f"a run without audio ended with {done.returncode}")
    build.check("max_shrink" in done.stderr, f"no word of what vanished: {done.stderr[-300:]}")
    build.check(versions(build) == before, "readers lost the version before")
    (build.folder / "audio").rmdir()
    (build.folder / "away").rename(build.folder / "audio")


def disk_full(build: Build) -> None:
    """No room is left on the disk of the workspace until somebody makes some."""
    build.add(2)
    ballast = build.workspace / "ballast"
    free = shutil.disk_usage(build.workspace).free
    if free > 1e9:
        return  # not a disk of its own, which nobody may fill
    ballast.write_bytes(bytes(free))
    done = build.aig("run")
    build.check(done.returncode == 1, f"a run on a full disk ended with {done.returncode}")
    build.check("Make room" in done.stderr, f"no advice on a full disk: {done.stderr[-300:]}")
    ballast.unlink()


def rolled_back(build: Build) -> None:
    """Somebody goes back to the version before."""
    known = build.told("versions")["versions"]
    build.told("rollback", known[-2]["version"])


def forgotten(build: Build) -> None:
    """A clip is to be forgotten."""
    receipt = build.told("forget", "mine/3.wav")
    build.check(receipt["rows"]["clips"] == 1, "the clip was not there")


def broken_file(build: Build) -> None:
    """A clip comes that is not audio."""
    build.add(1)
    (build.folder / "audio" / build.lines[-1]["path"]).write_bytes(b"this is not audio")


def repaired(build: Build) -> None:
    """The file is sent again."""
    build.lines.pop()
    build.add(1)


def out_of_money(build: Build) -> None:
    """The budget is used up in the middle of a night, and raised the next morning."""
    build.add(3)
    spent = build.told("status")["cost_usd"]
    build.configure(generate={"max_cost_usd": round(spent + 1e-6, 6)})
    done = build.aig("run")
    build.check(done.returncode == 1, f"a run without money ended with {done.returncode}")
    build.check("budget" in done.stderr, "no word of the budget")
    build.configure()


def cleaned(build: Build) -> None:
    """What nothing needs goes."""
    build.told("clean", "--yes")
    build.check(build.told("clean")["leftovers"] == [], "something is left over after aig clean --yes")


NIGHTS: list[tuple[str, Callable[[Build], object]]] = [
    ("first build", quiet),
    ("nothing new", quiet),
    ("2 clips come", lambda build: build.add(2)),
    ("1 clip comes", lambda build: build.add(1)),
    (
        "another prompt",
        lambda build: build.configure(generate={"questions": {"pairs": 3, "prompts": {"audio": "plain_audio"}}}),
    ),
    ("nothing new", quiet),
    ("the prompt before, paid for already", lambda build: build.configure()),
    ("the mount is gone, then back", mount_gone),
    ("the host dies while the model is asked (2 clips)", broken_off("ask", "kill -9 host")),
    ("the host dies while clips are measured (2 clips)", broken_off("extract", "kill -9 host")),
    ("the disk is full, then has room (2 clips)", disk_full),
    ("nothing new", quiet),
    ("somebody rolls back", rolled_back),
    ("nothing new", quiet),
    ("1 clip comes", lambda build: build.add(1)),
    ("a clip is forgotten", forgotten),
    ("nothing new", quiet),
    ("a file that is not audio", broken_file),
    ("it is sent again", repaired),
    (
        "bells are left out",
        lambda build: build.configure(select={"mine": {"without_labels": ["Bell"]}}, publish={"max_shrink": 1}),
    ),
    ("and come back", lambda build: build.configure()),
    ("Prefect's server is killed (2 clips)", broken_off("extract", "kill -9 server")),
    ("SIGTERM while the model is asked (2 clips)", broken_off("ask", "SIGTERM flow")),
    ("the budget is used up, then raised (3 clips)", out_of_money),
    ("other extraction settings", lambda build: build.configure(extract={"audio": {"silence_dbfs": -60}})),
    ("the settings before", lambda build: build.configure()),
    ("a worker is stopped (2 clips)", broken_off("extract", "SIGSTOP worker")),
    ("another seed", lambda build: build.configure(seed=7)),
    ("what nothing needs is cleaned", cleaned),
    ("nothing new", quiet),
]


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mounts a disk of 64 MB in memory at a folder; gives whether that was allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "aig-nights", str(folder)]
    mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def night(build: Build, number: int, title: str, happens: Callable[[Build], object]) -> None:
    """One night and its line of the table."""
    began, known = time.monotonic(), len(build.wrong)
    happens(build)
    planned, done, sums = planned_and_done(build)
    clips = sums["clips"]
    build.check(
        clips["read"] == sum(clips[place] for place in clips if place != "read"), f"the clips do not add up: {clips}"
    )
    now = versions(build)
    twice = sum(count - 1 for count in answered(build.url).values())
    build.check(twice <= build.on_their_way, f"{twice} requests paid twice")
    verdict = "; ".join(build.wrong[known:]) or "as planned"
    cells = (number, title, planned, done, now["version"], now["rows"], f"{time.monotonic() - began:.0f} s", verdict)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main(folder: Path) -> int:
    """Runs the nights; returns the exit status."""
    (folder / "audio").mkdir(parents=True)
    print("| night | what happens | plan | done | current version | rows | took | |\n|---|---|---|---|---|---|---|---|")
    with model(0.1) as url, small_disk(folder / "nightly") as mounted:
        build = Build(folder, url)
        build.add(FIRST)
        build.configure()
        for number, (title, happens) in enumerate(NIGHTS, 1):
            night(build, number, title, happens)
        build.check(build.told("check")["ok"], "aig check finds something")
        held = "a disk of its own" if mounted else "no disk of its own: night 11 was like any other"
        replies, twice = len(answered(url)), sum(count - 1 for count in answered(url).values())
        spent = build.told("status")["cost_usd"]
        print(f"\n{len(NIGHTS)} nights, {held}; {len(build.lines)} clips, {replies} requests answered,")
        print(f"{twice} of them twice, all on their way when the host died.")
        print(f"${spent:.4f} in the accounts; `aig check` finds nothing; {len(build.wrong)} things did not hold.")
    return int(bool(build.wrong))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="aig-nights-") as there:
        sys.exit(main(Path(there) / "corpus"))
