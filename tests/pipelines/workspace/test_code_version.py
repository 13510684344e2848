"""A comment, a docstring or another layout is not another version; another rule is."""

import sys
from importlib import resources
from pathlib import Path

import pytest

from aig.pipelines.stages.generate.plan import CLOSED_CODE
from aig.pipelines.workspace.code_version import code_version

BEFORE = '''"""A rule."""

BOUND = 3
"""Clips."""


def rule(x):
    """True above the bound."""
    return x > BOUND
'''


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def of(source: str, data: str = "a") -> str:
        folder = tmp_path / "made_package"
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("")
        (folder / "rule.py").write_text(source)
        (folder / "data/words.txt").write_text(data)
        sys.modules.pop("made_package", None)
        code_version.cache_clear()
        versions = (code_version("made_package"), code_version("made_package.rule"))
        assert len(set(versions)) == 2
        return ".".join((*versions, code_version("made_package/data")))

    return of


@pytest.mark.parametrize(
    "after",
    [
        BEFORE + "# a closing word\n",
        BEFORE.replace("A rule.", "Another sentence."),
        BEFORE.replace('"""Clips."""\n', ""),
        BEFORE.replace("    return x > BOUND", "    return (\n        x > BOUND  # strictly\n    )"),
    ],
)
def test_what_only_people_read_is_no_other_version(version, after):
    assert version(BEFORE) == version(after)


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("3", "4"),
        BEFORE.replace(">", ">="),
        BEFORE.replace("3", "None"),
        BEFORE.replace("3", "'3'"),
        BEFORE.replace("return x", "return not x"),
    ],
)
def test_another_rule_is_another_version(version, after):
    assert version(BEFORE).split(".")[:2] != version(after).split(".")[:2]


def test_data_counts_by_its_bytes_and_only_where_it_is_named(version):
    before, after = version(BEFORE, "a").split("."), version(BEFORE, "b").split(".")
    assert before[:2] == after[:2]
    assert before[2] != after[2]


def test_every_list_of_names_counts_for_the_rows_by_rule():
    """Where one changed, rows that were made with it before are out of date."""
    data = resources.files("aig.prompts") / "data"
    names = {f"aig.prompts/data/{item.name}" for item in data.iterdir() if item.name.endswith(".yaml")}
    assert len(names) >= 5
    assert names <= set(CLOSED_CODE)
