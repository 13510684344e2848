"""The rules of a selection: one clip's values in, `None` or the reason why it goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from aig.filters.clips.settings import SelectSettings

__all__ = ["RULES", "Rule", "reasons"]


_BEYOND_S = 0.5
"""How much longer than a clip its annotation may be, in seconds: a video's cut is not exact."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that looks at one clip at a time.

    Attributes:
        name: the key in the configuration that switches it on and holds its bound.
        columns: of clips and features that it looks at.
        about: the column without which it lets a clip stay; `None` where it looks at every clip.
        check: the bound and the clip's values in the order of `columns`, to a reason or `None`.
    """

    name: str
    columns: tuple[str, ...]
    check: Callable[..., str | None]
    about: str | None = None


def _min_duration(bound: float, duration_s: float | None) -> str | None:
    if duration_s is None:
        return "its length was not measured"
    return f"{duration_s:.2f} s, shorter than {bound:g} s" if duration_s < bound else None


def _max_duration(bound: float, duration_s: float | None) -> str | None:
    if duration_s is None:
        return "its length was not measured"
    return f"{duration_s:.2f} s, longer than {bound:g} s" if duration_s > bound else None


def _events_within_clip(_: bool, events: list[dict[str, Any]] | None, duration_s: float | None) -> str | None:
    last = max(events or (), key=lambda event: float(event["offset_s"]), default=None)
    if last is None or duration_s is None or last["offset_s"] <= duration_s + _BEYOND_S:
        return None
    return f"{last['label']!r} ends at {last['offset_s']:.2f} s, the clip at {duration_s:.2f} s"


def _not_silent(_: bool, silent: bool | None) -> str | None:
    if silent is None:
        return "its volume was not measured"
    return "silent throughout" if silent else None


def _speech(bound: float, probability: float | None, hallucination: str | None) -> str | None:
    if probability is None:
        return "no speech recognition was run"
    if probability >= bound:
        return f"probability of no speech {probability:.3f}, not below {bound:g}"
    return f"hallucinated transcript: {hallucination}" if hallucination else None


def _min_words(bound: int, transcript: str | None) -> str | None:
    if transcript is None:
        return "no speech recognition was run"
    words = len(transcript.split())
    return f"{words} {'word' if words == 1 else 'words'}, fewer than {bound}" if words < bound else None


def _languages(bound: Sequence[str], language: str | None) -> str | None:
    if language is None:
        return "no language was recognised"
    return None if language in bound else f"language {language}, not {' or '.join(bound)}"


def _heard(
    labels: list[str] | None,
    parents: list[str] | None,
    events: list[dict[str, Any]] | None,
    sounds: list[str] | None,
) -> list[str]:
    """What is known to sound: annotated or, where nobody annotated, tagged; then what that is a kind of."""
    annotated = [*(labels or ()), *(event["label"] for event in events or ())]
    return [*(annotated or sounds or ()), *(parents or ())]


def _labels(bound: Sequence[str], *known: Any) -> str | None:
    return None if set(bound) & set(_heard(*known)) else f"none of the labels {'; '.join(bound)}"


def _without_labels(bound: Sequence[str], *known: Any) -> str | None:
    found = [label for label in _heard(*known) if label in bound]
    return f"has the label {found[0]}" if found else None


_HEARD = ("labels", "parents", "events", "sounds")


RULES: tuple[Rule, ...] = (
    Rule("min_duration_s", ("duration_s",), _min_duration),
    Rule("max_duration_s", ("duration_s",), _max_duration),
    Rule("events_within_clip", ("events", "duration_s"), _events_within_clip, about="events"),
    Rule("not_silent", ("silent",), _not_silent),
    Rule("max_no_speech_prob", ("no_speech_prob", "hallucination"), _speech),
    Rule("min_words", ("transcript",), _min_words),
    Rule("languages", ("language",), _languages),
    Rule("labels", _HEARD, _labels),
    Rule("without_labels", _HEARD, _without_labels),
)
"""Every rule, in the order in which they apply."""


def reasons(batch: pa.RecordBatch, settings: SelectSettings) -> Iterator[tuple[str, str] | None]:
    """For each clip of a batch, the first rule that it fails and why, or `None`.

    Args:
        batch: clips joined with features; null where nothing was measured. A column that no rule needs may be missing.
        settings: which rules apply, and their bounds.
    """
    rules = [
        (rule, bound)
        for rule in RULES
        if (bound := getattr(settings, rule.name))
        and (rule.about is None or batch.column(rule.about).null_count < batch.num_rows)
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
