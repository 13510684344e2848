"""Recognisers are tested as they measure: on one thread."""

from __future__ import annotations

import pytest

from aig.extractors.threads import hold_to_one


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    hold_to_one()
