"""Archives of strangers."""

import io
import tarfile

import pytest

from aig.core.errors import DataError
from aig.datasets_registry.download.unpack import unpack
from helpers.file_server import BODY, FILES, archive_of, leftovers


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_unpacked(tmp_path, kind):
    (tmp_path / f"a.{kind}").write_bytes(archive_of(FILES, kind))
    assert unpack(tmp_path / f"a.{kind}", tmp_path / "out") == 3
    assert {
        file.relative_to(tmp_path / "out").as_posix(): file.read_bytes()
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    } == FILES


def test_a_split_zip_is_unpacked(tmp_path):
    whole = b"PK\x07\x08" + archive_of(FILES)
    third = len(whole) // 3
    pieces = {"a.z01": whole[:third], "a.z02": whole[third : 2 * third], "a.zip": whole[2 * third :]}
    for name, content in pieces.items():
        (tmp_path / name).write_bytes(content)
    volumes = (tmp_path / "a.z01", tmp_path / "a.z02")
    assert unpack(tmp_path / "a.zip", tmp_path / "out", volumes) == 3
    assert (tmp_path / "out" / "LibriTTS" / "train" / "a b.wav").read_bytes() == BODY
    (tmp_path / "a.z02").write_bytes(b"x" * third)
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "a.zip", tmp_path / "out2", volumes)


def test_a_7z_archive_is_unpacked(tmp_path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(content, name)
    assert unpack(tmp_path / "a.7z", tmp_path / "out") == 3
    assert (tmp_path / "out" / "LibriTTS" / "train" / "a b.wav").read_bytes() == BODY
    assert leftovers(tmp_path / "out") == []
    (tmp_path / "b.7z").write_bytes(b"not 7z at all")
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "b.7z", tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_path_leaves_the_target(tmp_path, kind, name):
    (tmp_path / "a").write_bytes(archive_of({"good.txt": b"x", name: b"evil"}, kind))
    with pytest.raises(DataError, match="leads out of the root"):
        unpack(tmp_path / "a", tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_no_link_is_made_or_followed(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("door")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    (tmp_path / "a.tar").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="holds the link or device 'door'"):
        unpack(tmp_path / "a.tar", tmp_path / "out")
    (tmp_path / "out" / "door").symlink_to(tmp_path)
    (tmp_path / "b.zip").write_bytes(archive_of({"door/evil.txt": b"x"}))
    with pytest.raises(DataError, match="by a link"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    assert not (tmp_path / "evil.txt").exists()


def test_a_bomb_does_not_go_off(tmp_path, monkeypatch):
    monkeypatch.setattr("aig.datasets_registry.download.unpack.ALWAYS_ALLOWED", 1 << 20)
    (tmp_path / "bomb.zip").write_bytes(archive_of({"zeros": bytes(30 << 20)}))
    with pytest.raises(DataError, match="grows to more than 100 times"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out")
    assert not any(path.stat().st_size > 4 << 20 for path in (tmp_path / "out").rglob("*"))
