"""`report.html`: one page, no script, nothing from elsewhere, made of a workspace's numbers, figures and samples."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from markupsafe import Markup

import aig
from aig.core.skills import skill_rows
from aig.core.tasks import OPEN_ENDED
from aig.extractors.levels import Levels, load_levels
from aig.extractors.scales import level_columns
from aig.filters.clips.label_report import LabelReport, label_report
from aig.filters.clips.word_errors import BANDS
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.reconciliation import CLIP_SUMS, clip_sums
from aig.pipelines.stages.reconciliation import add_up as add_up_clips
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.views.escaping import html_environment
from aig.pipelines.views.report import figures, numbers
from aig.pipelines.views.report.judging import agreement, judged
from aig.pipelines.views.report.published import published
from aig.pipelines.views.report.samples import LONGEST_S, samples
from aig.pipelines.views.report.spending import add_up
from aig.pipelines.views.report.text_against_ear import COMPARED, word_error_bands
from aig.pipelines.views.report.verdicts import verdicts
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.marks import read_marks
from aig.pipelines.workspace.run_records import run_records
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.descriptions import descriptions
from aig.prompts.kind_registry import TASK_KINDS
from aig.shards import paper
from aig.shards.tokens import CUTOFFS

if TYPE_CHECKING:
    import duckdb

__all__ = ["REPORT", "write_report"]

REPORT = "report.html"

RUNS_SHOWN = 5

SAMPLES = 30
"""Clips to hear."""


def write_report(configuration: Configuration, workspace: Workspace, *, clips: int = SAMPLES) -> str:
    """Writes the workspace's `report.html`, of whatever stages have run, and returns its address.

    Args:
        configuration: of the build.
        workspace: of the build.
        clips: how many clips to embed, about 60 kB each.
    """
    database = open_tables(configuration, workspace)
    lookup = ClipLookup(configuration, workspace, database)
    facts = _facts(lookup)
    levels = load_levels(configuration.extract.levels)
    page = html_environment("aig.pipelines.views.report").get_template("report.html.j2")
    style = resources.files("aig.pipelines.views.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    text = page.render(
        **facts,
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(style),
        plots=_plots(facts, levels, database),
        samples=samples(lookup, clips),
        plotted=_PLOTTED,
        longest_s=LONGEST_S,
        cutoffs=CUTOFFS,
    )
    workspace.write_text(text, REPORT)
    return workspace.url(REPORT)


def _policy(style: str) -> str:
    """Content security policy of the page: this style sheet, embedded pictures and sounds, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _facts(lookup: ClipLookup) -> dict[str, Any]:
    configuration, workspace, database = lookup.configuration, lookup.workspace, lookup.database
    names = list(configuration.datasets)
    sums = {name: clip_sums(configuration, workspace, name) for name in names}
    spending = add_up(lookup.ledger.entries())
    labels = numbers.label_counts(database)
    rows = numbers.rows_by(database)
    tasks: dict[str, int] = {}
    for _, task, count, _ in rows:
        tasks[task] = tasks.get(task, 0) + count
    asked = sum(tasks.get(task, 0) for task in (OPEN_ENDED.name, *TASK_KINDS))
    facts: dict[str, Any] = {
        "written": datetime.now(UTC),
        "version": aig.__version__,
        "configuration": configuration,
        "datasets": {name: dataset_of(configuration, name) for name in names},
        "sums": sums,
        "all_sums": add_up_clips(sums.values()),
        "sum_names": CLIP_SUMS,
        "left_out": numbers.left_out(database),
        "shared_sounds": numbers.shared_sounds(database),
        "rows": rows,
        "skills": skill_rows(numbers.rows_by_skill(database)),
        "pairs_made": {
            "by rule": sum(tasks.values()) - asked,
            "by the model": asked,
        },
        "published": published(workspace),
        "labels": labels,
        "undescribed": _undescribed(labels, configuration.generate.questions.description_file),
        "label_report": _label_report(labels, configuration.seed),
        "word_errors": word_error_bands(database),
        "bands": BANDS,
        "compared": COMPARED,
        "lengths": numbers.lengths(database),
        "diversity": numbers.diversity(database),
        "repeated": {column: numbers.repeated(database, column) for column in ("instruction", "output")},
        "prompts": numbers.prompt_quality(database),
        **_judging(configuration, database),
        "spending": spending,
        "faults": numbers.faults(database),
        "runs": list(islice(run_records(workspace), RUNS_SHOWN)),
        "levels": _level_tables(load_levels(configuration.extract.levels), database),
        "tasks": tasks,
        "open_task": OPEN_ENDED.name,
        "paper_tasks": paper.TASKS,
        "paper_datasets": paper.DATASETS,
        "paper_distinct": (paper.DISTINCT_QUESTIONS, paper.DISTINCT_ANSWERS),
    }
    facts["verdicts"] = verdicts(facts)
    return facts


