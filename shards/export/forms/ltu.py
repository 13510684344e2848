"""LTU and LTU-AS: one JSON list of our six columns, `audio_id` being the audio's path.

LTU-AS reads Whisper features instead of audio. Its `extract_whisper_feature.py` takes a JSON list of paths and writes a
`.npz` for each, named after the last three folders and the stem of the path, joined by `_`; its trainer finds the file
by the same rule from `audio_id` (https://github.com/YuanGongND/ltu).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import whole_file, write_json_list
from aig.shards.export.form import Form, Options, Sample
from aig.shards.schema import DATA

__all__ = ["LTU_AS", "LTU_JSON", "npz_name"]


def npz_name(path: str) -> str:
    """Name of a clip's feature file, by the rule of LTU-AS's script and trainer."""
    *folders, file = path.split("/")
    return "_".join([*folders[-3:], file[: -len(file.split(".")[-1]) - 1]]) + ".npz"


def _rows(samples: Iterator[Sample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        for row in sample.rows:
            kept = {name: row[name] for name in DATA.names}
            yield {**kept, "audio_id": sample.sound.path} if sample.sound else kept


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    write_json_list(out, _rows(samples))


def _write_with_paths(samples: Iterator[Sample], out: Path, _: Options) -> None:
    paths: dict[str, None] = {}

    def noted() -> Iterator[dict[str, Any]]:
        for row in _rows(samples):
            paths[row["audio_id"]] = None
            yield row

    write_json_list(out, noted())
    with whole_file(out.with_name(f"{out.stem}_paths.json")) as stream:
        stream.write(json.dumps(list(paths), ensure_ascii=False, indent=0).encode())


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
    about="LTU-AS: its JSON list, and the list of paths for its feature script",
    write=_write_with_paths,
    out="ltu_as.json",
    suffix=".wav",
    keeps_transcript=True,
)
