"""Regular expressions that the forms of several tasks share (RE2's dialect)."""

from __future__ import annotations

import re

from aig.prompts.metadata import SENTIMENTS

__all__ = ["LABELS", "SENTIMENT", "TIMED"]

_LABEL = r"[^;\s](?:[^;]*[^;\s])?"
LABELS = rf"{_LABEL}(?:; {_LABEL})*"
"""`Guitar; Music; Plucked string instrument`."""

_SPAN = r"\d+\.\ds-\d+\.\ds"
TIMED = rf"[^;]+: \[{_SPAN}(?:, {_SPAN})*\]"
"""`Snoring: [0.0s-1.3s, 3.2s-4.9s]`."""

SENTIMENT = "(?:" + "|".join(re.escape(f"{score} ({words})") for score, words in SENTIMENTS.items()) + ")"
"""`-3 (highly negative)`."""
