"""The rules of a selection: those of this package, and one's own by `module:object`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from aig.core.errors import UsageError
from aig.core.plugins import load_object
from aig.core.tables import CLIPS, FEATURES
from aig.filters.clips.rule import Rule
from aig.filters.clips.rules.events_within_clip import EVENTS_WITHIN_CLIP
from aig.filters.clips.rules.has import HAS
from aig.filters.clips.rules.labels import LABELS
from aig.filters.clips.rules.languages import LANGUAGES
from aig.filters.clips.rules.licences import LICENCES
from aig.filters.clips.rules.max_clipped_share import MAX_CLIPPED_SHARE
from aig.filters.clips.rules.max_duration_s import MAX_DURATION_S
from aig.filters.clips.rules.max_no_speech_prob import MAX_NO_SPEECH_PROB
from aig.filters.clips.rules.max_reverberation_s import MAX_REVERBERATION_S
from aig.filters.clips.rules.max_wer import MAX_WER
from aig.filters.clips.rules.min_bandwidth_hz import MIN_BANDWIDTH_HZ
from aig.filters.clips.rules.min_duration_s import MIN_DURATION_S
from aig.filters.clips.rules.min_snr_db import MIN_SNR_DB
from aig.filters.clips.rules.min_words import MIN_WORDS
from aig.filters.clips.rules.not_in import NOT_IN
from aig.filters.clips.rules.not_in_audio import NOT_IN_AUDIO
from aig.filters.clips.rules.not_silent import NOT_SILENT
from aig.filters.clips.rules.without_labels import WITHOUT_LABELS

__all__ = ["RULES", "first_reasons", "own_rules"]

RULES: tuple[Rule, ...] = (
    NOT_IN,
    NOT_IN_AUDIO,
    LICENCES,
    HAS,
    MIN_DURATION_S,
    MAX_DURATION_S,
    EVENTS_WITHIN_CLIP,
    NOT_SILENT,
    MIN_SNR_DB,
    MAX_REVERBERATION_S,
    MIN_BANDWIDTH_HZ,
    MAX_CLIPPED_SHARE,
    MAX_NO_SPEECH_PROB,
    MIN_WORDS,
    MAX_WER,
    LANGUAGES,
    LABELS,
    WITHOUT_LABELS,
)
"""Every rule of this package, in the order in which they apply."""


def own_rules(bounds: Mapping[str, Any]) -> list[tuple[Rule, Any]]:
    """The rules that `select.<name>.rules` names as `module:object`, each with its checked bound.

    Raises:
        UsageError: a reference does not load, or the rule's name or columns are not usable.
        pydantic.ValidationError: a bound is not of the rule's type.
    """
    found: list[tuple[Rule, Any]] = []
    for reference, bound in bounds.items():
        rule = load_object(reference, Rule)
        taken = {other.name for other in (*RULES, *(own for own, _ in found))} | {"draw", "keep", "limit"}
        if rule.name in taken:
            raise UsageError(f"{reference}: there is already a rule called {rule.name!r}", "Give it another name.")
        if unknown := [name for name in rule.columns if name not in CLIPS.names and name not in FEATURES.names]:
            raise UsageError(
                f"{reference}: neither clips nor features have the column {unknown[0]!r}",
                "Use fields of `aig.core.records.Clip` and `Features`.",
            )
        found.append((rule, TypeAdapter(rule.bound).validate_python(bound)))
    return found


def first_reasons(batch: pa.RecordBatch, rules: list[tuple[Rule, Any]]) -> Iterator[tuple[str, str] | None]:
    """For each clip of a batch, the first rule that it fails and why, or `None`.

    Args:
        batch: clips joined with features; null where nothing was measured. A column that no rule needs may be missing.
        rules: those that apply, in their order, with their bounds.
    """
    rules = [
        (rule, bound)
        for rule, bound in rules
        if rule.about is None or batch.column(rule.about).null_count < batch.num_rows
    ]
    wanted = {column for rule, _ in rules for column in rule.columns}
    values: dict[str, list[Any]] = {column: batch.column(column).to_pylist() for column in wanted}
    places = [(rule, bound, [values[column] for column in rule.columns]) for rule, bound in rules]
    for row in range(batch.num_rows):
        found = None
        for rule, bound, columns in places:
            reason = rule.check(bound, *(column[row] for column in columns))
            if reason is not None:
                found = rule.name, reason
                break
        yield found
