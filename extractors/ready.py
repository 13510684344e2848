"""Loads what measuring any clip needs, so that processes forked from the one that imports this have it at once."""

from __future__ import annotations

import contextlib
import importlib

from aig.core.errors import AigError, UsageError
from aig.extractors.librosa_loading import load_librosa

__all__ = ["see_that_libraries_load"]

_broken: dict[str, str] = {}
"""By name, what libraries say that are installed and do not load. Raised here, it would end the process that forks."""

# pandas, because pyarrow loads it, where it is installed, when it first makes an array of a list.
for _name in ("av", "pandas", "parselmouth", "pyloudnorm", "scipy.signal", "soundfile", "soxr", "threadpoolctl"):
    try:
        importlib.import_module(_name)
    except ImportError:
        pass  # a worker that needs it says so where it is heard
    except Exception as error:  # noqa: BLE001 - whatever a library does when it is loaded
        _broken[_name] = f"{type(error).__name__}: {error}"
try:
    with contextlib.suppress(ImportError, AigError):
        load_librosa()
except Exception as error:  # noqa: BLE001
    _broken["librosa"] = f"{type(error).__name__}: {error}"


def see_that_libraries_load() -> None:
    """Does nothing where each library that is installed loads.

    Raises:
        UsageError: one does not, with what it says.
    """
    if _broken:
        name, said = next(iter(_broken.items()))
        raise UsageError(
            f"the package {name.partition('.')[0]} is installed and does not load: {said}",
            f"`python -c 'import {name}'` shows where it fails; install it again, or what it needs.",
        )
