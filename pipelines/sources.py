"""What a configuration says of each dataset: its record in the registry, its root, and how much of it is read."""

from __future__ import annotations

from pathlib import Path

from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.readers import manifest
from aig.datasets_registry.readers.columns import Columns
from aig.pipelines.configuration import Configuration

__all__ = ["dataset_of", "root_of", "source_of"]


def dataset_of(configuration: Configuration, name: str) -> Dataset:
    """The dataset of that name in a configuration, one of the registry's or the user's own."""
    source = configuration.datasets[name]
    if source.manifest is None:
        return registry.get(name)
    columns = Columns(source.columns, source.ignore_columns)
    return manifest.dataset(name, source.manifest, title=source.title, licence=source.licence, columns=columns)


def root_of(configuration: Configuration, name: str) -> str:
    """The folder a dataset's audio paths are relative to: its `root`, or its manifest's own folder."""
    source = configuration.datasets[name]
    return source.root if source.root is not None else str(Path(source.manifest or "").parent)


def source_of(configuration: Configuration, name: str) -> Source:
    """Where a dataset lies and how much of it is read, as the configuration says."""
    source = configuration.datasets[name]
    return Source(
        root=Path(root_of(configuration, name)),
        parts=source.parts,
        splits=source.splits,
        max_duration_s=source.max_duration_s,
    )
