"""What all settings have in common: unknown keys are errors, values never change, paths belong to their file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

from aig.core.storage import is_local

__all__ = ["NameOrFile", "NameOrPath", "RelativePath", "Strict", "paths_from"]


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def paths_from(folder: Path) -> dict[str, Path]:
    """The context of a validation in which relative paths are relative to `folder`: `model_validate(..., context=)`."""
    return {"folder": folder}


def _absolute(value: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder")
    if folder is None or not is_local(value):
        return value
    return str((folder / Path(value).expanduser()).resolve())


def _absolute_if_there(value: str, info: ValidationInfo) -> str:
    path = _absolute(value, info)
    return path if Path(path).exists() else value


def _absolute_with_suffix(value: str, info: ValidationInfo) -> str:
    return _absolute(value, info) if Path(value).suffix else value


RelativePath = Annotated[str, AfterValidator(_absolute)]
"""A path or fsspec URL; a relative path is relative to the folder of the file that names it, and `~` is the home."""

NameOrPath = Annotated[str, AfterValidator(_absolute_if_there)]
"""A name, or a path as `RelativePath` where something is there."""

NameOrFile = Annotated[str, AfterValidator(_absolute_with_suffix)]
"""A name, or a path as `RelativePath` where it has a suffix."""
