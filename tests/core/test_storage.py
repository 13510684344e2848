"""Files appear whole or not at all, whatever their address looks like."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from aig.core.storage import filesystem, is_local, open_file, whole_file, write_bytes


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("out", True),
        ("/data/out", True),
        ("~/out", True),
        ("file:///data/out", True),
        ("/data/a::b/[c]", True),
        ("s3://bucket/out", False),
        ("memory://out", False),
        ("simplecache::s3://bucket/out", False),
    ],
)
def test_local_places_are_told_from_others(url: str, local: bool) -> None:
    assert is_local(url) is local


@pytest.mark.parametrize("folder", ["plain", "with [brackets] and *", "with :: colons", "ünïcödé", "name " + "n" * 240])
def test_names_of_folders_and_files_mean_nothing_to_the_file_system(tmp_path: Path, folder: str) -> None:
    url = str(tmp_path / folder / folder)
    write_bytes(url, b"content")
    with open_file(url) as stream:
        assert stream.read() == b"content"
    assert (tmp_path / folder / folder).read_bytes() == b"content"
    assert filesystem(f"file://{url}/")[1] == url


@pytest.mark.parametrize("url", ["{tmp}/new/file", "memory://whole/file"])
@pytest.mark.parametrize("before", [b"before", None])
def test_a_file_that_fails_half_way_leaves_what_was_there(tmp_path: Path, url: str, before: bytes | None) -> None:
    url = url.format(tmp=tmp_path)
    fs, path = filesystem(url)
    if fs.exists(path):
        fs.rm_file(path)
    if before is not None:
        write_bytes(url, before)
    with pytest.raises(TypeError), whole_file(url) as stream:
        stream.writelines([b"half", None])  # type: ignore[list-item]
    assert (fs.cat_file(path) if fs.exists(path) else None) == before
    assert len(fs.ls(fs._parent(path))) == (before is not None)


def test_an_upload_that_fails_leaves_the_object_before(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "memory://uploads/file"
    write_bytes(url, b"before")

    def broken(*_: object, **__: object) -> None:
        raise OSError("connection reset")

    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "put_file", broken)
    with pytest.raises(OSError, match="connection reset"):
        write_bytes(url, b"after")
    with open_file(url) as stream:
        assert stream.read() == b"before"
