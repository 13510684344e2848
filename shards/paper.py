"""What the papers report of OpenAQA and Open-ASQA, to be read beside one's own counts (arXiv 2305.10790, 2309.14405).

The closed-ended counts of VoxCeleb2 and CMU-MOSEI are printed the other way round on the authors' poster; the
classification rows of VoxCeleb2 alone number 536,040, so they stand here as they must be meant.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DATASETS", "DISTINCT_ANSWERS", "DISTINCT_QUESTIONS", "TASKS", "PaperRow"]


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One dataset's line of the papers' table: clips, and rows of closed-ended and open-ended questions."""

    clips: int
    closed: int
    open: int


DATASETS: dict[str, PaperRow] = {
    "audioset_strong": PaperRow(102_000, 683_000, 901_000),
    "audioset": PaperRow(500_000, 538_000, 184_000 + 747_000),
    "vggsound": PaperRow(184_000, 367_000, 907_000),
    "fsd50k": PaperRow(41_000, 82_000, 403_000),
    "audiocaps": PaperRow(46_000, 97_000, 478_000),
    "freesound": PaperRow(91_000, 91_000, 791_000),
    "clotho": PaperRow(5_000, 48_000, 89_000),
    "soundbible": PaperRow(1_200, 12_000, 10_000),
    "iemocap": PaperRow(4_300, 26_000, 83_000),
    "libritts": PaperRow(22_000, 167_000, 418_000),
    "voxceleb2": PaperRow(107_000, 554_000, 926_000),
    "mosei": PaperRow(18_000, 194_000, 355_000),
    "fma": PaperRow(93_000, 93_000, 396_000),
}
"""By registry name, rounded as printed; AudioSet's open rows include the 747,000 joint ones."""

TASKS: dict[str, int] = {
    "cla_label": 345_175,
    "cla_label_des": 845_314,
    "gender_cla": 150_449,
    "age_cla": 107_208,
    "pitch_cla": 151_294,
    "speed_cla": 151_294,
    "energy_cla": 151_294,
    "emotion_cla": 22_488,
    "emotion_bin": 18_198,
    "emotion_score": 18_198,
    "emotion_detail": 18_198,
    "gender_emotion_cla": 845,
    "genre_cla": 92_526,
    "ASR": 151_294,
    "open-ended question": 3_763_814 + 395_750 + 1_784_049 + 746_947,
}
"""Rows by task where they are known: classification is exact, 2,072,481 in all."""

DISTINCT_QUESTIONS, DISTINCT_ANSWERS = 65.1, 90.6
"""Of the open-ended rows, in per cent."""
