"""What is known of a clip, as the one sentence that a chat model reads about it.

A field that a clip lacks is left out of the sentence, never written as "unknown". Values go in as plain text:
line breaks become spaces, nothing else changes and nothing is interpreted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aig.core.records import Clip, Event, Features

__all__ = [
    "SENTIMENTS",
    "Describe",
    "audio",
    "joint",
    "music",
    "one_line",
    "sounds",
    "speech",
    "speech_content",
    "times",
]

SENTIMENTS = {
    -3: "highly negative",
    -2: "negative",
    -1: "weakly negative",
    0: "neutral",
    1: "weakly positive",
    2: "positive",
    3: "highly positive",
}
"""The seven classes of CMU-MOSEI's sentiment."""

Describe = Callable[[str], str | None]
"""From a label to what it sounds like, or `None`."""


def one_line(text: str) -> str:
    """The text on one line, single-spaced."""
    return " ".join(text.split())


def sounds(clip: Clip, features: Features | None = None) -> tuple[str, ...]:
    """The sounds heard, each once: by first onset where their times are known, else in the dataset's order.

    Where nobody annotated the clip, what the optional tagger heard.
    """
    timed = [event.label for event in sorted(clip.events or (), key=lambda event: event.onset_s)]
    tagged = features.sounds if features and clip.labels is None and not timed else None
    return tuple(dict.fromkeys([*timed, *(clip.labels or tagged or ())]))


def times(events: Sequence[Event]) -> str:
    """Intervals in seconds with one decimal: `[0.1s-0.8s, 5.6s-5.9s]`."""
    ordered = sorted({(tenths(event.onset_s), tenths(event.offset_s)) for event in events})
    return f"[{', '.join(interval(*bounds) for bounds in ordered)}]"


def tenths(seconds: float) -> int:
    """A time in tenths of a second, halves rounded up, as it is written."""
    return int(seconds * 10 + 0.5)


def interval(onset: int, offset: int) -> str:
    """An interval given in tenths of a second: `0.1s-0.8s`."""
    return f"{onset / 10:.1f}s-{offset / 10:.1f}s"


def audio(clip: Clip, features: Features | None, describe: Describe) -> str:
    """`Sound Events: Sound of <label> (<description>): [0.1s-0.8s, 5.6s-5.9s]; ...; Description: <caption>`."""
    parts = []
    for label in sounds(clip, features):
        description = describe(label)
        part = f"Sound of {one_line(label)}"
        if description:
            part += f" ({one_line(description)})"
        events = [event for event in clip.events or () if event.label == label]
        parts.append(f"{part}: {times(events)}" if events else part)
    if parts:
        parts[0] = f"Sound Events: {parts[0]}"
    captions = [one_line(caption) for caption in clip.captions or ()]
    if captions:
        parts.append(f"Description: {' '.join(captions)}")
    return "; ".join(parts)


def speech(clip: Clip, features: Features | None, transcript: str) -> str:
    """`Speech content: "..."; Speaker gender: ...; <F0 sentence>; Speech volume: ...; Speech speed: ...`, and so on."""
    parts = []
    content = speech_content(clip, transcript)
    if content:
        parts.append(f'Speech content: "{content}"')
    if clip.gender:
        parts.append(f"Speaker gender: {one_line(clip.gender)}")
    if features:
        parts += _measured(clip, features)
    if clip.emotion:
        parts.append(f"Speech emotion: {one_line(clip.emotion)}")
    if clip.age is not None:
        parts.append(f"Estimated speaker age: {clip.age}")
    sentence = "; ".join(parts)
    if clip.sentiment is not None:
        rating = (
            "On a scale ranging from highly negative (-3) to highly positive (3), the emotional rating of this speech "
            f"is {clip.sentiment}, which is {SENTIMENTS[clip.sentiment]}"
        )
        sentence = f"{sentence}. {rating}" if sentence else rating
    return sentence


def _measured(clip: Clip, features: Features) -> list[str]:
    parts = []
    if features.f0_hz is not None:
        pitch = f"Speaker's fundamental frequency (F0) is about {features.f0_hz:.0f}Hz"
        if features.pitch_level:
            pitch += f", so the pitch is {features.pitch_level} among all people"
            if features.pitch_rank and clip.gender:
                pitch += f", and is {features.pitch_rank} for a {one_line(clip.gender)} speaker"
        parts.append(pitch)
    if features.volume_level:
        parts.append(f"Speech volume: {features.volume_level}")
    if features.speed_level:
        parts.append(f"Speech speed: {features.speed_level}")
    return parts


def music(clip: Clip, transcript: str) -> str:
    """`Music genre: ...; Music Lyrics: "..."; Suggest Music Title: "..."`."""
    parts = []
    if clip.genres:
        parts.append(f"Music genre: {', '.join(one_line(genre) for genre in clip.genres)}")
    lyrics = speech_content(clip, transcript)
    if lyrics:
        parts.append(f'Music Lyrics: "{lyrics}"')
    if clip.title:
        parts.append(f'Suggest Music Title: "{one_line(clip.title)}"')
    return "; ".join(parts)


def joint(clip: Clip, features: Features | None, transcript: str) -> str:
    """`In the recording, background sound of <tags>, and speech of "..." is heard.`; `singing of` with a tag Singing.

    Empty where either the sounds or the words are missing: then there is nothing to join.
    """
    tags = sounds(clip, features)
    content = speech_content(clip, transcript)
    if not tags or not content:
        return ""
    voice = "singing" if "Singing" in tags else "speech"
    return (
        f"In the recording, background sound of {', '.join(one_line(tag) for tag in tags)}, "
        f'and {voice} of "{content}" is heard.'
    )


def speech_content(clip: Clip, transcript: str) -> str:
    """The words spoken or sung: by the dataset, else the (cleaned) words of the recogniser."""
    return one_line(clip.text or transcript)
