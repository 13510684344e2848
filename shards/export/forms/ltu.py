"""LTU and LTU-AS: one JSON list of our six columns, `audio_id` being the audio's path.

LTU-AS reads Whisper features instead of audio: a `.npz` for each path, named after its last three folders and its
stem, joined by `_`. Its trainer finds the file by that rule from `audio_id`. Either its own script,
`extract_whisper_feature.py`, makes them from the list of paths, or the export does (https://github.com/YuanGongND/ltu).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aig.core.errors import UsageError
from aig.shards.export.files import whole_file, write_json_list
from aig.shards.export.form import Features, Form, Options, Sample
from aig.shards.feature_names import ltu_as_name
from aig.shards.schema import DATA

__all__ = ["LTU_AS", "LTU_JSON", "feature_folder", "npz_name"]


def npz_name(path: str) -> str:
    """Name of a clip's feature file, by the rule of LTU-AS's script and trainer."""
    return f"{ltu_as_name(path)}.npz"


def feature_folder(out: Path, model: str) -> Path:
    """Where the features of an export are; features of two models never lie in one folder."""
    return out.with_name(f"{out.stem}_features_{re.sub(r'[^A-Za-z0-9.-]+', '-', model).strip('-')}")


def _rows(samples: Iterator[Sample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        for row in sample.rows:
            kept = {name: row[name] for name in DATA.names}
            yield {**kept, "audio_id": sample.sound.path} if sample.sound else kept


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_list(out, _rows(samples))


def _write_with_paths(samples: Iterator[Sample], out: Path, options: Options) -> None:
    paths: dict[str, str] = {}

    def noted() -> Iterator[dict[str, Any]]:
        for row in _rows(samples):
            path = row["audio_id"]
            if paths.setdefault(npz_name(path), path) != path:
                raise UsageError(
                    f"{paths[npz_name(path)]} and {path} would have their features under one name",
                    "Use --audio copy or --audio link, which name each clip's file apart.",
                )
            yield row

    write_json_list(out, noted())
    with whole_file(out.with_name(f"{out.stem}_paths.json")) as stream:
        stream.write(json.dumps(list(paths.values()), ensure_ascii=False, indent=0).encode())
    if options.features is not None:
        _write_features(list(paths.values()), feature_folder(out, options.features.model), options.features)


def _write_features(paths: list[str], folder: Path, features: Features) -> None:
    """A `.npz` for each path that has none yet: a copy or link is named after its content, and so are its features."""
    for path in paths:
        target = folder / npz_name(path)
        if not target.exists():
            made = features.make(Path(path))
            with whole_file(target) as stream:
                np.savez_compressed(stream, made)


LTU_JSON = Form(
    name="ltu-json",
    about="LTU, GAMA, FusionAudio: their JSON list",
    write=_write,
    out="ltu.json",
    audio="optional",
    keeps_transcript=True,
)

LTU_AS = Form(
    name="ltu-as",
    about="LTU-AS: its JSON list, the list of paths for its feature script, or the features themselves",
    write=_write_with_paths,
    out="ltu_as.json",
    suffix=".wav",
    keeps_transcript=True,
    takes_features=True,
)
