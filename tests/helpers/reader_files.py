"""Small datasets in their owners' layouts, and what comes out of them."""

from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source


def build(root: Path, **files: str | bytes | None) -> Path:
    """Files below a root; `None` is an empty file."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else (content or "").encode())
    return root


def read(name: str, root: Path, **keywords) -> list[Clip | Quarantined]:
    return list(registry.get(name).read(Source(root, **keywords)))


def places(items: list[Clip | Quarantined]) -> list[str]:
    """File, line and column of what was quarantined."""
    return [item.message.split(":")[0] for item in items if isinstance(item, Quarantined)]


def ids(items: list[Clip | Quarantined]) -> list[str]:
    return [item.audio_id.partition("/")[2] for item in items if isinstance(item, Clip)]
