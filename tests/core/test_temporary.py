"""Temporary folders: gone with their process, however it ends, and never another's."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

CODE = """
import sys
from aig.core.temporary import process_folder, temporary_folder
folder = temporary_folder("work")
print(process_folder(), folder.name, flush=True)
sys.stdin.readline()
"""

FORK = """
import os, sys
from aig.core.temporary import process_folder
parents = process_folder()
if os.fork() == 0:
    own = process_folder()
    assert own != parents and own.is_dir()
    sys.exit()
assert os.wait()[1] == 0
print(parents, flush=True)
sys.stdin.readline()
"""

POOL = """
import multiprocessing
from pathlib import Path
from aig.core.temporary import process_folder
def folder(_): return str(process_folder())
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(process_folder(), pool.map(folder, [0])[0])
        pool.close()
        pool.join()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def started(code: str = CODE) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> list[Path]:
    assert process.stdout is not None
    return [Path(word) for word in process.stdout.readline().split()]


def test_a_folder_ends_with_its_process(temporary: Path) -> None:
    with started() as process:
        own, work = told(process)
        assert work.is_dir()
        assert work.parent == own
        assert own.parent == temporary
        assert own.stat().st_mode & 0o077 == 0
        process.communicate("\n")
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_goes_with_the_next_and_what_is_in_use_stays(temporary: Path) -> None:
    with started() as living, started() as killed:
        (lives, _), (left, work) = told(living), told(killed)
        (work / "spilled").write_bytes(b"much")
        killed.kill()
        killed.wait()
        assert left.is_dir()
        with started() as following:
            own, _ = told(following)
            assert set(temporary.iterdir()) == {lives, own}
            following.communicate("\n")
        living.communicate("\n")
    assert not list(temporary.iterdir())


def test_a_fork_has_its_own_and_leaves_its_parent_the_lock(temporary: Path) -> None:
    with started(FORK) as parent:
        (parents,) = told(parent)
        with started() as following:
            own, _ = told(following)
            assert set(temporary.glob("aig-process-*")) >= {parents, own}
            following.communicate("\n")
        parent.communicate("\n")
    assert not list(temporary.iterdir())


def test_a_worker_that_ends_removes_its_own(temporary: Path) -> None:
    with started(POOL) as pool:
        own, workers = told(pool)
    assert own != workers
    assert not list(temporary.iterdir())


def test_another_users_folder_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aig.core import temporary as module

    folder = temporary / "aig-process-of-somebody"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    module._remove_abandoned()
    assert folder.is_dir()


def test_a_folder_that_the_system_cleaned_away_is_made_again() -> None:
    code = "import shutil\nfrom aig.core.temporary import process_folder, temporary_folder\n"
    code += "shutil.rmtree(process_folder()); print(temporary_folder('x').name and process_folder().is_dir())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_that_becomes_another_user_has_another_folder() -> None:
    code = "import os\nfrom aig.core.temporary import process_folder, temporary_folder\n"
    code += "first = process_folder(); os.seteuid(65534); temporary_folder('x'); assert process_folder() != first\n"
    code += "os.seteuid(0); assert process_folder() == first"
    with tempfile.TemporaryDirectory(dir="/tmp") as there:  # pytest's folders are their owner's alone
        Path(there).chmod(0o777)
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "TMPDIR": there})
        assert not list(Path(there).iterdir())
