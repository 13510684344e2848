"""Fetching against a local server that behaves as servers do."""

import base64
import dataclasses
import hashlib

import pytest

from aig.core.errors import DataError
from aig.datasets_registry import registry
from aig.datasets_registry.download import http as fetching
from aig.datasets_registry.download import pull as pulling
from aig.datasets_registry.downloads import Download
from helpers.file_server import BODY, MD5, leftovers


def test_a_file_comes_whole_and_is_not_fetched_twice(server, tmp_path, waits):
    came = []
    target = fetching.fetch(f"{server.url}/a.bin", tmp_path / "sub" / "a.bin", MD5, came.append)
    assert target.read_bytes() == BODY
    assert sum(came) == len(BODY)
    fetching.fetch(f"{server.url}/a.bin", target, MD5)
    assert server.ranges == [None]
    assert leftovers(target.parent) == []


def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(server, tmp_path, waits):
    server.misdeeds = ["breaks off", "breaks off"]
    came = []
    target = fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5, came.append)
    assert target.read_bytes() == BODY
    assert server.ranges == [None, f"bytes={len(BODY) // 3}-", server.ranges[2]]
    assert int(server.ranges[2][6:-1]) > len(BODY) // 3
    assert sum(came) == len(BODY)
    assert all(wait < 4 for wait in waits)


def test_a_second_run_goes_on_where_the_first_was_killed(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    with pytest.raises(DataError, match="answers 500"):
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    server.ranges.clear()
    server.misdeeds.clear()
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert server.ranges == [f"bytes={len(BODY) // 3}-"]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_halves_of_two_versions_are_not_put_together(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    with pytest.raises(DataError):
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin")
    server.files["/a.bin"], server.etag = BODY[::-1], '"2"'
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_a_server_without_ranges_starts_again(server, tmp_path, waits):
    server.misdeeds = ["breaks off", "no ranges"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_length_that_is_too_long_is_seen_through(server, tmp_path, waits):
    server.misdeeds = ["claims more"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_wrong_bytes_once_are_fetched_again_and_twice_refused(server, tmp_path, waits):
    server.misdeeds = ["wrong bytes"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    server.misdeeds = ["wrong bytes", "wrong bytes"]
    with pytest.raises(DataError, match="does not have the checksum md5:"):
        fetching.fetch(f"{server.url}/b.bin", tmp_path / "b.bin", MD5)
    assert not (tmp_path / "b.bin").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final_and_says_what_to_do(server, tmp_path, waits, status):
    server.misdeeds = [status]
    with pytest.raises(DataError, match=f"answers {status}") as refused:
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert "manually" in refused.value.advice
    assert waits == []
    assert len(server.ranges) == 1


def test_retry_after_is_obeyed(server, tmp_path, waits):
    server.misdeeds = [503, 503]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert waits == [7.0, 7.0]


def test_the_next_server_is_asked_where_one_does_not_have_it(server, tmp_path, waits):
    server.misdeeds = [404, "breaks off"]
    urls = [f"{server.url}/{name}.bin" for name in ("gone", "there")]
    target = fetching.fetch(urls[0], tmp_path / "a.bin", MD5, mirrors=urls[1:], headers={"Authorization": "Bearer me"})
    assert target.read_bytes() == BODY
    assert server.logins[:2] == [("/gone.bin", "Bearer me"), ("/there.bin", None)]
    server.misdeeds = [404, 404]
    with pytest.raises(DataError, match=r"there\.bin: the server answers 404"):
        fetching.fetch(urls[0], tmp_path / "b.bin", MD5, mirrors=urls[1:])


def test_halves_of_two_servers_are_not_put_together_without_a_checksum(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    server.files["/mirror.bin"] = BODY[::-1]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", mirrors=[f"{server.url}/mirror.bin"])
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_a_checksum_that_the_server_sends_is_checked(server, tmp_path, waits):
    sent = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    server.headers = {"x-goog-hash": f"crc32c=AAAAAA==,md5={sent}", "x-goog-stored-content-encoding": "identity"}
    server.misdeeds = ["wrong bytes"]
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin").read_bytes() == BODY


def test_a_file_of_the_hub_is_checked_by_gits_name_of_it(server, tmp_path, waits):
    name = "blob:" + hashlib.sha1(b"blob %d\0" % len(BODY) + BODY).hexdigest()
    server.misdeeds = ["wrong bytes"]
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", name).read_bytes() == BODY


def test_a_run_that_was_killed_while_it_wrote_its_mark_starts_again(server, tmp_path, waits):
    (tmp_path / ".downloads").mkdir()
    (tmp_path / ".downloads" / "a.bin.partial").write_bytes(b"half of another version")
    (tmp_path / ".downloads" / "a.bin.version").write_text("")
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin").read_bytes() == BODY


def test_an_access_key_comes_from_the_environment_and_is_never_shown(server, tmp_path, waits, monkeypatch, caplog):
    download = Download(url=f"{server.url}/f?file=a&key={{key}}", to="a.bin", key="TEST_ACCESS_KEY")
    dataset = dataclasses.replace(registry.get("voxceleb2"), downloads=(download,))
    assert pulling.wanted(dataset, tmp_path) == []
    monkeypatch.setenv("TEST_ACCESS_KEY", "se/cret")
    server.misdeeds = [500, 403]
    with caplog.at_level("DEBUG"):
        (failed,) = pulling.pull(dataset, tmp_path).failed
    assert server.logins[0][0] == "/f?file=a&key=se%2Fcret"
    assert "key={key}: the server answers 403" in failed
    assert "se/cret" not in caplog.text + failed
    assert "se%2Fcret" not in caplog.text + failed
