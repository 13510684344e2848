"""Packages that only some work needs: where one is missing, the error names the command that installs it."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from aig.core.errors import UsageError

__all__ = ["DISTRIBUTION", "EXTRA_OF", "explain_missing", "install_command", "missing_extra", "need"]

DISTRIBUTION = "aig-audio"
"""The name to install by; `aig`, the name to import by, is somebody else's distribution on the Python index."""

EXTRA_OF = {
    "ai_edge_litert": "tagger",
    "aiohttp": "ask",
    "av": "measure",
    "distributed": "dask",
    "faster_whisper": "faster-whisper",
    "h5py": "mosei",
    "httpx": "run",
    "httpx2": "ask",
    "huggingface_hub": "huggingface",
    "json_repair": "ask",
    "jiwer": "measure",
    "librosa": "measure",
    "matplotlib": "look",
    "openai": "ask",
    "pandas": "notebook",
    "parselmouth": "measure",
    "PIL": "look",
    "prefect": "run",
    "prefect_dask": "dask",
    "prefect_ray": "ray",
    "py7zr": "pull",
    "pyloudnorm": "measure",
    "ray": "ray",
    "s3fs": "s3",
    "scipy": "measure",
    "soxr": "measure",
    "starlette": "look",
    "stream_unzip": "pull",
    "tenacity": "ask",
    "threadpoolctl": "measure",
    "torch": "whisper",
    "uvicorn": "look",
    "whisper": "whisper",
    "xllamacpp": "demo",
    "yt_dlp": "youtube",
}
"""The extra that brings each module that the small installation lacks."""


_WITH = {"look": ("measure",), "run": ("ask", "look", "measure"), "demo": ("run", "ask", "look", "measure", "whisper")}
"""What an extra brings besides its own modules."""


def need(extra: str) -> None:
    """Refuses work whose packages are not all installed, before any of it is done.

    Raises:
        UsageError: one is missing.
    """
    extras = (extra, *_WITH.get(extra, ()))
    missing = [module for module, brings in EXTRA_OF.items() if brings in extras and find_spec(module) is None]
    if missing:
        names = ", ".join(sorted(missing, key=str.lower))
        raise missing_extra(f"this needs packages that are not installed: {names}", extra)


def explain_missing(error: ModuleNotFoundError) -> UsageError | None:
    """The error that names the extra, where what is missing is one of `EXTRA_OF`; None where it is anything else."""
    module = (error.name or "").partition(".")[0]
    if module not in EXTRA_OF:
        return None
    return missing_extra(f"this needs the package {module}, which is not installed", EXTRA_OF[module])


def missing_extra(what: str, extra: str, instead: str = "") -> UsageError:
    """The error for work whose packages are not installed.

    Args:
        what: what is missing, "the tagger is not installed".
        extra: the extra of pyproject.toml that brings it.
        instead: another way out, a full sentence.
    """
    return UsageError(what, f"Install it: {install_command(extra)}{'. ' + instead if instead else ''}")


def install_command(extra: str) -> str:
    """The command that adds an extra to this installation: from its clone, its wheel's file, or the Python index."""
    where, options = _installed_from()
    return f"pip install {options}'{where}[{extra}]'"


@cache
def _installed_from() -> tuple[str, str]:
    """What pip was given (https://packaging.python.org/specifications/direct-url/), and its option."""
    try:
        written = Distribution.from_name(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        written = None
    origin = json.loads(written) if written else {}
    url = urlsplit(origin.get("url", ""))
    if "dir_info" in origin and url.scheme == "file":
        return unquote(url.path), "-e " if origin["dir_info"].get("editable") else ""
    if "archive_info" in origin:
        return (unquote(url.path), "") if url.scheme == "file" else (f"{DISTRIBUTION} @ {url.geturl()}", "")
    return DISTRIBUTION, ""
