"""Nothing leaves a command as a traceback, and no log holds a key."""

import errno
from pathlib import Path

import httpx
import pytest
import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.boundary import never_proxy_loopback
from aig.pipelines.cli.output import run
from aig.pipelines.runtime.prefect_server import prefect_api

KEY = "sk-secret-0123456789"


def ended(error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    app = typer.Typer()

    @app.command()
    def command() -> None:
        raise RuntimeError(f"asked with {KEY} at https://me:hunter22@host/v1") from error

    monkeypatch.setattr("sys.argv", ["aig"])
    app.pretty_exceptions_enable = False
    return run(app)


def test_an_unexpected_error_has_advice_and_a_log_without_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(ValueError("inner"), monkeypatch, tmp_path) == 1
    said = capfd.readouterr().err
    (log,) = (tmp_path / "cache/logs").iterdir()
    assert "Traceback" not in said
    assert str(log) in said.replace("\n", "")
    text = log.read_text()
    assert "ValueError: inner" in text
    for told in (said, text):
        assert KEY not in told
        assert "hunter22" not in told


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_is_said_in_words(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(OSError(number, "refused by the disk", "/w/.lock"), monkeypatch, tmp_path) == 1
    said = capfd.readouterr().err
    assert said.startswith("Error: /w/.lock: refused by the disk")
    assert "run the same command again" in said


def test_a_server_whose_database_went_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://somebody:hunter22@127.0.0.1:9/api")
    assert ended(httpx.ReadError("500 Internal Server Error"), monkeypatch, tmp_path) == 1
    said = capfd.readouterr().err
    assert "Prefect's server (http://***@127.0.0.1:9/api) did not answer as it should" in said


def test_a_home_that_cannot_be_written_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("AIG_CACHE", "/proc/nope")
    with pytest.raises(UsageError, match="/proc/nope cannot be written") as refused, prefect_api("w"):
        pass
    assert "AIG_CACHE" in refused.value.advice


def test_a_prefect_server_that_is_not_there_is_a_wrong_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://me:hunter22@127.0.0.1:9/api")
    with pytest.raises(UsageError, match=r"no Prefect server answers at http://127.0.0.1:9/api") as refused:
        prefect_api("w").__enter__()
    assert "hunter22" not in str(refused.value)


def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)
    never_proxy_loopback()
    never_proxy_loopback()
    import os

    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1,::1"
