"""Settings of a selection: which clips stay. Each key is a rule; a rule that is not named does not apply."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SelectSettings"]


class SelectSettings(BaseModel):
    """One selection, the value of one name below `select:` in the configuration (a mapping of names to selections).

    A selection called as a dataset (`audioset`) decides about all that is made of its clips. One called
    `<dataset>_<kind>` (`audioset_joint`) decides only who gets open-ended questions of that kind, beside whatever
    else is made. `target` says which.

    The rules apply in this order; a clip is dropped by the first that it fails.

    Attributes:
        draw: at most this number of clips, drawn from all with balanced labels before any other rule looks at them.
        weights: `label-balanced` (1000 / (count + 0.01), summed over a clip's labels) or `uniform`, for both draws.
        min_duration_s: shortest clip, in seconds.
        max_duration_s: longest clip, in seconds.
        events_within_clip: whether a clip goes whose annotated sounds last more than 0.5 s beyond its end: such times
            belong to another recording or were given in another unit.
        not_silent: whether a clip that lies below the silence floor goes.
        max_no_speech_prob: the recogniser's probability of no speech must lie below this. It is the mean over the
            transcript's segments, weighted by their length. A hallucinated transcript is not speech.
        min_words: fewest recognised words.
        languages: ISO 639-1 codes of the languages that stay.
        labels: at least one of these must be heard: annotated, by a tagger where nothing is, or a parent of what is.
        without_labels: none of these may be heard.
        keep: at most this number of those that passed every rule, drawn with balanced labels.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    draw: int | None = Field(default=None, gt=0)
    weights: Literal["label-balanced", "uniform"] = "label-balanced"
    min_duration_s: float | None = Field(default=None, ge=0)
    max_duration_s: float | None = Field(default=None, gt=0)
    events_within_clip: bool = True
    not_silent: bool = False
    max_no_speech_prob: float | None = Field(default=None, gt=0, le=1)
    min_words: int | None = Field(default=None, ge=1)
    languages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()
    keep: int | None = Field(default=None, gt=0)


KINDS = ("audio", "speech", "speech_emotion", "speech_age", "music", "joint")


def target(name: str, datasets: tuple[str, ...]) -> tuple[str, str | None] | None:
    """Which dataset a selection's name is about, and which kind of open-ended questions; `None`: no such dataset.

    `audioset` is about all that is made of AudioSet; `audioset_joint` about its joint open-ended questions.
    """
    if name in datasets:
        return name, None
    for kind in sorted(KINDS, key=len, reverse=True):
        dataset = name.removesuffix(f"_{kind}")
        if dataset != name and dataset in datasets:
            return dataset, kind
    return None
