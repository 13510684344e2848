from __future__ import annotations

from pathlib import Path

import pytest

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object


def test_an_object_is_found_by_module_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own_things.py").write_text("ANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert is_reference("own_things:ANSWER")
    assert not is_reference("cla_label")
    assert load_object("own_things:ANSWER", int) == 42


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("no_such_module:X", "No module named 'no_such_module'"),
        ("broken_things:X", "fails with ZeroDivisionError"),
        ("good_things:MISSING", "has no object 'MISSING'"),
        ("good_things:TEXT", "is a str, not a int"),
        ("good_things:", "has no object ''"),
    ],
)
def test_what_cannot_be_loaded_is_a_usage_error_that_says_why(
    reference: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "broken_things.py").write_text("1 / 0\n")
    (tmp_path / "good_things.py").write_text("TEXT = 'x'\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=told) as caught:
        load_object(reference, int)
    assert caught.value.advice
