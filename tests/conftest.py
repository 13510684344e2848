"""Fixtures that several test folders share."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml

pytest_plugins = ["helpers.hub_server", "helpers.published_sets"]

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("aig", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("aig")

_NEEDS = {
    "filters/clips/test_sound_copies.py": "scipy",
    "prompts/test_kind_registry.py": "json_repair",
    "shards/test_splits.py": "scipy",
}
"""Tests in the folders that `.ci/run core` runs whose modules need an extra before they can be imported."""

if importlib.util.find_spec("librosa"):  # compiled once for all tests, also for those with a cache folder of their own
    from aig.extractors.librosa_loading import machine_code_folder

    machine_code_folder()

collect_ignore = [file for file, module in _NEEDS.items() if importlib.util.find_spec(module) is None]

SHARED_DATA = Path(os.environ.get("AIG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files with slow tests first, so that no core waits at the end for another's long file."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real annotation excerpts and clips kept beside the checkout; tests that need them skip where they are missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no test data at {SHARED_DATA}; set AIG_TEST_DATA to a folder that holds annotations/ and audio/")
    return SHARED_DATA


@pytest.fixture
def follow_extend_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """A function that does what a section of docs/extend.md says: writes its modules where Python finds them.

    It returns the section's configuration.
    """
    page = Path(__file__).parents[1] / "docs" / "extend.md"

    def follow(section: str) -> dict[str, Any]:
        (part,) = (each for each in page.read_text(encoding="utf-8").split("\n## ") if each.startswith(f"{section}\n"))
        for name, code in re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)```", part, re.DOTALL):
            (tmp_path / name).write_text(code, encoding="utf-8")
            monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
        settings: dict[str, Any] = yaml.safe_load("".join(re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)))
        return settings

    return follow
