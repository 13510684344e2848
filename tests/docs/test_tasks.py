"""The page on tasks lists the tasks there are."""

from helpers.task_table import PAGE, with_table


def test_the_table_is_that_of_the_registry():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "PYTHONPATH=tests python -m helpers.task_table"
