"""Whole builds interrupted in several stages; what is left must be the unbroken build's bytes, and paid for once."""

import errno
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aig.core.errors import DataError
from aig.pipelines.runtime.lock import lent, only_run
from aig.pipelines.runtime.storage_errors import explained
from benchmarks import faults


@pytest.mark.slow
def test_a_build_interrupted_in_every_way_ends_with_the_same_bytes(tmp_path: Path) -> None:
    corpus = faults.Corpus(tmp_path / "corpus", 24)
    corpus.make()
    strikes = [
        faults.Strike("kill -9 worker", "extract", 0.5),
        faults.Strike("SIGTERM flow", "closed", 0.2),
        faults.Strike("kill -9 flow", "ask", 0.2),
        faults.Strike("kill -9 server", "open_", 0.1),
    ]
    with faults.model() as url:
        unbroken = faults.Run(corpus.configuration("unbroken", url))
        clean = unbroken.sums()
    with faults.model() as url:
        assert faults.build_under_strikes(corpus.configuration("interrupted", url), strikes, unbroken, clean, url) == []
    assert strikes[1].came_to.startswith(("143 ", "the run"))
    assert clean["clips"] == {"read": 25, "missing_audio": 0, "quarantined": 1, "dropped": 0, "kept": 24}


def test_a_child_whose_parent_died_before_it_looked_ends_at_once() -> None:
    code = "import time; from aig.pipelines.runtime.watchdog import end_with_parent; end_with_parent(1); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 1


def test_the_second_run_on_a_workspace_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    code = "from aig.pipelines.runtime.lock import only_run\n"
    code += f"with only_run({str(tmp_path)!r}): print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(DataError, match=f"process {first.pid} on "), only_run(str(tmp_path)):
            pass
        first.kill()
    with only_run(str(tmp_path)), only_run(str(tmp_path)):  # a lock does not outlive its run; a flow enters its own
        pass


def test_a_deployed_run_waits_for_the_one_before_it_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aig.pipelines.runtime.lock._POLL_S", 0.05)
    monkeypatch.setattr(logging.getLogger("aig"), "propagate", True)
    caplog.set_level(logging.INFO, "aig")
    code = "import sys; from aig.pipelines.runtime.lock import only_run\n"
    code += f"with only_run({str(tmp_path)!r}): print('held', flush=True); sys.stdin.readline()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(DataError, match="in use"), only_run(str(tmp_path), wait_s=0.3):
            pass
        assert "waiting, for at most" in caplog.text
        ending = threading.Timer(0.5, first.stdin.close)
        ending.start()
        with only_run(str(tmp_path), wait_s=60):
            assert first.wait(10) == 0
        ending.join()


def test_a_workspace_is_lent_to_another_process_and_taken_back(tmp_path: Path) -> None:
    code = "from aig.pipelines.runtime.lock import only_run\n"
    code += f"with only_run({str(tmp_path)!r}): print('held')"
    another = [sys.executable, "-c", code]
    with only_run(str(tmp_path)):
        assert subprocess.run(another, capture_output=True, timeout=60, check=False).returncode != 0
        with lent(str(tmp_path), wait_s=10):
            assert subprocess.run(another, capture_output=True, timeout=60, check=False).stdout == b"held\n"
        assert subprocess.run(another, capture_output=True, timeout=60, check=False).returncode != 0
    assert subprocess.run(another, capture_output=True, timeout=60, check=False).returncode == 0


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No space left on device") as error, explained(str(tmp_path)):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "Make room" in error.value.advice
    with pytest.raises(FileNotFoundError), explained(str(tmp_path)):
        (tmp_path / "missing").read_bytes()


def test_ctrl_c_in_a_query_is_an_interruption_not_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), explained(str(tmp_path)):
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()
    with pytest.raises(RuntimeError, match="another"), explained(str(tmp_path)):
        raise RuntimeError("another")
