"""A disk that is really full: a small file system in memory, which takes the right to mount one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aig.core.errors import DataError
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.runtime.storage_errors import explained
from benchmarks.faults import Corpus
from helpers.plain_build import plain_build

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "aig-test", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot mount a file system here: {error}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_says_so_at_each_stage_and_the_same_command_goes_on_once_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    corpus = Corpus(tmp_path / "corpus", 24)
    corpus.make()
    configuration = load(corpus.configuration("local", "http://127.0.0.1:9/v1"))
    closed = configuration.generate.model_copy(update={"open_ended": False})
    configuration = configuration.model_copy(update={"generate": closed})
    on_small_disk = configuration.model_copy(update={"workspace": str(small_disk / "workspace")})
    published, refused = _with_more_room_each_time(on_small_disk, small_disk)
    assert len(refused) >= 3  # in several stages, each time going on from there
    for error in refused:
        assert "No space left on device" in error.message
        assert "Make room, then run the same command again" in error.advice
    assert published == plain_build(configuration)


def _with_more_room_each_time(configuration: Configuration, disk: Path) -> tuple[dict[str, bytes], list[DataError]]:
    refused: list[DataError] = []
    for kilobytes in range(16, 1024, 40):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(disk)], check=True)
        try:
            with explained(configuration.workspace):
                return plain_build(configuration), refused
        except DataError as error:
            refused.append(error)
        assert not [path for path in disk.rglob("*") if path.name.endswith(".partial")]
    raise AssertionError("a megabyte is not enough")
