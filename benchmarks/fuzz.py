"""Fuzzes what reads the outside: `python -m benchmarks.fuzz SECONDS [TARGET ...]`, the time for each target.

With `atheris` (`pip install atheris`, Linux) inputs are changed so that they reach code not reached before; without it,
at random. Inputs that something else than records, quarantine or an error with advice came out of are kept in a folder,
and run again with `python -m benchmarks.fuzz FILE TARGET`. Exit status 1 where there are any.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.fuzz_targets import Target

_HANG_S = 30
_KEPT = 20
"""Findings of a target after which it is left; most are of one cause."""


def main(arguments: list[str]) -> int:
    """Runs the targets one after the other; returns the exit status."""
    logging.disable(logging.CRITICAL)
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] == "--atheris":
        return _guided(arguments[1], arguments[2:])
    targets = importlib.import_module("benchmarks.fuzz_targets").TARGETS
    if unknown := [name for name in arguments[1:] if name not in targets]:
        print(f"no target {', '.join(unknown)}; there are: {', '.join(targets)}", file=sys.stderr)
        return 2
    if Path(arguments[0]).is_file():
        targets[arguments[1]]().run(Path(arguments[0]).read_bytes())
        return 0
    seconds, found = float(arguments[0]), Path(tempfile.mkdtemp(prefix="aig-fuzz-found-"))
    failed = 0
    for name in arguments[1:] or targets:
        guided = importlib.util.find_spec("atheris") is not None
        runs, kept = (_guide if guided else _at_random)(name, targets[name](), seconds, found)
        failed += kept
        how = "by coverage" if guided else "at random"
        print(f"{name:<14} {runs:>9,} inputs {how}, {kept} findings", flush=True)
    if failed:
        print(f"findings: {found}", file=sys.stderr)
    return 1 if failed else 0


def _at_random(name: str, target: Target, seconds: float, found: Path) -> tuple[int, int]:
    chance, end, runs, kept = random.Random(0), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end and kept < _KEPT:
        content = mutated(chance, target.seeds)
        runs += 1
        try:
            target.run(content)
        except Exception:  # noqa: BLE001 - what must not happen
            traceback.print_exc(limit=-3)
            (found / f"{name}-{kept}").write_bytes(content)
            kept += 1
    return runs, kept


def mutated(chance: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with some stretches changed, taken out, doubled, or taken from another."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at, length = chance.randrange(len(content) + 1), chance.choice((1, 1, 2, 4, 16, 64))
        other = chance.choice(seeds)
        start = chance.randrange(len(other) + 1)
        doubled, others = bytes(content[at : at + length]) * 2, other[start : start + length]
        content[at : at + length] = chance.choice((chance.randbytes(length), b"", doubled, others, chance.choice(_ODD)))
    return bytes(content)


_ODD = (
    b"\0",
    b"\xff",
    b'"',
    b"\n",
    b",",
    b"NaN",
    b"-1",
    b"1e999",
    b"9" * 5000,
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"[" * 2000,
)


def _guide(name: str, target: Target, seconds: float, found: Path) -> tuple[int, int]:
    """Runs atheris in processes of their own, which end at each finding, until the time is over."""
    corpus = found.parent / f"{found.name}-corpus-{name}"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    end, runs, kept = time.monotonic() + seconds, 0, 0
    while (left := end - time.monotonic()) > 1 and kept < _KEPT:
        before = set(found.iterdir())
        options = [
            f"-max_total_time={int(left)}",
            f"-timeout={_HANG_S}",
            "-rss_limit_mb=4000",
            "-print_final_stats=1",
        ]
        options.append(f"-report_slow_units={2 * _HANG_S}")
        command = [sys.executable, "-m", "benchmarks.fuzz", "--atheris", name, *options]
        command += [f"-artifact_prefix={found}/{name}-", str(corpus)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        runs += sum(int(line.split()[-1]) for line in done.stderr.splitlines() if "number_of_executed_units" in line)
        if new := set(found.iterdir()) - before:
            kept += len(new)
            told = (line for line in (done.stdout + done.stderr).splitlines() if _tells(line))
            print("\n".join(told)[-3000:], flush=True)
        elif done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            return runs, kept + 1
    return runs, kept


def _tells(line: str) -> bool:
    return line.startswith(("  File", "    ", "Traceback", "==", "artifact")) or "Error" in line or "Exception" in line


def _guided(name: str, options: list[str]) -> int:
    atheris = importlib.import_module("atheris")

    with atheris.instrument_imports(include=["aig", "datasets_registry", "generators", "shards", "extractors", "core"]):
        target = importlib.import_module("benchmarks.fuzz_targets").TARGETS[name]()
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OPENAI_API_KEY", "none")
    sys.exit(main(sys.argv[1:]))
