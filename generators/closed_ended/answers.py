"""Answers by rule: for each closed-ended task, what is asked about and what the answer is, to the character.

Every function yields `Answer`s for one clip: none where the clip lacks what the task is about, several where there
is more than one thing to ask (a clip with five captions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from aig.core.records import Clip, Features
from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.absent import absent_labels
from aig.generators.settings import QuestionSettings
from aig.prompts.descriptions import descriptions
from aig.prompts.metadata import SENTIMENTS, one_line
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["ANSWERS", "AUDIO_TASKS", "CAPTION_TASKS", "Answer", "Facts"]

AUDIO_TASKS = frozenset(
    (
        "cla_label",
        "cla_label_des",
        "caption",
        "label_caption",
        "temporal",
        "temporal_single",
        "temporal_single_not_exist",
        "temporal_order",
        "temporal_order_not_exist",
    )
)
"""Tasks about sounds, OpenAQA's closed-ended ones."""

CAPTION_TASKS = frozenset(("caption", "label_caption"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a clip is asked about.

    Attributes:
        clip: what is annotated.
        features: what was measured; `None` where nothing was.
        transcript: the recogniser's words, cleaned.
        sounds: the sounds heard.
        vocabulary: labels that the clip's dataset uses.
        seed: of the configuration.
        settings: of the questions.
    """

    clip: Clip
    features: Features | None
    transcript: str
    sounds: tuple[str, ...]
    vocabulary: tuple[str, ...]
    seed: int
    settings: QuestionSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the values of its question's slots."""

    output: str
    slots: dict[str, str] = field(default_factory=dict)


def _labels(facts: Facts) -> tuple[str, ...]:
    return tuple(one_line(label) for label in facts.sounds)


def _cla_label(facts: Facts) -> Iterator[Answer]:
    if labels := _labels(facts):
        yield Answer(f"Labels: {'; '.join(labels)}")


def _cla_label_des(facts: Facts) -> Iterator[Answer]:
    labels = _labels(facts)
    described = []
    for label in labels:
        if not (known := descriptions(label, facts.settings.description_file)):
            return
        text = pick(rng_for(facts.seed, facts.clip.audio_id, "cla_label_des", label), known)
        described.append(f"{text[0].upper()}{text[1:]} -> {label}")
    if described:
        yield Answer(f"Labels with acoustic features: {'; '.join(described)}")


def _caption(facts: Facts) -> Iterator[Answer]:
    for caption in facts.clip.captions or ():
        yield Answer(f"Audio caption: {_sentence(caption)}")


def _label_caption(facts: Facts) -> Iterator[Answer]:
    if labels := _labels(facts):
        for caption in facts.clip.captions or ():
            yield Answer(f"Labels: {'; '.join(labels)}. Audio caption: {_sentence(caption)}")


def _sentence(caption: str) -> str:
    """A caption on one line, with a capital at its start and a stop at its end."""
    text = one_line(caption)
    text = text[0].upper() + text[1:]
    return text if text.rstrip("\"')”’").endswith((".", "!", "?", "…")) else f"{text}."


def _temporal(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    if heard:
        stamps = (temporal.stamps(one_line(label), events) for label, events in heard.items())
        yield Answer(f"Label with timestamps: {'; '.join(stamps)}")


def _temporal_single(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    if heard:
        label = pick(rng_for(facts.seed, facts.clip.audio_id, "temporal_single"), list(heard))
        yield Answer(temporal.stamps(one_line(label), heard[label]), {"label": _spoken(label)})


def _temporal_order(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    if len(heard) < 2:
        return
    rng = rng_for(facts.seed, facts.clip.audio_id, "temporal_order")
    one = pick(rng, list(heard))
    other = pick(rng, [label for label in heard if label != one])
    first, second = (label for label in heard if label in (one, other))
    output = temporal.order(one_line(first), heard[first], one_line(second), heard[second])
    yield Answer(output, {"first": _spoken(one), "second": _spoken(other)})


def _not_exist(count: int, facts: Facts) -> Iterator[Answer]:
    """A question about `count` sounds that the clip lacks, for clips whose sounds have times."""
    heard = temporal.by_label(facts.clip.events or ())
    if not heard:
        return
    present = tuple(dict.fromkeys((*heard, *(facts.clip.labels or ()))))
    absent = absent_labels(present, facts.vocabulary, count, facts.seed, facts.clip.audio_id, "not_exist", count)
    if len(absent) < count:
        return
    included = f"Sounds in this clip include: {'; '.join(one_line(label) for label in present)}."
    if count == 1:
        asked = _spoken(absent[0])
        yield Answer(f"This audio clip does not contain sound of {asked}. {included}", {"label": asked})
    else:
        first, second = (one_line(label) for label in absent)
        slots = {"first": _spoken(first), "second": _spoken(second)}
        yield Answer(f"This audio clip does not contain sounds of {first} and {second}. {included}", slots)


def _spoken(label: str) -> str:
    """A label within a sentence: `Engine` as `engine`, but `DTMF` and `Hi-hat` keep what makes them names."""
    text = one_line(label)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _level(name: str, feature: str, facts: Facts) -> Iterator[Answer]:
    """A level of the voice; a clip in which nobody speaks has none, whatever was measured on its sounds."""
    level = getattr(facts.features, feature, None)
    if level and _somebody_speaks(facts):
        yield Answer(f"The {name} is {level}.")


def _somebody_speaks(facts: Facts) -> bool:
    clip = facts.clip
    annotated = (clip.text, clip.speaker_id, clip.gender, clip.age, clip.emotion, clip.sentiment)
    return bool(facts.transcript) or any(value is not None for value in annotated)


def _gender(facts: Facts) -> Iterator[Answer]:
    if facts.clip.gender:
        yield Answer(f"The gender of the speaker is {one_line(facts.clip.gender)}.")


def _gender_emotion(facts: Facts) -> Iterator[Answer]:
    clip = facts.clip
    if clip.gender and clip.emotion:
        yield Answer(
            f"The gender of the speaker is {one_line(clip.gender)}, and the emotion is {one_line(clip.emotion)}."
        )


def _age(facts: Facts) -> Iterator[Answer]:
    if facts.clip.age is not None:
        yield Answer(f"The estimated age of the speaker is {facts.clip.age}.")


def _emotion(facts: Facts) -> Iterator[Answer]:
    if facts.clip.emotion:
        yield Answer(f"Speaker emotion: {one_line(facts.clip.emotion).capitalize()}.")


def _polarity(facts: Facts) -> Iterator[Answer]:
    if (score := facts.clip.sentiment) is not None:
        yield Answer(f"Sentiment: {'Positive' if score > 0 else 'Negative' if score < 0 else 'Neutral'}.")


def _score(facts: Facts) -> Iterator[Answer]:
    if (score := facts.clip.sentiment) is not None:
        yield Answer(f"Sentiment score: {score} ({SENTIMENTS[score]}).")


def _detail(facts: Facts) -> Iterator[Answer]:
    clip = facts.clip
    if clip.emotion and clip.sentiment is not None:
        emotion = one_line(clip.emotion).capitalize()
        words = SENTIMENTS[clip.sentiment]
        yield Answer(f"Speaker emotion: {emotion}, with a sentiment score of {clip.sentiment} ({words}).")


def _genres(facts: Facts) -> Iterator[Answer]:
    if facts.clip.genres:
        yield Answer(f"Music genre: {', '.join(one_line(genre) for genre in facts.clip.genres)}.")


def _asr(facts: Facts) -> Iterator[Answer]:
    text = facts.clip.text or (facts.transcript if facts.settings.recognised_asr else "")
    if one_line(text):
        yield Answer(f"Spoken text: {one_line(text)}")


ANSWERS: dict[str, Callable[[Facts], Iterator[Answer]]] = {
    "cla_label": _cla_label,
    "cla_label_des": _cla_label_des,
    "caption": _caption,
    "label_caption": _label_caption,
    "temporal": _temporal,
    "temporal_single": _temporal_single,
    "temporal_single_not_exist": partial(_not_exist, 1),
    "temporal_order": _temporal_order,
    "temporal_order_not_exist": partial(_not_exist, 2),
    "pitch_cla": partial(_level, "pitch", "pitch_level"),
    "speed_cla": partial(_level, "speed", "speed_level"),
    "energy_cla": partial(_level, "energy", "volume_level"),
    "gender_cla": _gender,
    "gender_emotion_cla": _gender_emotion,
    "age_cla": _age,
    "emotion_cla": _emotion,
    "emotion_bin": _polarity,
    "emotion_score": _score,
    "emotion_detail": _detail,
    "genre_cla": _genres,
    "ASR": _asr,
}
"""What answers each task."""
