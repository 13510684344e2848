"""What several test files share; importable as `helpers` (pyproject.toml's `pythonpath`)."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository."""