def _judging(configuration: Configuration, database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    judge, marks = configuration.generate.judge, configuration.publish.drop
    least = judge.min_score if judge else 0.0
    return {
        "judged": judged(database, least),
        "agreement": agreement(database, read_marks(marks), least) if marks else None,
    }


def _undescribed(counts: Mapping[str, tuple[int, int]], own_file: str | None) -> dict[str, int]:
    """Clips that stay with each label that no acoustic description is written for, the commonest first."""
    found = {label: after for label, (_, after) in counts.items() if after and not descriptions(label, own_file)}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _label_report(counts: Mapping[str, tuple[int, int]], seed: int) -> LabelReport | None:
    if not counts:
        return None
    before, after = (np.array([pair[place] for pair in counts.values()]) for place in (0, 1))
    generator = np.random.default_rng(seed)
    uniform = generator.multivariate_hypergeometric(before, int(after.sum()), method="marginals")
    place = np.arange(len(counts), dtype=np.int32)
    return label_report(
        list(counts),
        all_of=np.repeat(place, before),
        kept=np.repeat(place, after),
        uniform=np.repeat(place, uniform),
    )


class _Plotted(NamedTuple):
    """How a scale is drawn: its name, the plot's title, the unit, the width of a bin, and what is below."""

    scale: str
    title: str
    unit: str
    width: float
    caption: str


_PLOTTED = (
    _Plotted("speed", "Speed", "words per second", 0.25, "Speed: words per second of the spoken span."),
    _Plotted("volume", "Volume", "dBFS", 2, "Volume: RMS over active frames."),
    _Plotted("monotony", "Liveliness of voices", "semitones", 0.5, "Liveliness: spread of the fundamental frequency."),
    _Plotted("pauses", "Pauses", "share of the spoken time", 0.05, "Pauses: those of at least 0.25 s."),
    _Plotted("snr", "Signal-to-noise ratio", "dB", 2, "Noise: the speech's power over that of the noise."),
    _Plotted("reverberation", "Reverberation", "seconds", 0.1, "Reverberation: how long sound takes to fall by 60 dB."),
    _Plotted("bandwidth", "Bandwidth", "Hz", 500, "Bandwidth: up to which frequency there is sound."),
    _Plotted(
        "tempo", "Tempo of music", "beats per minute", 5, "Tempo of music: half and double are the likely errors."
    ),
)
"""Scales with a histogram; those of pitch have one by gender too, and clipping, mostly nothing, is counted by level."""


def _level_tables(levels: Levels, database: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    names = {"pitch": "pitch among all", "pitch_rank": "pitch within gender"}
    return {
        names.get(scale.name, scale.name): numbers.level_counts(
            database, scale.level, getattr(levels, scale.name).words
        )
        for scale in level_columns()
    }


def _plots(facts: Mapping[str, Any], levels: Levels, database: duckdb.DuckDBPyConnection) -> dict[str, Markup | None]:
    lengths, spending = facts["lengths"], facts["spending"]
    pitch = numbers.bins(database, "f0_hz", 10, by_gender=True)
    fields = {scale.name: scale.field for scale in level_columns()}
    return {
        "funnel": figures.funnel(facts["sums"]),
        "pitch": figures.histogram(
            "pitch",
            "Fundamental frequency by gender",
            "Hz",
            pitch,
            width=10,
            bounds=levels.pitch.bounds,
            words=levels.pitch.words,
        ),
        **{
            f"pitch-{gender}": figures.histogram(
                f"pitch-{gender}",
                f"Fundamental frequency of {gender} speakers",
                "Hz",
                {gender: pitch[gender]} if gender in pitch else {},
                width=10,
                bounds=levels.pitch_rank.bounds.get(gender, ()),
                words=levels.pitch_rank.words,
            )
            for gender in ("male", "female")
        },
        **{
            each.scale: figures.histogram(
                each.scale,
                each.title,
                each.unit,
                numbers.bins(database, fields[each.scale], each.width),
                width=each.width,
                bounds=getattr(levels, each.scale).bounds,
                words=getattr(levels, each.scale).words,
            )
            for each in _PLOTTED
        },
        "clipping": figures.bars("clipping", "Clipping", "clips", facts["levels"]["clipping"]),
        "key": figures.bars("key", "Key of music", "clips", numbers.value_counts(database, "music_key")),
        "labels": figures.label_ranks(facts["labels"]),
        "tasks": figures.bars(
            "tasks", "Rows by task", "rows", dict(sorted(facts["tasks"].items(), key=lambda item: -item[1]))
        ),
        "lengths": figures.lengths(
            "lengths", "Length of a row", lengths.groups, width=lengths.width, cutoffs=tuple(CUTOFFS)
        ),
        "spending": figures.spending(spending.times, spending.tokens, spending.dollars),
    }
