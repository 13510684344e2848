"""Fixtures that several test folders share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(os.environ.get("AIG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real annotation excerpts and clips kept beside the checkout; tests that need them skip where they are missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no test data at {SHARED_DATA}; set AIG_TEST_DATA to a folder that holds annotations/ and audio/")
    return SHARED_DATA
