"""Settings of the extraction, the `extract:` section of the configuration.

Everything that changes a measured value is here and enters `aig.extractors.version`; what only changes the speed
(device, batch size) does not.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AudioSettings", "ExtractSettings", "PitchSettings", "TaggerSettings", "WhisperSettings"]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AudioSettings(_Settings):
    """Which audio is taken."""

    max_clip_s: float = Field(
        default=600.0, gt=0, description="Longest clip that is decoded, in seconds; longer ones are quarantined."
    )
    silence_dbfs: float = Field(
        default=-70.0, lt=0, description="A clip whose loudest frame lies below this (dBFS) is flagged as silent."
    )


class PitchSettings(_Settings):
    """Range of the fundamental frequency and how much voice it takes to report one."""

    floor_hz: float = Field(default=60.0, ge=30, description="Lowest fundamental frequency that is looked for, in Hz.")
    ceiling_hz: float = Field(
        default=650.0, le=2000, description="Highest fundamental frequency that is looked for, in Hz."
    )
    min_voiced_s: float = Field(
        default=0.2, gt=0, description="Less voice than this, in seconds, and there is no pitch."
    )
    min_voiced_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="A smaller voiced share of the active speech than this, and there is no pitch.",
    )


class WhisperSettings(_Settings):
    """The recogniser."""

    backend: Literal["openai-whisper", "faster-whisper"] = "openai-whisper"
    model: str = Field(
        default="large-v1",
        min_length=1,
        description="A name such as tiny.en, a checkpoint (.pt), or a CTranslate2 folder such as Hugging Face holds.",
    )
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N; auto takes a GPU where there is one.")
    language: str | None = Field(default=None, description="ISO 639-1 code; left out, the recogniser detects it.")
    half: bool | None = Field(default=None, description="Half precision; left out, on a GPU only.")
    batch: int | None = Field(
        default=None, ge=1, description="30 s windows decoded together; left out, 16 on a GPU and 1 on a CPU."
    )
    word_times: bool = Field(default=True, description="Times of every word; speed needs them.")
    temperatures: tuple[float, ...] = Field(
        default=(0.0, 0.4, 0.8),
        min_length=1,
        description="Tried in turn while a window's text repeats itself or is unsure.",
    )
    download: bool = Field(default=True, description="Whether weights that are not on this machine may be downloaded.")


class TaggerSettings(_Settings):
    """An optional tagger for own data without annotated labels."""

    model: str = Field(min_length=1, description="Path of a YAMNet model file (.tflite).")
    threshold: float = Field(default=0.3, gt=0, lt=1, description="Lowest score of a label.")
    most: int = Field(default=5, ge=1, description="Most labels per clip.")


class ExtractSettings(_Settings):
    """The `extract:` section of the configuration."""

    whisper: WhisperSettings | None = Field(default=WhisperSettings(), description="null: no transcripts.")
    levels: str = Field(default="default", description="`default`, or a file written by `aig levels`.")
    pitch: PitchSettings = PitchSettings()
    audio: AudioSettings = AudioSettings()
    tagger: TaggerSettings | None = None
    max_pause_s: float = Field(
        default=2.0,
        gt=0,
        description="Longer pauses, in seconds, do not belong to the spoken span that speed is measured on.",
    )
