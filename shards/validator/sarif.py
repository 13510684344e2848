"""A validation report as SARIF 2.1.0, which code hosts and editors show (https://docs.oasis-open.org/sarif/)."""

from __future__ import annotations

from typing import Any

from aig.core.extras import DISTRIBUTION
from aig.shards.validator.findings import Finding, ValidationReport

__all__ = ["sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: ValidationReport, version: str) -> dict[str, Any]:
    """The log: one run, a rule for each code, a result for each finding that is listed.

    Args:
        report: what the validator found.
        version: of AIG.
    """
    codes = sorted({finding.code for finding in (*report.errors, *report.warnings)})
    results = [
        _result(finding, level, codes)
        for level, findings in (("error", report.errors), ("warning", report.warnings))
        for finding in findings
    ]
    driver = {
        "name": DISTRIBUTION,
        "semanticVersion": version,
        "rules": [{"id": code, "properties": {"found": report.counts[code]}} for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "results": results,
        "properties": {"ok": report.ok, "rows": report.rows, "shards": report.shards},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, level: str, codes: list[str]) -> dict[str, Any]:
    row = "" if finding.row is None else f"row {finding.row}: "
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": level,
        "message": {"text": row + finding.message},
    }
    if finding.shard:
        result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": finding.shard}}}]
    return result
