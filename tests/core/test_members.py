"""Audio inside tables and tars: the right bytes for a path, and nothing once the file is another one."""

import io
import os
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core import members
from aig.core.members import MemberError, real_file, split, stamp_of

CLIPS = [f"RIFF {number}".encode() * (number + 1) for number in range(40)]


def table(clips=CLIPS):
    audio = pa.array([{"bytes": clip, "path": f"{i}.wav"} for i, clip in enumerate(clips)])
    return pa.table({"audio": audio, "title": [str(i) for i in range(len(clips))]})


@pytest.fixture(params=["parquet", "stream.arrow", "file.arrow", "tar"])
def container(tmp_path, request):
    """A file that holds `CLIPS`, and the name of each member."""
    file = tmp_path / f"clips [1].{request.param}"
    if request.param == "parquet":
        pq.write_table(table(), file, row_group_size=7, compression="none")
    elif request.param.endswith("arrow"):
        new = pa.ipc.new_stream if request.param.startswith("stream") else pa.ipc.new_file
        with new(str(file), table().schema) as writer:
            writer.write_table(table(), max_chunksize=7)
    else:
        write_tar(file, {f"a/{number}.wav": clip for number, clip in enumerate(CLIPS)})
        return file, [f"a/{number}.wav" for number in range(40)]
    return file, [str(number) for number in range(40)]


def write_tar(file, contents):
    with tarfile.open(file, "w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def read(file, member, stamp=None):
    with real_file(Path(f"{file}#{member}"), stamp) as real:
        return real.read_bytes()


def test_each_member_is_served_in_any_order_and_its_copy_goes(container):
    file, names = container
    order = [*range(40), 3, 39, 0, 20, 19, 21]
    assert [read(file, names[number]) for number in order] == [CLIPS[number] for number in order]
    with real_file(Path(f"{file}#{names[5]}")) as real:
        assert real.suffix == ".wav"
    assert not real.exists()


def test_a_file_that_was_exchanged_serves_nothing_under_its_old_stamp(container, tmp_path):
    file, names = container
    stamp, times = stamp_of(file), file.stat()
    assert read(file, names[1], stamp) == CLIPS[1]
    content = file.read_bytes()
    exchanged = content.replace(CLIPS[1], CLIPS[1][::-1])
    assert len(exchanged) == len(content)
    other = tmp_path / "other"
    other.write_bytes(exchanged)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(file)
    with pytest.raises(MemberError, match="was changed since it was indexed"):
        read(file, names[1], stamp)
    assert read(file, names[1]) == CLIPS[1][::-1]


@pytest.mark.parametrize("member", ["40", "-1", "x", "١", "a/b.wav", "1.5"])
def test_what_is_not_there_is_said(container, member):
    with pytest.raises(MemberError) as error:
        read(container[0], member)
    assert error.value.code == "missing_audio"


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.tar"])
@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", bytes(2000)])
def test_a_damaged_file_is_an_error_with_advice(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MemberError) as error:
        read(tmp_path / name, "0")
    assert error.value.advice


def test_a_cut_tar_serves_what_is_whole(tmp_path):
    file = tmp_path / "a.tar"
    write_tar(file, {"a.wav": b"RIFF" * 500, "b.wav": b"RIFF" * 500})
    file.write_bytes(file.read_bytes()[:2800])
    with pytest.raises(MemberError):
        read(file, "b.wav")


def test_of_two_members_of_one_name_the_first_is_served(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for content in (b"first", b"second"):
            member = tarfile.TarInfo("a.wav")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert read(tmp_path / "a.tar", "a.wav") == b"first"


def test_a_row_without_audio_is_empty(tmp_path):
    audio = pa.array(
        [{"bytes": None, "path": "x.wav"}, None], pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    )
    pq.write_table(pa.table({"audio": audio}), tmp_path / "a.parquet")
    for row in ("0", "1"):
        with pytest.raises(MemberError, match="has no bytes"):
            read(tmp_path / "a.parquet", row)


def test_a_member_with_a_very_long_name_is_served(tmp_path):
    name = "音" * 80 + ".wav"
    write_tar(tmp_path / f"{'x' * 200}.tar", {name: b"RIFF"})
    assert read(tmp_path / f"{'x' * 200}.tar", name) == b"RIFF"


@pytest.mark.parametrize("path", ["a#1.wav", "a.tar/b#c.wav", "x.parquet", "#1", ".parquet#1"])
def test_other_paths_with_a_hash_name_files(path, tmp_path):
    assert split(path) is None
    with real_file(tmp_path / path) as real:
        assert real == tmp_path / path


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_a_path_is_a_member_or_a_file(path):
    found = split(path)
    assert members.container_of(path) == (path if found is None else found[0])
    if found:
        assert f"{found[0]}#{found[1]}" == path
