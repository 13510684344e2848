"""A store in memory whose every request takes a moment, as an object store's does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class SlowStore(MemoryFileSystem):
    """Long enough that threads of a library that hold Python's lock while others wait for a reply come to a stop."""

    protocol = "slow"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def info(self, path: str, **kwargs: Any) -> Any:
        time.sleep(0.002)
        return super().info(path, **kwargs)

    def _open(self, path: str, *args: Any, **kwargs: Any) -> Any:
        time.sleep(0.002)
        return super()._open(path, *args, **kwargs)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("slow://"))


def in_slow_store(folder: Path, name: str) -> str:
    """Copies a folder into the store; returns its URL."""
    fsspec.register_implementation("slow", SlowStore, clobber=True)
    SlowStore().put(str(folder), f"/{name}", recursive=True)
    return f"slow:///{name}"
