"""The validator's checks as a pandera suite over pandas, the way a team without our validator would write them.

Run as a process of its own: `python -m benchmarks.pandera_shards FOLDER` prints processor seconds and MB.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from aig.shards.paper_tasks import paper_tasks
from aig.shards.rules import _CONTROL, _MACHINE_PATH
from aig.shards.schema import DATA, LINEAGE
from benchmarks.figures import peak_mb


def _python(pattern: str) -> str:
    """RE2's way of naming a code point, in Python's."""
    return re.sub(r"\\x\{(\w\w)\}", r"\\x\1", pattern)


def _well_formed(frame: pd.DataFrame) -> pd.Series:
    good = pd.Series(True, index=frame.index)
    for task, spec in paper_tasks().items():
        if spec.form:
            rows = frame["task"] == task
            good[rows] = frame.loc[rows, "output"].str.fullmatch(_python(spec.form), flags=re.DOTALL)
    return good


def _in_order(frame: pd.DataFrame) -> pd.Series:
    rows = frame["task"].str.startswith("temporal")
    good = pd.Series(True, index=frame.index)
    good[rows] = frame.loc[rows, "output"].map(
        lambda answer: all(float(start) <= float(end) for start, end in re.findall(r"(\d+\.\d)s-(\d+\.\d)s", answer))
    )
    return good


def data_schema(folder: str, datasets: list[str]) -> pa.DataFrameSchema:
    """The suite for a data file of one folder."""

    def clean(name: str) -> list[pa.Check]:
        return [
            pa.Check(lambda s: ~s.str.contains(_python(_CONTROL), regex=True), name=f"{name}: control characters"),
            pa.Check(lambda s: ~s.str.contains(_MACHINE_PATH, regex=True), name=f"{name}: machine paths"),
            pa.Check(lambda s: s.map(lambda text: text == text.encode().decode()), name=f"{name}: UTF-8"),
        ]

    def filled() -> pa.Check:
        return pa.Check(lambda s: s.str.strip().str.len() > 0, name="empty")

    return pa.DataFrameSchema(
        {
            "instruction": pa.Column(str, [filled(), *clean("instruction")]),
            "input": pa.Column(str, clean("input")),
            "audio_id": pa.Column(str, [filled(), pa.Check.str_matches(r"^(?!.*(//|\.\./|\\))[^/]+/.*[^/]$")]),
            "dataset": pa.Column(str, pa.Check.isin(datasets)),
            "task": pa.Column(
                str,
                [
                    pa.Check.isin(list(paper_tasks())),
                    pa.Check.isin([name for name, spec in paper_tasks().items() if spec.folder == folder]),
                ],
            ),
            "output": pa.Column(str, [filled(), *clean("output")]),
        },
        checks=[
            pa.Check(_well_formed, name="answers"),
            pa.Check(_in_order, name="timestamps"),
            pa.Check(
                lambda f: pd.Series(
                    [
                        audio_id.startswith(f"{name}/")
                        for audio_id, name in zip(f["audio_id"], f["dataset"], strict=True)
                    ]
                ),
                name="audio_id of its dataset",
            ),
        ],
        strict=True,
        ordered=True,
    )


def main(folder: Path) -> None:
    """Validates a set with the suite."""
    began = time.process_time()
    manifest = json.loads((folder / "manifest.json").read_text())
    ids, clips = [], []
    lineage_schema = pa.DataFrameSchema(
        {
            "qa_id": pa.Column(str, pa.Check(lambda s: s.str.len() > 0)),
            "source": pa.Column(str, pa.Check.isin(["rule", "model"])),
            **{name: pa.Column(required=False) for name in LINEAGE.names if name not in ("qa_id", "source")},
        }
    )
    for entry in manifest["files"]:
        path = folder / entry["path"]
        with path.open("rb") as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == entry["sha256"]
        frame = pd.read_parquet(path)
        assert len(frame) == entry["rows"]
        if entry["path"].startswith("data/"):
            assert list(frame.columns) == DATA.names
            data_schema(entry["path"].split("/")[1], list(manifest["build"]["sources"])).validate(frame, lazy=True)
            clips.append(frame["audio_id"].drop_duplicates())
        else:
            lineage_schema.validate(frame, lazy=True)
            ids.append(frame["qa_id"])
    pa.DataFrameSchema({"qa_id": pa.Column(str, unique=True)}).validate(pd.concat(ids, ignore_index=True).to_frame())
    names = pd.concat(clips).drop_duplicates().map(lambda audio_id: "_".join(audio_id.split("/")[-4:]))
    assert names.is_unique
    print(time.process_time() - began, peak_mb())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
