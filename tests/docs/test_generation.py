"""The walk-through's Python runs as it stands."""

from __future__ import annotations

import re

import yaml

from aig.generators.mock_server import FAULTS
from aig.generators.settings import GenerateSettings
from helpers import ROOT

PAGE = (ROOT / "docs" / "generation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_python_runs() -> None:
    (code,) = blocks("python")
    exec(compile(code, "docs/generation.md", "exec"), {"__name__": "docs"})


def test_configuration_is_valid_and_faults_are_all_named() -> None:
    (content,) = blocks("yaml")
    assert GenerateSettings(**yaml.safe_load(content)["generate"]).concurrency == 64
    assert all(f"`{fault}`" in PAGE for fault in FAULTS)
