"""Which clips stay: one pass over all of them, then the draws; every clip that goes has a rule and a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aig.core.tables import DROPPED
from aig.filters.clips import weighted_sampling
from aig.filters.clips.label_report import LabelReport, label_report
from aig.filters.clips.registry import first_reasons
from aig.filters.clips.rules.not_in import NOT_IN, HeldOut
from aig.filters.clips.rules.not_in_audio import NOT_IN_AUDIO, HeldOutAudio
from aig.filters.clips.settings import SelectSettings

__all__ = ["RuleCount", "Selection", "limit", "select"]

_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule took.

    Attributes:
        rule: its key in the configuration; `draw`, `keep` and `limit` are the draws.
        seen: clips that reached it.
        dropped: clips that it dropped.
    """

    rule: str
    seen: int
    dropped: int


@dataclass(frozen=True)
class Selection:
    """The outcome of a selection: each clip is kept or dropped.

    Attributes:
        audio_ids: of all clips, in the order they came.
        datasets: of all clips.
        codes: for each clip 0 where it stays, else a place in `why`, from 1.
        why: pairs of rule and reason.
        rules: what each rule took, in their order.
        labels: how the draws changed the balance of the labels.
    """

    audio_ids: pa.Array
    datasets: pa.Array
    codes: npt.NDArray[np.int32]
    why: tuple[tuple[str, str], ...]
    rules: tuple[RuleCount, ...]
    labels: LabelReport

    @property
    def kept(self) -> pa.Array:
        """Ids of the clips that stay, in the order they came."""
        return self.audio_ids.filter(pa.array(self.codes == 0))

    def dropped(self) -> Iterator[pa.RecordBatch]:
        """The clips that go as batches of the table of `Dropped` records."""
        rule = pa.array([rule for rule, _ in self.why], pa.string())
        reason = pa.array([reason for _, reason in self.why], pa.string())
        rows = np.flatnonzero(self.codes)
        for start in range(0, len(rows), _BATCH):
            chunk = pa.array(rows[start : start + _BATCH])
            code = pa.array(self.codes[rows[start : start + _BATCH]] - 1)
            clips = [self.audio_ids.take(chunk), self.datasets.take(chunk)]
            no_text = pa.nulls(len(chunk), pa.string())
            columns = [*clips, rule.take(code), reason.take(code), pa.repeat("", len(chunk)), no_text, no_text]
            yield pa.RecordBatch.from_arrays(columns, schema=DROPPED)


def select(
    batches: Iterable[pa.RecordBatch],
    settings: SelectSettings,
    seed: int,
    held_out: HeldOut | None = None,
    audio: HeldOutAudio | None = None,
) -> Selection:
    """Applies a selection's rules to clips; the outcome does not depend on the order of the input.

    Memory: about 60 bytes a clip, whatever the clips hold.

    Args:
        batches: clips joined with features, null where nothing was measured. Needed are `audio_id`, `dataset`,
            `labels` and the columns of the rules in use.
        settings: the rules.
        seed: of the draws.
        held_out: the test sets of the rule `not_in`; `None`: it does not apply.
        audio: the sounds of the rule `not_in_audio`; `None`: it does not apply.
    """
    given = [(rule, bound) for rule, bound in ((NOT_IN, held_out), (NOT_IN_AUDIO, audio)) if bound is not None]
    rules = given + [(rule, bound) for rule, bound in settings.applied() if rule not in (NOT_IN, NOT_IN_AUDIO)]
    clips = _Clips(seed, tuple(rule.name for rule, _ in rules))
    for batch in batches:
        clips.append(batch, first_reasons(batch, rules))
    return clips.finish(settings.draw, settings.keep, balanced=settings.weights == "label-balanced")


def limit(batches: Iterable[pa.RecordBatch], size: int, seed: int) -> Selection:
    """Draws at most `size` clips with balanced labels, before anything is measured: `limit` of a dataset.

    Args:
        batches: clips, those whose audio is there; needed are `audio_id`, `dataset` and `labels`.
        size: how many are wanted.
        seed: of the draw, the same as that of a selection's `draw`.
    """
    clips = _Clips(seed)
    for batch in batches:
        clips.append(batch, (None for _ in range(batch.num_rows)))
    return clips.finish(size, None, balanced=True, name="limit")


