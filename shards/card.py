"""The dataset card, `README.md`: configs for `datasets`, counts beside the paper's, licences, making, limits."""

from __future__ import annotations

from typing import Any

import yaml

from shards.manifest import Manifest
from shards.schema import CATEGORIES, DATA

__all__ = ["STAGES", "card", "data_files"]

STAGES: dict[str, tuple[str, ...]] = {
    "default": tuple(CATEGORIES),
    "stage1": ("classification",),
    "stage2": ("classification",),
    "stage3": tuple(CATEGORIES),
}
"""Config of the card and the folders it reads: stages 1 and 2 of training are classification alone, 3 everything."""


def data_files(manifest: Manifest) -> dict[str, list[str]]:
    """The file patterns of each config that has rows; a folder without files is left out."""
    present = {entry.path.split("/")[1] for entry in manifest.data_files}
    patterns = {
        config: [f"data/{name}/*.parquet" for name in folders if name in present] for config, folders in STAGES.items()
    }
    return {config: found for config, found in patterns.items() if found}


def card(manifest: Manifest) -> str:
    """The text of `README.md`."""
    front = yaml.safe_dump(_front_matter(manifest), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n# Audio question answering\n\n{manifest.rows:,} rows.\n"


def _front_matter(manifest: Manifest) -> dict[str, Any]:
    configs = data_files(manifest)
    return {
        "configs": [
            {"config_name": config, "data_files": [{"split": "train", "path": paths}]}
            | ({"default": True} if config == "default" else {})
            for config, paths in configs.items()
        ],
        "dataset_info": [
            {"config_name": config, "features": [{"name": name, "dtype": "string"} for name in DATA.names]}
            for config in configs
        ],
    }
