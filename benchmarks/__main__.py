"""Runs the benchmarks: `python -m benchmarks [NAME ...]`, one table, JSON under `benchmarks/results/`.

Each module in this folder named `bench_<name>.py` holds `run() -> Iterable[Figure]`.
Exit status 1 where a ratio falls short of what is wanted.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Figure, Skipped

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all, and returns the exit status."""
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    print(f"{'what':<64} {'ours':>14} {'reference':>14} {'unit':<10} {'ratio':>8}  wanted")
    for name in names or known:
        print(f"running {name} ...", file=sys.stderr)
        try:
            for figure in importlib.import_module(f"benchmarks.bench_{name}").run():
                figures.append(figure)
                print(_row(figure), flush=True)
        except Skipped as reason:
            print(f"skipped {name}: {reason}", file=sys.stderr)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    file = results / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    content = {"python": platform.python_version(), "figures": [asdict(f) | {"ok": f.ok} for f in figures]}
    file.write_text(json.dumps(content, indent=1))
    print(f"written to {file}", file=sys.stderr)
    return 0 if all(f.ok for f in figures) else 1


def _row(f: Figure) -> str:
    sign = "≥" if f.at_least else "≤"
    verdict = "" if f.ok else "   FALLS SHORT"
    return (
        f"{f.what:<64} {f.ours:>14,.2f} {f.reference:>14,.2f} {f.unit:<10} {f.ratio:>8.2f}  "
        f"{sign} {f.wanted:g}{verdict}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
