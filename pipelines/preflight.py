"""What can be known to be wrong before anything is started: better refused in a second than after hours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from aig.core.errors import UsageError
from aig.extractors.registry import extractors
from aig.extractors.scales import own_scales
from aig.filters.answers.registry import filters
from aig.filters.clips.settings import SelectSettings
from aig.pipelines.configuration import Configuration
from aig.pipelines.held_out import forget_lists, held_out_lists
from aig.pipelines.held_out_audio import audio_files
from aig.pipelines.runner_settings import RunnerSettings
from aig.pipelines.sources import dataset_of, source_of
from aig.pipelines.workspace.buckets import selections_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["STAGES", "Stage", "check", "chosen_datasets", "stage_range"]

Stage = Literal["index", "extract", "select", "generate", "publish"]

STAGES: tuple[Stage, ...] = ("index", "extract", "select", "generate", "publish")


def stage_range(first: str, until: str) -> tuple[Stage, ...]:
    """The stages from one to another, both included.

    Raises:
        UsageError: there is no such stage.
    """
    names: tuple[str, ...] = STAGES
    for stage in (first, until):
        if stage not in names:
            raise UsageError(f"there is no stage {stage!r}", f"The stages are: {', '.join(STAGES)}.")
    return STAGES[names.index(first) : names.index(until) + 1]


def chosen_datasets(configuration: Configuration, only: Sequence[str] | None) -> list[str]:
    """The datasets asked for; all of the configuration where none is named.

    Raises:
        UsageError: the configuration has no such dataset.
    """
    if unknown := [name for name in only or () if name not in configuration.datasets]:
        raise UsageError(
            f"the configuration has no dataset {', '.join(unknown)}", f"It has: {', '.join(configuration.datasets)}."
        )
    return list(only or configuration.datasets)


def _reachable_server(runner: RunnerSettings) -> None:
    """Workers of a cluster on other machines report to Prefect's server, so it must have an address for them too."""
    if runner.address is None or _is_loopback(runner.address):
        return
    url = os.environ.get("PREFECT_API_URL", "")
    if not url or _is_loopback(url):
        raise UsageError(
            f"the workers at {runner.address} cannot reach "
            + (f"the Prefect server at {url}" if url else "a Prefect server that this run starts for itself"),
            "Start one that all machines reach (`prefect server start --host 0.0.0.0`) and set PREFECT_API_URL to its "
            "address, here and for the workers.",
        )


def _is_loopback(address: str) -> bool:
    """Whether an address is this machine's alone; 0.0.0.0 and :: are where a server listens, of use to nobody else."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    return host in ("localhost", "::1", "::", "0.0.0.0") or host.startswith("127.")  # noqa: S104 - nothing is bound


def check(configuration: Configuration, only: Sequence[str], stages: Sequence[Stage]) -> None:
    """Looks at what the stages will need: the datasets named, their folders and manifests, the model's key.

    The key is not missed where there are replies already: they may be all that is needed.

    Args:
        configuration: of the build.
        only: datasets to work on; all where empty.
        stages: that will run.

    Raises:
        UsageError: something is not there.
    """
    names = chosen_datasets(configuration, only)
    _reachable_server(configuration.runner)
    if "index" in stages:
        for name in names:
            dataset, source = dataset_of(configuration, name), source_of(configuration, name)
            dataset.resolve(source)
            if dataset.access == "own":
                next(dataset.read(source), None)  # the manifest is there and its columns are known
    forget_lists()
    if "select" in stages:
        for name in only or configuration.datasets:
            for selection in selections_of(configuration, name):
                held_out_lists(configuration, selection)
                for folder in configuration.select.get(selection, SelectSettings()).test_audio:
                    audio_files(folder)
    if "extract" in stages:
        extractors(configuration.extract.extractors)  # one's own can be loaded
        own_scales(configuration.extract.scales)
    if "generate" in stages and configuration.generate.open_ended:
        filters(configuration.answers.filters)  # one's own can be loaded
        from aig.generators.client.endpoint import api_key

        if not Workspace(configuration.workspace).exists("responses"):
            api_key(configuration.generate)
