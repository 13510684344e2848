"""The wheel and the source distribution: whole, one import name, and at work in an environment of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import ROOT

pytestmark = pytest.mark.slow

PACKAGES = ("core", "datasets_registry", "extractors", "filters", "prompts", "generators", "shards", "pipelines")
UV = Path(sys.executable).with_name("uv")
BARE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}

Run = Callable[..., subprocess.CompletedProcess[str]]


def uv(*arguments: str | Path) -> None:
    """uv, told where packages are as the Makefile tells it."""
    if not UV.exists():
        pytest.skip("no uv beside this Python: make setup")
    places = {
        "UV_FIND_LINKS": os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS", ""),
        "UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL", ""),
    }
    done = subprocess.run([UV, *arguments], capture_output=True, text=True, env={**BARE, **places}, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel, built from the source distribution, and that one."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--out-dir", folder, ROOT)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def alone(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a program of an environment that holds the wheel without extras, outside the repository."""
    folder = tmp_path_factory.mktemp("alone")
    uv("venv", "--quiet", "--python", sys.executable, folder / "env")
    constraints = ("-c", ROOT / "constraints.in", "-c", ROOT / "constraints.txt")
    uv("pip", "install", "--quiet", "--python", folder / "env", *constraints, built[0])

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [folder / "env" / "bin" / program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=BARE, check=False)

    return run


def tracked() -> set[str]:
    done = subprocess.run(["git", "ls-files", *PACKAGES], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        pytest.skip("not a clone: git does not list the files")
    return {f"aig/{name}" for name in done.stdout.splitlines() if (ROOT / name).is_file()}


def test_both_hold_every_file_of_the_packages_and_nothing_beside_aig(built: tuple[Path, Path]) -> None:
    wheel, source = built
    with zipfile.ZipFile(wheel) as packed:
        in_wheel = {name for name in packed.namelist() if ".dist-info/" not in name}
    with tarfile.open(source) as archive:
        assert not [member.name for member in archive if member.issym() or member.islnk()]
        in_source = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert in_wheel == tracked() | {"aig/__init__.py", "aig/py.typed"}
    assert in_wheel <= in_source
    assert {name.partition("/")[0] for name in in_wheel} == {"aig"}


def test_the_import_name_is_aig_and_no_other(alone: Run) -> None:
    assert alone("python", "-c", "import aig, aig.filters; print(aig.__version__)").returncode == 0
    for package in PACKAGES:
        assert "ModuleNotFoundError" in alone("python", "-c", f"import {package}").stderr


def test_a_set_is_validated_and_counted_without_extras(alone: Run, published_set: Path) -> None:
    assert "Audio instruction generation" in alone("aig", "--help").stdout
    valid = alone("aig", "validate", published_set, "--json")
    assert json.loads(valid.stdout)["ok"], valid.stderr
    counted = alone("aig", "stats", published_set, "--json")
    assert json.loads(counted.stdout)["rows"] == 660, counted.stderr
    exported = alone("aig", "export", published_set, "--to", "jsonl", "--out", "rows.jsonl")
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("demo", "--out", "demo"), "demo"),
        (("run", "mine.yaml"), "run"),
        (("browse", "mine.yaml"), "look"),
        (("report", "mine.yaml"), "look"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    alone: Run, built: tuple[Path, Path], arguments: tuple[str, ...], extra: str
) -> None:
    assert alone("aig", "init", "mine.yaml").returncode in (0, 2)
    done = alone("aig", *arguments)
    assert done.returncode == 2, done.stderr
    assert f"pip install '{built[0]}[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def install_lines() -> dict[str, set[str]]:
    """The extras that each line to install AIG by names, in the documentation, examples, notebooks and errors."""
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    files += [path for path in (ROOT / "examples").rglob("*") if path.is_file()]
    files += [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found: dict[str, set[str]] = {}
    for file in files:
        for line in re.findall(r"pip install [^\n`#]*", file.read_text(encoding="utf-8", errors="ignore")):
            if named := re.search(r"(?:aig-audio|\.|\baig)(?:\[([a-z0-9,-]+)\])", line):
                assert "aig[" not in line, f"{file}: {line}"
                found[f"{file.relative_to(ROOT)}: {line}"] = set(named[1].split(","))
    return found


def test_every_install_line_works_from_the_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(settings["project"]["optional-dependencies"])
    lines = install_lines()
    assert len(lines) >= 4
    for line, named in lines.items():
        assert named <= extras, line
    table = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").split("| extra |")[1].split("\n\n")[0]
    offered = set(re.findall(r"`([a-z0-9-]+)`", table)) - {"import aig"}
    assert offered == extras - {"demo", "dev", "docs", "test"}
    uv("venv", "--quiet", "--python", sys.executable, tmp_path / "env")
    constraints = ("-c", ROOT / "constraints.in", "-c", ROOT / "constraints.txt")
    asked = f"aig-audio[{','.join(sorted(set().union(*lines.values())))}]"
    where = ("--python", tmp_path / "env", "--find-links", built[0].parent)
    uv("pip", "install", "--quiet", "--dry-run", *where, *constraints, asked)