class _Clips:
    """What is remembered of each clip until the draws: id, labels, the first rule it fails."""

    def __init__(self, seed: int, rules: Sequence[str] = ()) -> None:
        self.seed = seed
        self.rules = rules
        self.uniform: list[weighted_sampling.Floats] = []
        self.ids: list[pa.Array] = []
        self.datasets: list[pa.Array] = []
        self.labels = weighted_sampling.Labels()
        self.codes: list[npt.NDArray[np.int32]] = []
        self.why: dict[tuple[str, str], int] = {}

    def append(self, batch: pa.RecordBatch, found: Iterable[tuple[str, str] | None]) -> None:
        self.ids.append(batch.column("audio_id").cast(pa.string()))
        self.uniform.append(weighted_sampling.uniforms(self.ids[-1].to_pylist(), self.seed))
        self.datasets.append(batch.column("dataset").cast(pa.string()))
        self.labels.append(batch.column("labels"))
        codes = (0 if reason is None else self.code(*reason) for reason in found)
        self.codes.append(np.fromiter(codes, np.int32, batch.num_rows))

    def code(self, rule: str, reason: str) -> int:
        return self.why.setdefault((rule, reason), len(self.why) + 1)

    def finish(self, draw: int | None, keep: int | None, *, balanced: bool, name: str = "draw") -> Selection:
        ids = pa.concat_arrays(self.ids) if self.ids else pa.array([], pa.string())
        datasets = pa.concat_arrays(self.datasets) if self.datasets else pa.array([], pa.string())
        codes = np.concatenate(self.codes) if self.codes else np.empty(0, np.int32)
        labels, bounds = self.labels.finish()
        uniform = np.concatenate(self.uniform) if self.uniform else np.empty(0)
        everyone = np.arange(len(ids))

        def drawn(rows: npt.NDArray[np.int64], size: int, weighted: bool) -> npt.NDArray[np.int64]:
            weight = weighted_sampling.weights(*weighted_sampling.taken(labels, bounds, rows), len(self.labels.names))
            return rows[weighted_sampling.draw(uniform[rows], weight if weighted else np.ones(len(rows)), size)]

        def leave(rows: npt.NDArray[np.int64], stay: npt.NDArray[np.int64], rule: str) -> RuleCount:
            gone = np.setdiff1d(rows, stay, assume_unique=True)
            codes[gone] = self.code(rule, f"not among the {len(stay)} drawn from {len(rows)}")
            return RuleCount(rule, len(rows), len(gone))

        counts: list[RuleCount] = []
        rows = everyone
        if draw is not None:
            stay = drawn(rows, draw, balanced)
            counts.append(leave(rows, stay, name))
            rows = stay
        counts += _counts(codes[rows], tuple(self.why), self.rules)
        rows = rows[codes[rows] == 0]
        if keep is not None:
            stay = drawn(rows, keep, balanced)
            counts.append(leave(rows, stay, "keep"))
            rows = stay
        report = label_report(
            self.labels.names,
            all_of=labels,
            kept=weighted_sampling.taken(labels, bounds, rows)[0],
            uniform=weighted_sampling.taken(labels, bounds, drawn(everyone, len(rows), False))[0],
        )
        return Selection(ids, datasets, codes, tuple(self.why), tuple(counts), report)


def _counts(codes: npt.NDArray[np.int32], why: tuple[tuple[str, str], ...], rules: Sequence[str]) -> list[RuleCount]:
    """What each rule took of the clips with these codes, in the rules' order."""
    taken: dict[str, int] = {}
    for (rule, _), count in zip(why, np.bincount(codes, minlength=len(why) + 1)[1:], strict=True):
        taken[rule] = taken.get(rule, 0) + int(count)
    counts, seen = [], len(codes)
    for name in rules:
        if taken.get(name):
            counts.append(RuleCount(name, seen, taken[name]))
            seen -= taken[name]
    return counts
