"""Skills: every task of today has one that the benchmarks' table knows, and the table counts."""

from __future__ import annotations

from aig.core.skills import SKILLS, skill_rows
from aig.generators.closed_ended.registry import GROUPS, TASKS


def test_each_task_of_today_is_filed() -> None:
    missing = {name for name in GROUPS["modern"] if TASKS[name].skill not in SKILLS}
    assert not missing
    assert all(skill.mecat for skill in SKILLS.values())


def test_the_table_adds_up_and_keeps_skills_of_ones_own() -> None:
    heads, lines = skill_rows({"counting": {"basic": 2, "advanced": 3}, "mine": {"": 4}})
    assert heads == ("skill", "MMAU", "MECAT", "rows", "basic", "intermediate", "advanced")
    assert lines == [("counting", "counting of events", "perception", 5, 2, "", 3), ("mine", "", "", 4, "", "", "")]
