"""Thirty nights of a build, one after another: what an operator meets in a month, in some minutes.

`python -m benchmarks.nights [FOLDER]` makes a small corpus, a test model that counts, and a workspace on a disk of its
own (in memory, where this may be mounted). Each night something happens: clips come, a prompt changes, a mount is gone,
the host dies, the disk is full, somebody rolls back or asks to be forgotten. Then a night's work is done by the stages
themselves, without Prefect, so that a night takes seconds; `benchmarks.faults` breaks real runs. After the clips are
measured the plan is made: what it says, clips by kind of pairs and requests, must be what is then done. Prints a table;
exit status 1 where anything does not hold.
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

from aig.core.errors import DataError
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.runtime.lock import only_run
from aig.pipelines.runtime.storage_errors import explained
from aig.pipelines.stages.forget import forget
from aig.pipelines.views import upkeep
from aig.pipelines.views.plan import plan_run
from aig.pipelines.workspace import versions
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.qa_kinds import CLOSED
from benchmarks.faults import CONCURRENCY, REPO, answered, model
from benchmarks.plain_build import make_pairs, measure_clips

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
            "runner": {"workers": 2, "batch_clips": 4},
        }
        self.file.write_text(yaml.safe_dump(content))

    @property
    def now(self) -> tuple[Configuration, Held]:
        """The configuration and its workspace."""
        configuration = load(self.file)
        return configuration, Held(configuration.workspace)

    def check(self, holds: bool, what: str) -> None:
        """Takes note of something that does not hold."""
        if not holds:
            self.wrong.append(what)


def work(file: Path) -> None:
    """A night's work as a whole."""
    configuration = load(file)
    workspace = Held(configuration.workspace)
    with only_run(workspace.root), explained(workspace.root):
        measure_clips(configuration, workspace, configuration.runner.batch_clips)
        make_pairs(configuration, workspace)


def planned_and_done(build: Build) -> tuple[str, str]:
    """Does a night's work; what the plan said, and what was done."""
    configuration, workspace = build.now
    with only_run(workspace.root), explained(workspace.root):
        measured = measure_clips(configuration, workspace, configuration.runner.batch_clips)
        plan = plan_run(configuration, workspace, ["mine"])
        steps = {step["stage"].removeprefix("generate "): step["clips"] for step in plan["steps"]}
        wanted = {stage: clips for stage, clips in steps.items() if stage == CLOSED or stage.startswith("open_")}
        still = {stage: steps[stage] for stage in ("index", "extract", "select") if steps[stage]}
        build.check(not still, f"the plan has still to do: {still}")
        made = make_pairs(configuration, workspace)
        done, sent = made.clips, made.sent
    build.check(wanted == done, f"planned {wanted}, done {done}")
    build.check(plan["requests"]["calls"] == sent, f"planned {plan['requests']['calls']} requests, sent {sent}")
    return (
        f"{sum(wanted.values())} clips, {plan['requests']['calls']} requests",
        f"{measured} measured, {sum(done.values())} clips, {sent} requests",
    )


def current(build: Build) -> versions.Version:
    """The version that readers see."""
    found = versions.current(build.now[1])
    assert found is not None
    return found


def refused(build: Build, *words: str) -> None:
    """A night's work that must end with an error that says so."""
    try:
        work(build.file)
    except DataError as error:
        said = f"{error.message} {error.advice}"
        build.check(all(word in said for word in words), f"not said: {words}: {said}")
    else:
        build.check(False, f"the work was done in spite of: {words}")


def quiet(_: Build) -> None:
    """Nothing happens."""


def host_dies(folder: str) -> Callable[[Build], None]:
    """The work is killed as soon as something new is in a folder of the workspace."""

    def happen(build: Build) -> None:
        build.add(6)
        there = sum(file.stat().st_size for file in (build.workspace / folder).rglob("*"))
        killed = subprocess.Popen([sys.executable, "-m", "benchmarks.nights", "--work", str(build.file)], cwd=REPO)
        end = time.monotonic() + 240
        while killed.poll() is None and time.monotonic() < end:
            if sum(file.stat().st_size for file in (build.workspace / folder).rglob("*")) != there:
                break
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        build.check(killed.wait() == -signal.SIGKILL, "the work was done before it could be killed")
        build.on_their_way += CONCURRENCY * (folder == "responses")

    return happen


def mount_gone(build: Build) -> None:
    """The disk with the audio is not mounted: an empty folder is there instead."""
    (build.folder / "audio").rename(build.folder / "away")
    (build.folder / "audio").mkdir()
    before = current(build)
    refused(build, "max_shrink", "mounted")
    build.check(current(build) == before, "readers lost the version before")
    (build.folder / "audio").rmdir()
    (build.folder / "away").rename(build.folder / "audio")


def disk_full(build: Build) -> None:
    """No room is left on the disk of the workspace until somebody makes some."""
    build.add(2)
    free = shutil.disk_usage(build.workspace).free
    if free > 1e9:
        return  # not a disk of its own, which nobody may fill
    ballast = build.workspace / "ballast"
    ballast.write_bytes(bytes(free))
    refused(build, "Make room")
    ballast.unlink()


