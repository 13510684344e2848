"""Exports of the published set that tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aig.shards.export import export as exporting
from aig.shards.export.export import Exported
from aig.shards.export.form import Options
from helpers.hum import Hum

LOST_ROWS = sum(1 for index in range(660) if index % 40 == 7)
"""Rows of the two clips without audio."""


def export(published: Path, to: str, out: Path, source: Hum | None = None, **options: Any) -> Exported:
    """Exports a set with what a command line would say."""
    return exporting.export(str(published), to, out, Options(**options), audio=source)
