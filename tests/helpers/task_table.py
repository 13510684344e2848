"""The table of tasks in docs/tasks.md, as it follows from the registry.

`PYTHONPATH=tests python -m helpers.task_table` writes it into the page.
"""

from __future__ import annotations

from pathlib import Path

from aig.core.tasks import OPEN_ENDED, TaskSpec
from aig.generators.closed_ended.registry import TASKS

PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"
_HEAD = "| task | folder | about | answers with | needs | skill | example |\n|---|---|---|---|---|---|---|\n"


def table() -> str:
    """One line for each task, those of the papers first."""
    rows = [(task.spec, " and ".join(need.replace("|", " or ") for need in task.needs)) for task in TASKS.values()]
    return _HEAD + "".join(_line(spec, needs) for spec, needs in [*rows, (OPEN_ENDED, "a prompt's fields")])


def _line(spec: TaskSpec, needs: str) -> str:
    example = spec.example.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")
    cells = (f"`{spec.name}`", spec.folder, spec.about, spec.asks, needs, spec.skill, example)
    return f"| {' | '.join(cells)} |\n"


def with_table(page: str) -> str:
    """The page with the present table."""
    before, rest = page.split(_HEAD)
    after = rest.split("\n\n", 1)[1]
    return f"{before}{table()}\n{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
