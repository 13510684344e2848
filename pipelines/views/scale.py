"""What a build takes on more workers and machines: a model of its stages, from how long earlier runs took.

    hours = (start + most of (items x seconds each / cores, batches x seconds of the coordinator each)) / 3600

Some stages run in workers; others in one process, the coordinator, however many workers there are; the model's server
is asked at the rate that the configuration allows or an earlier run reached. What no run has measured is reckoned by
`DEFAULTS`, and the model says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aig.core.errors import UsageError
from aig.generators.settings import GenerateSettings
from aig.pipelines.configuration import Configuration

__all__ = [
    "DEFAULTS",
    "Fleet",
    "Machines",
    "Rates",
    "StageModel",
    "build_model",
    "measured_rates",
    "parse_fleet",
    "parse_seconds",
]

Place = Literal["workers", "coordinator", "model server"]

PLACES: Mapping[str, Place] = {
    "index": "coordinator",
    "extract": "workers",
    "select": "coordinator",
    "closed": "workers",
    "ask": "model server",
    "open": "workers",
    "publish": "coordinator",
}
"""The stages of a build in their order, with where each runs."""

DEFAULTS: Mapping[str, float] = {
    "index": 0.0002,
    "extract": 0.03,
    "whisper": 6.5,
    "select": 0.0001,
    "closed": 0.003,
    "ask": 0.5,
    "open": 0.003,
    "publish": 0.00001,
}
"""Seconds of one core an item: clips, for `ask` replies, for `publish` rows; where they are from: docs/scale.md."""

BATCH_S = 0.02
"""Seconds that the coordinator spends on a batch of clips or a bucket of pairs."""

START_S: Mapping[str, float] = {"extract": 4.0, "closed": 0.5}
"""Seconds until a stage's first batch is worked on: what workers need is loaded once a run, and they are forked."""

FORK_S = 0.4
"""Seconds of one core that each further worker takes to start."""

CLIPS_PER_BUCKET = 3_000
ROWS_PER_CLIP = 9.0
REQUESTS_PER_CLIP = 1.0

