"""Settings of the questions: `questions:` below `generate:` in the YAML."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["QuestionSettings"]

Share = Annotated[float, Field(ge=0, le=1)]


class QuestionSettings(BaseModel):
    """What is asked about a clip.

    Attributes:
        prefix_share: share of the audio tasks' closed-ended questions that begin with `Closed-ended question: `.
        style_share: share of caption questions that end in the dataset's caption style, `, in Clotho style`.
        instruction_share: share of closed-ended questions that say how to answer after what is asked.
        gender_emotion_share: where a dataset has both gender_cla and gender_emotion_cla, share of its clips that are
            asked the latter instead of the former; IEMOCAP's 845 of 4,290.
        copies: by dataset, how often each caption question is drawn anew, instead of the dataset's own number.
        recognised_asr: whether a clip without an annotated text is asked for the recogniser's words instead.
        audio_input: whether rows about sounds carry the transcript as `input` (LTU-AS) or leave it empty (LTU).
        prompts: by kind, the open-ended prompt instead of the default one: `{joint: joint@2}`.
        prompt_folder: folder with prompts of your own.
        description_file: JSON Lines file with acoustic descriptions of sounds of your own (`aig prompts describe`).
        pairs: open-ended pairs asked for at once, instead of the dataset's own number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix_share: Share = 0.5
    style_share: Share = 0.5
    instruction_share: Share = 0.75
    gender_emotion_share: Share = 0.197
    copies: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    recognised_asr: bool = False
    audio_input: bool = True
    prompts: dict[str, str] = Field(default_factory=dict)
    prompt_folder: str | None = None
    description_file: str | None = None
    pairs: Annotated[int, Field(ge=1, le=100)] | None = None
