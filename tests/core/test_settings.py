"""Settings refuse what they do not know, and paths belong to the file that names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from aig.core.settings import NameOrPath, RelativePath, Strict, paths_from


class Inner(Strict):
    file: RelativePath | None = None


class Outer(Strict):
    folder: RelativePath = "left/as/it/is"
    model: NameOrPath = "tiny.en"
    inner: dict[str, Inner] = {}  # noqa: RUF012


def test_unknown_keys_and_changes_are_refused() -> None:
    with pytest.raises(ValidationError):
        Outer.model_validate({"folder": "a", "folders": "b"})
    with pytest.raises(ValidationError):
        Inner(file="a").file = "b"


def test_paths_are_relative_to_their_file_wherever_they_are_declared(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").touch()
    content = {"folder": "../out", "model": "weights.pt", "inner": {"x": {"file": "y/z.txt"}, "none": {}}}
    read = Outer.model_validate(content, context=paths_from(tmp_path / "."))
    assert read.folder == str(tmp_path.parent / "out")
    assert read.model == str(tmp_path / "weights.pt")
    assert read.inner["x"].file == str(tmp_path / "y" / "z.txt")
    assert read.inner["none"].file is None
    assert Outer.model_validate({"model": "base"}, context=paths_from(tmp_path)).model == "base"
    assert Outer.model_validate(content).folder == "../out"


@pytest.mark.parametrize("path", ["s3://bucket/x", "memory://x", "/absolute"])
def test_urls_and_absolute_paths_stay(tmp_path: Path, path: str) -> None:
    assert Inner.model_validate({"file": path}, context=paths_from(tmp_path)).file == path


def test_a_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Inner.model_validate({"file": "~/x"}, context=paths_from(Path("/etc"))).file == str(tmp_path / "x")
