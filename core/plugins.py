"""Extensions of one's own: a value named in the configuration as `module:object`."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from pathlib import Path
from typing import TypeVar

from aig.core.errors import UsageError

__all__ = ["is_reference", "load_object", "source_hash"]

Kind = TypeVar("Kind")


def is_reference(name: str) -> bool:
    """Whether a name in the configuration is a `module:object` rather than the name of a built-in."""
    return ":" in name


def load_object(reference: str, kind: type[Kind]) -> Kind:
    """The value that `module:object` names.

    The module is imported as Python would: it is installed, or lies in a folder of `PYTHONPATH`.

    Args:
        reference: such as `my_tasks.laughter:LAUGHTER`.
        kind: what the value must be an instance of.

    Raises:
        UsageError: the module cannot be imported, has no such object, or the object is of another kind.
    """
    module_name, _, name = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise UsageError(
            f"{reference!r} cannot be loaded: {error}",
            f"Install the package that holds the module {module_name!r}, or add its folder to PYTHONPATH.",
        ) from error
    except Exception as error:
        raise UsageError(
            f"{reference!r} cannot be loaded: importing {module_name!r} fails with {type(error).__name__}: {error}",
            "Fix the module; `python -c 'import …'` shows the whole traceback.",
        ) from error
    try:
        value = getattr(module, name)
    except AttributeError:
        raise UsageError(
            f"{reference!r} cannot be loaded: the module {module_name!r} has no object {name!r}",
            "Name one that it has.",
        ) from None
    if not isinstance(value, kind):
        raise UsageError(
            f"{reference!r} is a {type(value).__name__}, not a {kind.__name__}",
            f"Name a value of {kind.__module__}.{kind.__name__}; docs/extend.md shows one.",
        )
    return value


def source_hash(reference: str) -> str:
    """A hash of the source of the module that `module:object` names, so that what was made with it is made again.

    Raises:
        UsageError: the module cannot be imported, or has no source file.
    """
    value = load_object(reference.partition(":")[0] + ":__name__", str)
    try:
        source = inspect.getsourcefile(importlib.import_module(value))
        content = Path(source or "").read_bytes()
    except (TypeError, OSError) as error:
        raise UsageError(
            f"{reference!r} cannot be used: its module has no source file, by which a change would be noticed",
            "Name an object of a Python file.",
        ) from error
    return hashlib.sha256(content).hexdigest()[:16]
