"""What the validator found: errors and warnings with code, shard, row and message, at most N of each code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Finding", "ValidationReport"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: short stable name of the rule.
        shard: path of the file inside the set; empty where it is about the set.
        row: in the file, from 0; `None` where it is about the file.
        message: what is wrong, for a person.
    """

    code: str
    shard: str
    row: int | None
    message: str


@dataclass(slots=True)
class ValidationReport:
    """What is wrong with a published set.

    Attributes:
        shards: data files looked at.
        rows: in them.
        errors: findings that make the set unfit, at most `limit` of each code.
        warnings: findings that do not.
        counts: findings by code, those beyond `limit` too.
        limit: most findings kept of one code.
    """

    shards: int = 0
    rows: int = 0
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    limit: int = 20

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    @property
    def complete(self) -> bool:
        """Whether everything could be looked at; a server may not have given a file."""
        return not self.counts["unreachable"]

    def error(self, code: str, message: str, shard: str = "", row: int | None = None, *, times: int = 1) -> None:
        """Records an error; `times` counts it and further ones of the same kind that are not listed."""
        self._note(self.errors, Finding(code, shard, row, message), times)

    def warn(self, code: str, message: str, shard: str = "", row: int | None = None, *, times: int = 1) -> None:
        """Records a warning; `times` as for errors."""
        self._note(self.warnings, Finding(code, shard, row, message), times)

    def add(self, other: ValidationReport) -> None:
        """Adds the findings of another report, of one shard."""
        self.shards += other.shards
        self.rows += other.rows
        for mine, theirs in ((self.errors, other.errors), (self.warnings, other.warnings)):
            for finding in theirs:
                self._note(mine, finding, 0)
        self.counts += other.counts

    def __str__(self) -> str:
        """The findings, a line each, and how many rows were looked at."""
        lines = [
            f"{finding.code} {finding.shard}{'' if finding.row is None else f' row {finding.row}'}: {finding.message}"
            for finding in (*self.errors, *self.warnings)
        ]
        return "\n".join([*lines, f"{self.rows} rows in {self.shards} shards"])

    def to_dict(self) -> dict[str, Any]:
        """The object that `aig validate --json` prints."""
        return {
            "ok": self.ok,
            "shards": self.shards,
            "rows": self.rows,
            "errors": [_as_dict(finding) for finding in self.errors],
            "warnings": [_as_dict(finding) for finding in self.warnings],
            "counts": dict(sorted(self.counts.items())),
        }

    def _note(self, findings: list[Finding], finding: Finding, times: int) -> None:
        self.counts[finding.code] += times
        if sum(other.code == finding.code for other in findings) < self.limit:
            findings.append(finding)


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "shard": finding.shard, "row": finding.row, "message": finding.message}
