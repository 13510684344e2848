"""A pytest plugin for other people's CI: `pytest -p aig.shards.pytest_plugin --aig-shards PATH`.

    def test_shards(shards_report):
        assert shards_report.ok, str(shards_report)

A test that takes `shards_report` runs once for each `--aig-shards`; without any it is skipped. Instead of `-p`, a
`conftest.py` may say `pytest_plugins = ["aig.shards.pytest_plugin"]`.
"""

from __future__ import annotations

import pytest

from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.validate import validate

__all__ = ["shards_report"]

_REPORTS: pytest.StashKey[dict[str, ValidationReport]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--aig-shards`."""
    group = parser.getgroup("aig", "published shards")
    group.addoption(
        "--aig-shards", action="append", default=[], metavar="PATH", help="A published set: folder, https:// or s3://."
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes `shards_report` once for each published set."""
    if "shards_report" in metafunc.fixturenames:
        metafunc.parametrize("shards_report", metafunc.config.getoption("--aig-shards"), indirect=True)


@pytest.fixture
def shards_report(request: pytest.FixtureRequest) -> ValidationReport:
    """What `aig.shards.validator.validate` finds in a published set; each set is read once."""
    reports = request.config.stash.setdefault(_REPORTS, {})
    if request.param not in reports:
        reports[request.param] = validate(request.param)
    return reports[request.param]
