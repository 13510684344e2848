"""A build without Prefect, for tests of what lies below it."""

from __future__ import annotations

from typing import Literal

import fsspec

from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.held import Held
from benchmarks.plain_build import make_pairs, measure_clips


def plain_build(
    configuration: Configuration,
    batch_clips: int = 10,
    until: Literal["index", "extract", "select", "ask", "publish"] = "publish",
) -> dict[str, bytes]:
    """A build by the stages' plain functions, one batch after the other; the published files.

    Args:
        configuration: with a dataset `mine`.
        batch_clips: clips that are measured together.
        until: the last stage; `ask` is the part of `generate` in which the model is asked.
    """
    workspace = Held(configuration.workspace)
    if until in ("index", "extract", "select"):
        measure_clips(configuration, workspace, batch_clips, until)
        return {}
    measure_clips(configuration, workspace, batch_clips)
    made = make_pairs(configuration, workspace, only_ask=until == "ask")
    if until == "ask":
        return {}
    fs, root = fsspec.core.url_to_fs(made.shards)
    return {path.removeprefix(root): fs.cat_file(path) for path in fs.find(root)}
