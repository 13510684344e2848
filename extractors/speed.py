"""Speed of speech: words per second over the spoken span."""

from __future__ import annotations

from collections.abc import Sequence

from datasets_registry.records import Word

__all__ = ["spoken_spans", "words_per_s"]

MIN_WORDS = 3
MIN_SPAN_S = 0.5


def spoken_spans(words: Sequence[Word], max_pause_s: float) -> list[tuple[float, float]]:
    """Start and end of the stretches of words without a pause longer than `max_pause_s`, in seconds."""
    spans: list[tuple[float, float]] = []
    for word in words:
        if spans and word.start_s - spans[-1][1] <= max_pause_s:
            spans[-1] = (spans[-1][0], max(spans[-1][1], word.end_s))
        else:
            spans.append((word.start_s, word.end_s))
    return spans


def words_per_s(words: Sequence[Word], max_pause_s: float) -> float | None:
    """Recognised words per second of the spoken span; `None` below 3 words or 0.5 s."""
    span = sum(end - start for start, end in spoken_spans(words, max_pause_s))
    return len(words) / span if len(words) >= MIN_WORDS and span >= MIN_SPAN_S else None
