"""What commands say on standard error, and in which form."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aig.pipelines.cli.app import app
from aig.pipelines.cli.logs import set_up
from aig.pipelines.cli.output import run


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    set_up()


def said(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["aig", *arguments])
    status = run(app)
    out, err = capfd.readouterr()
    assert out == ""
    return status, err


def test_lines_are_json_objects_errors_with_their_advice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "aig.yaml")
    assert said(capfd, monkeypatch, "--log-json", "init", file)[0] == 0
    status, err = said(capfd, monkeypatch, "--log-json", "init", file)
    assert status == 2
    (line,) = (json.loads(line) for line in err.splitlines())
    assert line["level"] == "error"
    assert line["message"] == f"{file} already exists"
    assert line["advice"].startswith("Give another name")
    assert line["time"].endswith("+00:00")


def test_quiet_commands_say_errors_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "aig.yaml")
    assert said(capfd, monkeypatch, "-q", "init", file) == (0, "")
    status, err = said(capfd, monkeypatch, "-q", "init", file)
    assert status == 2
    assert err.startswith("Error: ")
