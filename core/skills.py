"""What a question asks for, as benchmarks file it: names of skills, and where MMAU and MECAT have them.

MMAU (Sakshi et al. 2024, arXiv 2410.19168) has sub-categories; MECAT (Niu et al. 2025, arXiv 2507.23511) six groups:
perception, sound character, quality, environment, inference, application.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["DIFFICULTIES", "MMAU_DIFFICULTY", "SKILLS", "Skill", "skill_rows"]

DIFFICULTIES = ("basic", "intermediate", "advanced")
"""By rule: how many events there are, and how near the wrong options or the second clip."""

MMAU_DIFFICULTY = {"basic": "easy", "intermediate": "medium", "advanced": "hard"}
"""The same in the words of MMAU's files, of which its evaluation knows no other."""


@dataclass(frozen=True, slots=True)
class Skill:
    """Where two benchmarks file the questions of a skill.

    Attributes:
        mmau: sub-category; empty where MMAU has none.
        mecat: group.
    """

    mmau: str
    mecat: str


SKILLS: Mapping[str, Skill] = {
    "event recognition": Skill("event recognition", "perception"),
    "temporal events": Skill("temporal events", "perception"),
    "counting": Skill("counting of events", "perception"),
    "scene": Skill("scene", "environment"),
    "paralinguistics": Skill("", "sound character"),
    "sound character": Skill("", "sound character"),
    "speaker identification": Skill("speaker's gender and age", "sound character"),
    "emotion": Skill("emotion", "inference"),
    "spoken content": Skill("", "perception"),
    "genre": Skill("genre", "inference"),
    "tonality": Skill("", "perception"),
    "quality": Skill("", "quality"),
}
"""By the name in the column `skill` of lineage; one's own tasks may have others."""


def skill_rows(counts: Mapping[str, Mapping[str, int]]) -> tuple[Sequence[str], list[tuple[str | int, ...]]]:
    """Heads and lines of a table: each skill, where the benchmarks have it, its rows in all and by difficulty.

    Args:
        counts: rows by skill and difficulty, which is empty where a row has none.
    """
    lines: list[tuple[str | int, ...]] = []
    for name, rows in sorted(counts.items()):
        filed = SKILLS.get(name, Skill("", ""))
        levels = (rows.get(level) or "" for level in DIFFICULTIES)
        lines.append((name, filed.mmau, filed.mecat, sum(rows.values()), *levels))
    return ("skill", "MMAU", "MECAT", "rows", *DIFFICULTIES), lines
