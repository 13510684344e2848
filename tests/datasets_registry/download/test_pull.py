"""Datasets are pulled from a local server that behaves as servers do."""

import dataclasses
import hashlib
import time
from types import SimpleNamespace

import pytest

from aig.core.errors import DataError
from aig.datasets_registry import registry
from aig.datasets_registry.download import pull as pulling
from aig.datasets_registry.downloads import Download
from helpers.file_server import BODY, FILES, archive_of


def served(server, **files):
    """LibriTTS with its downloads at the local server."""
    downloads = []
    for name, content in files.items():
        server.files[f"/{name}"] = content
        checksum = "md5:" + hashlib.md5(content).hexdigest()
        downloads.append(Download(url=f"{server.url}/{name}", to="", checksum=checksum, unpack=True, part=name[:-7]))
    parts = next(iter(files))[:-7]
    dataset = registry.get("libritts")
    return dataclasses.replace(dataset, downloads=tuple(downloads), pull_parts=(parts,))


def test_a_dataset_is_pulled_unpacked_and_marked_complete(server, tmp_path, waits):
    clip = "LibriTTS/train-clean-100/19/198/19_198_000000_000000"
    content = archive_of({f"{clip}.wav": BODY, f"{clip}.normalized.txt": b"Hello."}, "tar")
    dataset = served(server, **{"train-clean-100.tar.gz": content, "dev-clean.tar.gz": b""})
    first = pulling.pull(dataset, tmp_path)
    assert (first.fetched, first.there, first.failed) == (1, 0, ())
    assert (tmp_path / f"{clip}.wav").read_bytes() == BODY
    assert not (tmp_path / "train-clean-100.tar.gz").exists()
    server.ranges.clear()
    again = pulling.pull(dataset, tmp_path)
    assert (again.fetched, again.there) == (0, 1)
    assert server.ranges == []


def test_what_cannot_be_had_does_not_stop_the_rest(server, tmp_path, waits):
    dataset = served(
        server,
        **{"train-clean-100.tar.gz": archive_of({"a": b"x"}, "tar"), "dev-clean.tar.gz": b"no archive at all"},
    )
    pulled = pulling.pull(dataset, tmp_path, ["train-clean-100", "dev-clean"])
    assert (pulled.fetched, len(pulled.failed)) == (1, 1)
    assert "dev-clean.tar.gz is damaged" in pulled.failed[0]
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_full_disk_is_noticed_before_anything_is_fetched(server, tmp_path, monkeypatch):
    dataset = served(server, **{"train-clean-100.tar.gz": BODY})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2 * len(BODY) - 1))
    with pytest.raises(DataError, match=r"about 0\.0 GB are needed"):
        pulling.pull(dataset, tmp_path)
    assert server.ranges == []


def test_a_pull_of_volumes_unpacks_once_all_are_there(server, tmp_path, waits):
    whole = b"PK\x07\x08" + archive_of(FILES)
    server.files |= {"/a.z01": whole[:1000], "/a.zip": whole[1000:]}
    dataset = registry.get("fsd50k")
    downloads = (
        Download(url=f"{server.url}/a.z01", to="a.z01", makes=("LibriTTS",)),
        Download(url=f"{server.url}/a.zip", to="", unpack=True, volumes=("a.z01",), makes=("LibriTTS",)),
    )
    dataset = dataclasses.replace(dataset, downloads=downloads)
    server.misdeeds = [404]
    assert len(pulling.pull(dataset, tmp_path).failed) >= 1
    pulled = pulling.pull(dataset, tmp_path)
    assert pulled.failed == ()
    assert (tmp_path / "LibriTTS" / "SPEAKERS.txt").exists()
    assert not list(tmp_path.glob("a.z*"))
    assert pulling.wanted(dataset, tmp_path) == []


def test_what_was_unpacked_by_hand_is_not_fetched_again(server, tmp_path):
    (tmp_path / "LibriTTS" / "train-clean-100").mkdir(parents=True)
    assert pulling.wanted(registry.get("libritts"), tmp_path) == []
    (tmp_path / "train-clean-100.tar.gz").touch()
    dataset = served(server, **{"train-clean-100.tar.gz": b""})
    dataset = dataclasses.replace(
        dataset, downloads=tuple(dataclasses.replace(d, makes=("LibriTTS/train-clean-100",)) for d in dataset.downloads)
    )
    # The archive lies there: unpacking it may have been interrupted.
    assert [item.file.name for item in pulling.wanted(dataset, tmp_path)] == ["train-clean-100.tar.gz"]


def test_an_interruption_stops_the_other_files_and_keeps_what_came(server, tmp_path, waits):
    dataset = served(server, **{f"train-clean-{n}.tar.gz": BODY for n in (100, 360, 500)})
    server.misdeeds = ["trickles"] * 3
    parts = ["train-clean-100", "train-clean-360", "train-clean-500"]
    seen = []

    def interrupt(size):
        seen.append(size)
        if len(seen) == 20:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pulling.pull(dataset, tmp_path, parts, interrupt)
    assert time.monotonic() - started < 10  # to the end it would trickle for twenty seconds and more
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.partial")) > 0
    assert not list(tmp_path.glob("*.tar.gz"))


def test_voxceleb2_comes_in_parts_with_a_key_and_is_joined_and_unpacked(server, tmp_path, waits, monkeypatch):
    monkeypatch.setenv("VOXCELEB_KEY", "mine")
    clip = "dev/aac/id00012/21Uxsk56VDQ/00001.m4a"
    dev, test = archive_of({clip: BODY}), archive_of({clip.removeprefix("dev/"): BODY})
    size = len(dev) // 8 + 1
    parts = [f"vox2_dev_aac_parta{letter}" for letter in "abcdefgh"]
    contents = {name: dev[number * size : (number + 1) * size] for number, name in enumerate(parts)}
    contents["vox2_test_aac.zip"] = test
    server.files |= {f"/f?file={name}&key=mine": content for name, content in contents.items()}
    ours = registry.get("voxceleb2")
    downloads = []
    for download in ours.downloads:
        if download.key:
            name = download.archive or download.to
            checksum = "md5:" + hashlib.md5(contents[name]).hexdigest()
            url = f"{server.url}/f?file={name}&key={{key}}"
            downloads.append(dataclasses.replace(download, url=url, checksum=checksum))
    dataset = dataclasses.replace(ours, downloads=tuple(downloads))
    assert pulling.pull(dataset, tmp_path).failed == ()
    assert (tmp_path / clip).read_bytes() == BODY
    assert (tmp_path / "test" / clip.removeprefix("dev/")).read_bytes() == BODY
    assert not list(tmp_path.glob("vox2_*"))
    assert pulling.wanted(dataset, tmp_path) == []
