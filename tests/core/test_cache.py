"""Where what can be had again is kept, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from aig.core.cache import writable_cache_folder
from aig.core.errors import UsageError


def test_a_folder_is_made_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "mine"))
    assert writable_cache_folder("a", "b") == tmp_path / "mine" / "a" / "b"
    assert writable_cache_folder("a", "b").is_dir()


def test_a_folder_that_cannot_be_made_is_named_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="file cannot be written") as refused:
        writable_cache_folder("numba")
    assert "AIG_CACHE" in str(refused.value.advice)
