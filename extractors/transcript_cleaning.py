"""The recogniser's words as they go into a row's `input`: what was said, without hallucinations."""

from __future__ import annotations

from aig.core.records import Features
from aig.extractors.stock_phrases import is_alone, is_sound_note, is_stock_sentence, is_stock_text, sentences

__all__ = ["clean_transcript", "spoken_text"]

NO_SPEECH_PROB = 0.6
"""From this probability of no speech on, Whisper's own code takes a segment for silence."""


def clean_transcript(text: str) -> str:
    """The transcript without sentences that recognisers are known to hallucinate on silence.

    Only whole sentences go: "Thanks for watching!" does, "Thank you for watching the kids." stays. A bare
    "Thank you." goes only where it is all there is. Surrounding white space goes; inside, nothing changes.
    """
    text = text.strip()
    if is_stock_sentence(text) or is_stock_text(text) or is_sound_note(text):
        return ""
    cleaned = "".join(part for part in sentences(text) if not is_stock_sentence(part)).strip()
    return "" if is_alone(cleaned) else cleaned


def spoken_text(features: Features | None) -> str:
    """A row's `input`: the cleaned transcript; empty where nothing was said, measured, or truly recognised."""
    if features is None or not features.transcript or features.hallucination or features.silent:
        return ""
    if features.no_speech_prob is not None and features.no_speech_prob >= NO_SPEECH_PROB:
        return ""
    return clean_transcript(features.transcript)
