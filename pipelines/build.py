"""A whole build, or some of its stages, as one call: what `aig run` and `aig.run` do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

from aig.core.extras import need

__all__ = ["run_build"]


def run_build(
    config: Path,
    *,
    only: list[str] | None = None,
    until: str = "publish",
    first: str = "index",
    notes: tuple[str, ...] = (),
    drop: Path | None = None,
    accept_shrink: bool = False,
) -> dict[str, Any]:
    """Runs the build as a Prefect flow and gives its sums; see `aig.pipelines.flows.build` for the arguments.

    Raises:
        UsageError: a package, the configuration or what it names is missing.
        DataError: too much is in quarantine, or the published set is not valid.
    """
    need("run")
    from aig.pipelines.configuration import load
    from aig.pipelines.preflight import check, stage_range
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.runtime.prefect_server import prefect_api

    started = time.monotonic()
    configuration = load(config)
    stages = stage_range(first, until)
    check(configuration, only or (), stages)
    with only_run(configuration.workspace), prefect_api(configuration.workspace):
        from aig.pipelines.flows import build
        from aig.pipelines.runtime.run import snapshot_of

        file = str(config.resolve())
        with snapshot_of(file, configuration):
            sums: dict[str, Any] = cast(Any, build)(
                file,
                only or [],
                until=stages[-1],
                first=stages[0],
                notes=list(notes),
                drop=str(drop.resolve()) if drop else None,
                accept_shrink=accept_shrink,
            )
    sums["seconds"] = round(time.monotonic() - started, 1)
    return sums
