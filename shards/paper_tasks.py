"""The tasks of LTU and LTU-AS as their evaluation code parses them: what a set holds whose manifest names no tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from aig.core.tasks import OPEN_ENDED, TaskSpec

__all__ = ["paper_tasks"]


@cache
def paper_tasks() -> Mapping[str, TaskSpec]:
    """The papers' tasks by name, open-ended questions last."""
    text = (resources.files("aig.shards") / "data" / "paper_tasks.json").read_text(encoding="utf-8")
    specs = [TaskSpec(**{**each, "words": tuple(each.get("words", ()))}) for each in json.loads(text)]
    return {spec.name: spec for spec in (*specs, OPEN_ENDED)}
