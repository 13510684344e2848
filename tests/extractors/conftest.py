"""What the tests of measuring share."""

from __future__ import annotations

import os

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
