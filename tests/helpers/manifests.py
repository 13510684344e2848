"""Manifests of one's own data, written for a test, and what comes out of them."""

import json
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.datasets_registry.readers import manifest


def read(file: Path, **keywords) -> list[Clip | Quarantined]:
    return list(manifest.read(file, file.parent, "mine", **keywords))


def json_manifest(folder: Path, *rows: object) -> Path:
    file = folder / "clips.jsonl"
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


def csv_manifest(folder: Path, *lines: str) -> Path:
    file = folder / "clips.csv"
    file.write_text("".join(line + "\n" for line in lines))
    return file