_MACHINES = re.compile(
    r"(?:(?P<stage>[a-z]+)=)?(?:(?P<count>[1-9][0-9]*)x)?(?P<cores>[1-9][0-9]*)@(?P<dollars>[0-9]+(?:\.[0-9]+)?)"
)
_SECONDS = re.compile(r"(?P<stage>[a-z]+)=(?P<seconds>[0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines to rent.

    Attributes:
        cores: batches that each works on at full speed at a time: its cores, or its GPUs.
        dollars: US dollars an hour each.
        count: how many.
    """

    cores: int
    dollars: float
    count: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """The machines of a build.

    Attributes:
        machines: what its stages run on.
        by_stage: other machines for single stages, such as those with a GPU for `extract`.
    """

    machines: Machines
    by_stage: Mapping[str, Machines]

    def of(self, stage: str) -> Machines:
        """What a stage runs on."""
        return self.by_stage.get(stage, self.machines)


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast earlier runs were.

    Attributes:
        seconds: of one core an item, by stage; what no run has measured is not in it.
        given: the same as somebody gave them, which count instead.
        rows_per_clip: published rows a clip.
        requests_per_clip: to the model.
    """

    seconds: Mapping[str, float]
    rows_per_clip: float = ROWS_PER_CLIP
    requests_per_clip: float = REQUESTS_PER_CLIP
    given: Mapping[str, float] = field(default_factory=dict)

    def of(self, stage: str) -> tuple[float | None, str]:
        """Seconds of a stage, `None` where neither a run nor somebody told them, and where they are from."""
        if stage in self.given:
            return self.given[stage], "given"
        return self.seconds.get(stage), "earlier runs" if stage in self.seconds else "defaults"


@dataclass(frozen=True, slots=True)
class StageModel:
    """What a stage of a build takes.

    Attributes:
        stage: its name.
        place: where it runs.
        items: that it works on.
        unit: of the items.
        seconds_each: of one core an item; for `ask`, of the whole client.
        known_from: `earlier runs`, `given` or `defaults`.
        hours: from its begin to its end.
        machines: that are busy meanwhile.
        dollars: for these machines.
    """

    stage: str
    place: Place
    items: int
    unit: str
    seconds_each: float
    known_from: str
    hours: float
    machines: int
    dollars: float


def parse_fleet(workers: int | None, machines: Iterable[str]) -> Fleet:
    """The machines as the command line names them.

    Args:
        workers: batches at a time, where the machines' number is not given; one core each where no machine is.
        machines: `[STAGE=][COUNTx]CORES@DOLLARS` an hour: `16@0.68`, `extract=8x1@2.50`.

    Raises:
        UsageError: one is not of this form, or names no stage.
    """
    found: dict[str, Machines] = {}
    for text in machines:
        match = _MACHINES.fullmatch(text)
        stage = match["stage"] or "" if match else ""
        if match is None or (stage and stage not in PLACES):
            raise UsageError(
                f"{text!r} does not name machines.",
                "Write [STAGE=][COUNTx]CORES@DOLLARS an hour: 16@0.68 for machines of 16 cores, extract=8x1@2.50 for "
                f"eight with a GPU each; the stages are {', '.join(PLACES)}.",
            )
        cores = int(match["cores"])
        count = int(match["count"]) if match["count"] else math.ceil((workers or cores) / cores)
        found[stage] = Machines(cores, float(match["dollars"]), count)
    return Fleet(found.pop("", Machines(workers or 1, 0.0, 1)), found)


def parse_seconds(values: Iterable[str]) -> dict[str, float]:
    """Seconds of one core an item, by stage, as the command line gives them: `extract=0.05`.

    Raises:
        UsageError: one is not of this form, or names no stage.
    """
    found = {}
    for text in values:
        match = _SECONDS.fullmatch(text)
        if match is None or match["stage"] not in PLACES:
            raise UsageError(
                f"{text!r} does not say how long an item takes.",
                f"Write STAGE=SECONDS, as in extract=0.05; the stages are {', '.join(PLACES)}.",
            )
        found[match["stage"]] = float(match["seconds"])
    return found


def measured_rates(records: Iterable[Mapping[str, Any]]) -> Rates:
    """The rates of the latest run that did some of a piece of work, all its datasets together.

    Args:
        records: of runs, the latest first; see `aig.pipelines.workspace.run_records`.
    """
    latest: dict[str, tuple[float, float]] = {}
    for record in records:
        workers = record.get("workers") or 1
        cores = min(workers, record.get("cores") or workers)
        started: set[str] = set()
        for title, step in record.get("steps", {}).items():
            stage = _stage(title)
            if not (stage and step["done"] and step["seconds"] > 0):
                continue
            first = stage not in started  # the workers of a stage start with its first dataset
            started.add(stage)
            if title not in latest:
                parallel = cores if PLACES[stage] == "workers" else 1
                start_s = _start_s(stage, workers, cores) if first else 0.0
                seconds = max(step["seconds"] - start_s, step["seconds"] / 2)
                latest[title] = (step["done"], seconds * parallel)
    done: dict[str, float] = {}
    spent: dict[str, float] = {}
    for title, (items, seconds) in latest.items():
        stage = _stage(title)
        done[stage] = done.get(stage, 0) + items
        spent[stage] = spent.get(stage, 0) + seconds
    clips = done.get("closed")
    return Rates(
        {stage: spent[stage] / done[stage] for stage in done},
        rows_per_clip=done["publish"] / clips if clips and "publish" in done else ROWS_PER_CLIP,
        requests_per_clip=done["ask"] / clips if clips and "ask" in done else REQUESTS_PER_CLIP,
    )


def build_model(configuration: Configuration, clips: int, rates: Rates, fleet: Fleet) -> dict[str, Any]:
    """The model of a whole build of some clips.

    Keys: `clips`, `workers`, `stages` (each as `StageModel`), `hours`, `dollars` (for machines; the model's price is
    told by `aig estimate`), `coordinator_share` (of the hours, that no worker shortens).
    """
    items = {
        "ask": round(clips * rates.requests_per_clip) if configuration.generate.open_ended else 0,
        "open": round(clips * rates.requests_per_clip) if configuration.generate.open_ended else 0,
        "publish": round(clips * rates.rows_per_clip),
    }
    stages = [_stage_model(configuration, stage, items.get(stage, clips), rates, fleet) for stage in PLACES]
    hours = sum(stage.hours for stage in stages)
    alone = sum(stage.hours for stage in stages if stage.place == "coordinator")
    return {
        "clips": clips,
        "workers": fleet.machines.count * fleet.machines.cores,
        "stages": [asdict(stage) for stage in stages],
        "hours": hours,
        "dollars": sum(stage.dollars for stage in stages),
        "coordinator_share": alone / hours if hours else 0.0,
    }


def _stage_model(configuration: Configuration, stage: str, items: int, rates: Rates, fleet: Fleet) -> StageModel:
    place = PLACES[stage]
    told, known_from = rates.of(stage)
    each = told
    if each is None:
        each = DEFAULTS["whisper" if stage == "extract" and configuration.extract.whisper else stage]
    rented, busy = fleet.of(stage), 1
    if place == "workers":
        busy, workers = rented.count, rented.count * rented.cores
        per_batch = configuration.runner.batch_clips if stage == "extract" else CLIPS_PER_BUCKET
        batches = math.ceil(items / per_batch)
        # The last batches leave workers idle: no fewer rounds than whole ones.
        rounds = max(items * each / workers, min(items, per_batch) * each)
        seconds = max(rounds, batches * BATCH_S)
        if seconds:
            seconds += _start_s(stage, min(batches, rented.cores), rented.cores)
    elif place == "model server":
        each = max(_pause(configuration.generate, each) if told is None else each, _least_pause(configuration.generate))
        seconds = items * each
    else:
        seconds = items * each
    hours = seconds / 3600
    unit = {"ask": "replies", "publish": "rows"}.get(stage, "clips")
    return StageModel(stage, place, items, unit, each, known_from, hours, busy, hours * busy * rented.dollars)


def _start_s(stage: str, workers: int, cores: int) -> float:
    """Seconds until all workers of a machine work, from the beginning of a stage."""
    return START_S[stage] + FORK_S * workers / cores if stage in START_S else 0.0


def _pause(settings: GenerateSettings, answer_s: float) -> float:
    """Seconds between two replies where nothing but the number of requests in flight limits them."""
    return answer_s / settings.concurrency


def _least_pause(settings: GenerateSettings) -> float:
    """Seconds between two requests that the configured rate leaves."""
    return 60 / settings.requests_per_minute if settings.requests_per_minute else 0.0


def _stage(title: str) -> str:
    """The stage that a step's title names; empty where it is none of a build's."""
    word = title.partition(" ")[0]
    stage = "open" if word.startswith("open_") else word
    return stage if stage in PLACES else ""
