"""The recogniser's words as they go into a row's `input`: what was said, without hallucinations."""

from __future__ import annotations

import re

from aig.core.records import Features

__all__ = ["clean_transcript", "spoken_text"]

NO_SPEECH_PROB = 0.6
"""From this probability of no speech on, Whisper's own code takes a segment for silence."""

_STOCK = re.compile(
    r"""(?:so[, ]+|and[, ]+|okay[, ]+|ok[, ]+)?
        (?: (?:thanks?(?:[ ]you)?|thx)(?:[ ](?:so|very)[ ]much|[ ]a[ ]lot)?[ ]for[ ](?:watching|viewing|listening)
              (?:[ ](?:this|the|my|our)[ ]video)?(?:[, ]+(?:everyone|everybody|guys|and[ ]see[ ]you[ ]next[ ]time))?
          | (?:please[ ])?(?:like[, ]+(?:share[, ]+)?and[ ])?subscribe(?:[ ]to[ ](?:my|our|the)[ ]channel)?
          | (?:i'll[ ])?see[ ]you[ ](?:guys[ ])?in[ ]the[ ]next[ ](?:video|one)
          | (?:subtitles?|captions?|transcri(?:bed|ption))[ ](?:by|provided[ ]by)[ ].{2,60}
        )""",
    re.IGNORECASE | re.VERBOSE,
)
_ALONE = re.compile(r"thank(?:s|[ ]you)(?:[ ](?:so|very)[ ]much)?|you|bye(?:[- ]bye)?|\W*", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?…]*[.!?…]+[\"')\]]*\s*|[^.!?…]+$")


def clean_transcript(text: str) -> str:
    """The transcript without sentences that recognisers are known to hallucinate on silence.

    Only whole sentences go: "Thanks for watching!" does, "Thank you for watching the kids." stays. A bare
    "Thank you." goes only where it is all there is. Surrounding white space goes; inside, nothing changes.
    """
    text = text.strip()
    kept = [part for part in _SENTENCE.findall(text) if not _STOCK.fullmatch(part.strip(" \t\n.!?…\"'-–—♪*()[]"))]
    cleaned = "".join(kept).strip()
    return "" if _ALONE.fullmatch(cleaned.strip(" .!?…\"'")) else cleaned


def spoken_text(features: Features | None) -> str:
    """A row's `input`: the cleaned transcript; empty where nothing was said, measured, or truly recognised."""
    if features is None or not features.transcript or features.hallucination or features.silent:
        return ""
    if features.no_speech_prob is not None and features.no_speech_prob >= NO_SPEECH_PROB:
        return ""
    return clean_transcript(features.transcript)