def damaged(build: Build) -> None:
    """A table of features is cut short; the check names it, and its removal fixes it."""
    configuration, workspace = build.now
    part = workspace.parts("features", "mine")[0]
    file = build.workspace / "features" / "mine" / part
    file.write_bytes(file.read_bytes()[:-20])
    named = [finding.place for finding in upkeep.check_workspace(configuration, workspace)]
    build.check(named == [f"features/mine/{part}"], f"the check names {named}")
    file.unlink()


def rolled_back(build: Build) -> None:
    """Somebody goes back to the version before."""
    _, workspace = build.now
    versions.make_current(workspace, versions.versions(workspace)[-2])


def forgotten(build: Build) -> None:
    """A clip is to be forgotten."""
    receipt = forget(*build.now, ["mine/3.wav"])
    build.check(receipt["rows"]["clips"] == 1 and receipt["replies"] >= 1, f"too little was forgotten: {receipt}")


def not_back(build: Build) -> None:
    """Nothing happens, and the clip that was forgotten does not come back, though its audio is there."""
    _, workspace = build.now
    files = [file for file in Path(workspace.root).rglob("*") if file.is_file() and not file.is_symlink()]
    build.check(not any(b"mine/3.wav" in file.read_bytes() for file in files), "the clip is somewhere")


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
    build.configure(generate={"max_cost_usd": 0.000001})
    refused(build, "budget")
    build.configure()


def cleaned(build: Build) -> None:
    """What nothing needs goes."""
    configuration, workspace = build.now
    upkeep.clean(workspace, upkeep.leftovers(configuration, workspace))
    build.check(upkeep.leftovers(configuration, workspace) == [], "something is left over after cleaning")


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
    ("the host dies while the model is asked (6 clips)", host_dies("responses")),
    ("the host dies while clips are measured (6 clips)", host_dies("features")),
    ("the disk is full, then has room (2 clips)", disk_full),
    ("nothing new", quiet),
    ("somebody rolls back", rolled_back),
    ("nothing new", quiet),
    ("1 clip comes", lambda build: build.add(1)),
    ("a clip is forgotten", forgotten),
    ("it does not come back", not_back),
    ("a file that is not audio", broken_file),
    ("it is sent again", repaired),
    (
        "bells are left out",
        lambda build: build.configure(select={"mine": {"without_labels": ["Bell"]}}, publish={"max_shrink": 1}),
    ),
    ("and come back", lambda build: build.configure()),
    ("5 clips come", lambda build: build.add(5)),
    ("a table is damaged on the disk, and removed", damaged),
    ("the budget is used up, then raised (3 clips)", out_of_money),
    ("other extraction settings", lambda build: build.configure(extract={"audio": {"silence_dbfs": -60}})),
    ("the settings before", lambda build: build.configure()),
    ("2 clips come", lambda build: build.add(2)),
    ("another seed", lambda build: build.configure(seed=7)),
    ("what nothing needs is cleaned", cleaned),
    ("nothing new", quiet),
]


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mounts a disk of 128 MB in memory at a folder; gives whether that was allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128m", "aig-nights", str(folder)]
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
    planned, done = planned_and_done(build)
    now = current(build)
    twice = sum(count - 1 for count in answered(build.url).values())
    build.check(twice <= build.on_their_way, f"{twice} requests paid twice")
    verdict = "; ".join(build.wrong[known:]) or "as planned"
    cells = (number, title, planned, done, now.name, now.rows, f"{time.monotonic() - began:.0f} s", verdict)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main(folder: Path) -> int:
    """Runs the nights; returns the exit status."""
    (folder / "audio").mkdir(parents=True)
    print("| night | what happens | plan | done | current version | rows | took | |\n|---|---|---|---|---|---|---|---|")
    with model(0.05) as url, small_disk(folder / "nightly") as mounted:
        build = Build(folder, url)
        build.add(FIRST)
        build.configure()
        for number, (title, happens) in enumerate(NIGHTS, 1):
            night(build, number, title, happens)
        found = upkeep.check_workspace(*build.now)
        build.check(not found, f"the check finds {found}")
        replies, twice = len(answered(url)), sum(count - 1 for count in answered(url).values())
    disk = "the workspace on a disk of its own" if mounted else "no disk of its own, so it was never full"
    print(f"\n{len(NIGHTS)} nights, {disk}; {len(build.lines)} clips, {replies} requests answered, {twice} of them")
    print(f"twice, on their way when the host died. {len(build.wrong)} things did not hold. {build.wrong or ''}")
    return int(bool(build.wrong))


if __name__ == "__main__":
    os.environ.setdefault("OPENAI_API_KEY", "none")
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]))
    elif len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    else:
        with tempfile.TemporaryDirectory(prefix="aig-nights-") as there:
            sys.exit(main(Path(there) / "corpus"))
