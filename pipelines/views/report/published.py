"""What became of the pairs: made, left out by publish, published, and what the validator says of the set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aig.pipelines.stages.publish import FINDINGS
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.published import PublishedSet

__all__ = ["FoundInSet", "Published", "published"]


@dataclass(frozen=True, slots=True)
class FoundInSet:
    """What the validator found, all findings of one code together.

    Attributes:
        code: short stable name of the rule.
        error: whether it makes the set unfit.
        times: how often.
        where: file and row of one of them; empty where it is about the set.
        message: of the same one.
    """

    code: str
    error: bool
    times: int
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Published:
    """A workspace's published set.

    Attributes:
        rows: in it.
        left_out: pairs that publish left out, by reason.
        findings: of the validator, errors first; `None` where it has not looked at this set.
    """

    rows: int
    left_out: Mapping[str, int]
    findings: tuple[FoundInSet, ...] | None

    @property
    def errors(self) -> int:
        """How often a rule is broken that makes the set unfit."""
        return sum(found.times for found in self.findings or () if found.error)


def published(workspace: Workspace) -> Published | None:
    """The published set of a workspace; `None` where there is none yet."""
    url = current_set(workspace)
    if url is None:
        return None
    manifest, problems = PublishedSet(url).problems()
    if manifest is None:
        return Published(0, {}, tuple(FoundInSet(code, True, 1, "", message) for code, message in problems))
    told = workspace.read_json(FINDINGS)
    return Published(manifest.rows, manifest.left_out, None if told is None else tuple(_findings(told)))


def _findings(report: dict[str, Any]) -> list[FoundInSet]:
    found: dict[str, FoundInSet] = {}
    for error, items in ((True, report["errors"]), (False, report["warnings"])):
        for item in items:
            where = item["shard"] if item["row"] is None else f"{item['shard']} row {item['row']:,}"
            code = item["code"]
            found.setdefault(code, FoundInSet(code, error, report["counts"][code], where, item["message"]))
    return list(found.values())
