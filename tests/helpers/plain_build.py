"""A build without Prefect, for tests of what lies below it."""

from __future__ import annotations

import fsspec

from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import root_of
from aig.pipelines.stages import extract, index, publish, select
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.check import check_replies
from aig.pipelines.stages.generate.judge import judging
from aig.pipelines.stages.generate.plan import plan_dataset
from aig.pipelines.stages.generate.write import forget_outdated, write_bucket
from aig.pipelines.stages.reconciliation import check_sums, clip_sums
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.qa_kinds import CLOSED


def plain_build(configuration: Configuration, batch_clips: int = 10, until: str = "publish") -> dict[str, bytes]:
    """A build by the stages' plain functions, one batch after the other; the published files.

    Args:
        configuration: with a dataset `mine`.
        batch_clips: clips that are measured together.
        until: the last stage; `ask` is the part of `generate` in which the model is asked.
    """
    workspace = Held(configuration.workspace)
    given = (configuration, workspace, "mine")
    with progress_of("build") as progress:
        index.index_dataset(*given, progress)
        if until == "index":
            return {}
        settings = configuration.extract
        todo, batches = extract.clips_to_measure(workspace, "mine", settings, batch_clips)
        for clips, known in batches:
            extract.measure_batch(workspace, "mine", root_of(configuration, "mine"), clips, known, settings)
        if todo:
            workspace.forget()
            extract.nothing_to_measure(workspace, "mine", settings)
        if until == "extract":
            return {}
        select.select_dataset(*given, progress)
        check_sums("mine", clip_sums(*given))
        if until == "select":
            return {}
        plans = plan_dataset(*given)
        ask_open(configuration, workspace, [plan for plan in plans if plan.kind != CLOSED], lambda _: None)
        if until == "ask":
            return {}
        for plan in plans:
            for job in plan.jobs():
                write_bucket(configuration, workspace, job)
            forget_outdated(workspace, plan)
        check_replies(configuration, workspace, ["mine"])
        judged = judging(configuration, workspace, plans)
        judged.ask(lambda _: None)
        judged.write()
        shards = publish.publish_and_validate(configuration, workspace, (), progress)
    fs, root = fsspec.core.url_to_fs(shards)
    return {path.removeprefix(root): fs.cat_file(path) for path in fs.find(root)}
