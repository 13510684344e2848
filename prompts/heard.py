"""What is known of a clip in everyday words, as somebody would say it who has heard the clip.

Unlike the metadata sentences of LTU and LTU-AS (`aig.prompts.metadata`) it holds no hertz, no "description" and no word
that only an annotator would use, and it tells what is known of the recording: noise, echo, band, clipping, tempo, key.
A field that a clip lacks is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Clip, Features
from aig.prompts.metadata import SENTIMENTS, one_line, sounds, speech_content, times

__all__ = ["heard", "heard_recording", "heard_sounds", "heard_speaker", "heard_voice"]

_PITCH = {"very low": "very deep", "low": "deep", "medium": "of medium pitch", "high": "high", "very high": "very high"}
_VOLUME = {
    "very low": "very quiet",
    "low": "quiet",
    "medium": "of medium volume",
    "high": "loud",
    "very high": "very loud",
}
_NOISE = {
    "very noisy": "very strong background noise",
    "noisy": "strong background noise",
    "medium": "some background noise",
    "clean": "hardly any background noise",
    "very clean": "no background noise",
}
_ECHO = {
    "very dry": "no echo at all",
    "dry": "hardly any echo",
    "medium": "some echo",
    "reverberant": "a strong echo, as in a large room",
    "very reverberant": "a very strong echo, as in a hall",
}
_BAND = {"very narrow": "muffled, as over a telephone", "narrow": "rather muffled"} | dict.fromkeys(
    ("medium", "wide", "very wide"), ""
)
_CLIPPING = {
    "none": "",
    "slight": "",
    "medium": "somewhat distorted",
    "strong": "distorted",
    "very strong": "badly distorted",
}


def heard(clip: Clip, features: Features | None, transcript: str) -> str:
    """Everything that is known of a clip, in sentences; empty where nothing is."""
    told = [*heard_sounds(clip, features), *heard_voice(clip, features, transcript), *heard_recording(features)]
    return " ".join(told)


def heard_sounds(clip: Clip, features: Features | None) -> Iterator[str]:
    """The sounds with their times, what people wrote of them, the style and title of music."""
    named = []
    for label in sounds(clip, features):
        at = [event for event in clip.events or () if event.label == label]
        named.append(f"{one_line(label)} {times(at)}" if at else one_line(label))
    if named:
        yield f"Sounds: {'; '.join(named)}."
    if clip.captions:
        yield f"Altogether: {' '.join(map(_sentence, clip.captions))}"
    if clip.genres:
        yield f"The music is {', '.join(map(one_line, clip.genres))}."
    if clip.title:
        yield f'A fitting title is "{one_line(clip.title)}".'


def heard_voice(clip: Clip, features: Features | None, transcript: str) -> Iterator[str]:
    """What is said, who says it, and how."""
    if content := speech_content(clip, transcript):
        yield f'{"The words sung" if clip.genres else "The words"}: "{content}".'
    yield from heard_speaker(clip, features)


def heard_speaker(clip: Clip, features: Features | None) -> Iterator[str]:
    """Who speaks, and how."""
    who = " ".join(filter(None, (one_line(clip.gender or ""), "speaker")))
    if clip.gender or clip.age is not None or clip.emotion:
        feeling = f", {one_line(clip.emotion)}" if clip.emotion else ""
        yield f"The speaker: {who}{f', about {clip.age} years old' if clip.age is not None else ''}{feeling}."
    if clip.sentiment is not None:
        yield f"What is felt: {SENTIMENTS[clip.sentiment]}."
    if features and (manner := list(_manner(clip, features))):
        yield f"The voice: {'; '.join(manner)}."


def _manner(clip: Clip, features: Features) -> Iterator[str]:
    if features.pitch_level:
        rank = features.pitch_rank.split(" (")[0] if features.pitch_rank and clip.gender else ""
        among = f", {rank} for a {one_line(clip.gender or '')} speaker" if rank else ""
        yield f"{_PITCH.get(features.pitch_level, f'{features.pitch_level} in pitch')}{among}"
    if features.monotony_level:
        level = features.monotony_level
        yield "neither monotonous nor lively" if level == "medium" else level
    if features.speed_level:
        yield f"{features.speed_level} pace"
    if features.pause_level:
        yield "a usual share of pauses" if features.pause_level == "medium" else f"{features.pause_level} pauses"
    if features.volume_level and (features.pitch_level or features.speed_level):
        yield _VOLUME.get(features.volume_level, f"{features.volume_level} in volume")


def heard_recording(features: Features | None) -> Iterator[str]:
    """How the recording sounds, and tempo and key of music."""
    if features is None:
        return
    sounding = (
        words.get(level, f"{name} {level}")  # a levels file of one's own has other words
        for name, words, level in (
            ("noise", _NOISE, features.snr_level),
            ("echo", _ECHO, features.reverberation_level),
            ("band", _BAND, features.bandwidth_level),
            ("clipping", _CLIPPING, features.clipping_level),
        )
        if level
    )
    if told := "; ".join(filter(None, sounding)):
        yield f"The recording: {told}."
    music = [f"{features.tempo_level} tempo" if features.tempo_level else "", features.music_key or ""]
    if any(music):
        yield f"The music has {', in '.join(part for part in (music[0] or 'a melody', music[1]) if part)}."


def _sentence(text: str) -> str:
    line = one_line(text)
    return line if line.endswith((".", "!", "?")) else f"{line}."
