"""A build without Prefect, for tests of what lies below it."""

from __future__ import annotations

import fsspec

from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import root_of
from aig.pipelines.stages import extract, index, publish, select
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.judge import judging
from aig.pipelines.stages.generate.plan import plan_dataset, plan_open
from aig.pipelines.stages.generate.write import forget_outdated, write_bucket
from aig.pipelines.stages.reconciliation import check_sums, clip_sums
from aig.pipelines.workspace.workspace import Workspace


def plain_build(configuration: Configuration) -> dict[str, bytes]:
    """A build by the stages' plain functions, one batch after the other; the published files."""
    workspace = Workspace(configuration.workspace)
    given = (configuration, workspace, "mine")
    with progress_of("build") as progress:
        index.index_dataset(*given, progress)
        settings = configuration.extract
        for clips, known in extract.clips_to_measure(workspace, "mine", settings, 10)[1]:
            extract.measure_batch(workspace, "mine", root_of(configuration, "mine"), clips, known, settings)
        select.select_dataset(*given, progress)
        check_sums("mine", clip_sums(*given))
        if configuration.generate.open_ended:
            ask_open(configuration, workspace, plan_open(configuration, workspace, ["mine"]), lambda _: None)
        plans = plan_dataset(*given)
        for plan in plans:
            for job in plan.jobs():
                write_bucket(configuration, workspace, job)
            forget_outdated(workspace, plan)
        judged = judging(configuration, workspace, plans)
        judged.ask(lambda _: None)
        judged.write()
        shards = publish.publish_and_validate(configuration, workspace, (), progress)
    fs, root = fsspec.core.url_to_fs(shards)
    return {path.removeprefix(root): fs.cat_file(path) for path in fs.find(root)}
