"""What axe-core says of a page."""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["axe_violations"]


def axe_violations(page: Any) -> list[str]:
    """What axe-core finds wrong with a page; its context must have been made with `bypass_csp`, for axe is a script."""
    reason = "no axe: pip install axe-playwright-python"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=reason)
    found = axe.Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['help']}: {item['nodes'][0]['html'][:200]}" for item in found]
