"""Settings of the extraction, the `extract:` section of the configuration.

Everything that changes a measured value is here and enters `aig.extractors.version`; what only changes the speed
(device, batch size) does not.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aig.core.settings import NameOrPath, RelativePath, Strict

__all__ = [
    "AudioSettings",
    "ExtractSettings",
    "PitchSettings",
    "TaggerEventSettings",
    "TaggerSettings",
    "WhisperSettings",
]


class AudioSettings(Strict):
    """Which audio is taken.

    Attributes:
        max_clip_s: longest clip that is decoded, in seconds; longer ones are quarantined.
        silence_dbfs: a clip whose loudest frame lies below this (dBFS) is flagged as silent.
    """

    max_clip_s: float = Field(default=600.0, gt=0)
    silence_dbfs: float = Field(default=-70.0, lt=0)


class PitchSettings(Strict):
    """Range of the fundamental frequency and how much voice it takes to report one.

    Attributes:
        floor_hz: lowest fundamental frequency that is looked for, in Hz.
        ceiling_hz: highest fundamental frequency that is looked for, in Hz.
        min_voiced_s: with less voice than this, in seconds, there is no pitch.
        min_voiced_share: with a smaller voiced share of the active speech than this, there is no pitch.
    """

    floor_hz: float = Field(default=60.0, ge=30)
    ceiling_hz: float = Field(default=650.0, le=2000)
    min_voiced_s: float = Field(default=0.2, gt=0)
    min_voiced_share: float = Field(default=0.1, ge=0, le=1)


class WhisperSettings(Strict):
    """The recogniser.

    Attributes:
        backend: which implementation of Whisper.
        model: a name such as tiny.en, a checkpoint (.pt), or a CTranslate2 folder such as Hugging Face holds.
        device: `auto`, `cpu`, `cuda` or `cuda:N`; `auto` takes a GPU where there is one.
        language: ISO 639-1 code; `None`: the recogniser detects it.
        half: half precision; `None`: on a GPU only.
        int8: weights of 8 bits on a CPU; openai-whisper stays in 32 bits on one without VNNI.
        context: `clip`: the encoder hears a clip and some silence, and the whole 30 s only where the text that comes
            of it is not to be trusted; `whole`: always 30 s.
        batch: windows decoded together; `None`: as many as a GPU has memory for, one on a CPU. Floats of a batch are
            rounded otherwise than those of a window alone, which now and then is another word.
        word_times: times of every word; speed needs them.
        temperatures: tried in turn while a window's text repeats itself or is unsure.
        download: whether weights that are not on this machine may be downloaded.
    """

    backend: Literal["openai-whisper", "faster-whisper"] = "openai-whisper"
    model: NameOrPath = Field(default="large-v1", min_length=1)
    device: str = "auto"
    language: str | None = None
    half: bool | None = None
    int8: bool = True
    context: Literal["clip", "whole"] = "clip"
    batch: int | None = Field(default=None, ge=1)
    word_times: bool = True
    temperatures: tuple[float, ...] = Field(default=(0.0, 0.4, 0.8), min_length=1)
    download: bool = True


class TaggerEventSettings(Strict):
    """How a tagger's scores become events.

    Attributes:
        threshold: score, 0 to 1, that a sound has to reach once.
        thresholds: by class name, instead of it.
        release: share of the threshold below which a sound has ended.
        smooth_frames: frames whose scores are averaged, half of them on either side.
        min_s: shorter events are left out.
    """

    threshold: float = Field(default=0.4, gt=0, lt=1)
    thresholds: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    release: float = Field(default=0.5, gt=0, le=1)
    smooth_frames: int = Field(default=3, ge=1, le=25)
    min_s: float = Field(default=0.2, ge=0)


class TaggerSettings(Strict):
    """An optional tagger for own data without annotated labels.

    Attributes:
        model: path of a YAMNet model file (.tflite).
        threshold: lowest score of a label.
        most: most labels per clip.
        events: how events are made of its scores; `None`: labels alone.
    """

    model: RelativePath = Field(min_length=1)
    threshold: float = Field(default=0.3, gt=0, lt=1)
    most: int = Field(default=5, ge=1)
    events: TaggerEventSettings | None = TaggerEventSettings()


class ExtractSettings(Strict):
    """The `extract:` section of the configuration.

    Attributes:
        whisper: the recogniser; `None`: no transcripts.
        levels: `default`, or a file written by `aig levels`.
        pitch: range of the fundamental frequency.
        audio: which audio is taken.
        tagger: names sounds where nobody annotated them; `None`: no tagger.
        extractors: what else is measured of the voice and the recording: `all`, names of
            `aig.extractors.registry.EXTRACTORS`, and one's own as `module:object`.
        scales: scales of one's own, each as `module:object`.
        max_pause_s: longer pauses, in seconds, do not belong to the spoken span that speed is measured on.
    """

    whisper: WhisperSettings | None = WhisperSettings()
    levels: Literal["default"] | RelativePath = "default"
    pitch: PitchSettings = PitchSettings()
    audio: AudioSettings = AudioSettings()
    tagger: TaggerSettings | None = None
    extractors: tuple[str, ...] = ("all",)
    scales: tuple[str, ...] = ()
    max_pause_s: float = Field(default=2.0, gt=0)
