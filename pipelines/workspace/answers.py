"""Answers that follow from a workspace's tables alone, kept beside them: a run with nothing to do reads no table.

An answer is kept with a hash of all it was made from, most often what a listing says of the tables. Where that is
another, or the file is gone, it is worked out again; removing the folder `answers/` costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from aig.pipelines.workspace.workspace import Workspace

__all__ = ["keep", "recall", "remembered"]

FOLDER = "answers"


def remembered(workspace: Workspace, name: str, made_from: object, work: Callable[[], Any]) -> Any:
    """The answer of that name if it was made from the same, else what `work` returns, which is kept.

    Args:
        workspace: whose tables it is about.
        name: of the answer; there is one file a name.
        made_from: JSON of everything that decides about the answer.
        work: gives the answer as JSON values.
    """
    answer = recall(workspace, name, made_from)
    if answer is None:
        answer = work()
        keep(workspace, name, made_from, answer)
    return answer


def recall(workspace: Workspace, name: str, made_from: object) -> Any:
    """The answer that is kept, `None` where there is none or it was made from something else."""
    text = workspace.read_text(FOLDER, f"{name}.json")
    try:
        kept = json.loads(text or "{}")
    except ValueError:  # a damaged answer is worked out again
        return None
    return kept.get("answer") if isinstance(kept, dict) and kept.get("made_from") == _hash(made_from) else None


def keep(workspace: Workspace, name: str, made_from: object, answer: Any) -> None:
    """Keeps an answer in place of the one before."""
    content = {"made_from": _hash(made_from), "answer": answer}
    workspace.write_text(json.dumps(content) + "\n", FOLDER, f"{name}.json")


def _hash(made_from: object) -> str:
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
