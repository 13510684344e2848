"""A validation report as GitHub's workflow commands, which show findings on the run and the pull request."""

from __future__ import annotations

from collections.abc import Iterator

from aig.shards.validator.findings import Finding, ValidationReport

__all__ = ["workflow_commands"]


def workflow_commands(report: ValidationReport) -> Iterator[str]:
    """A line per finding, `::error file=...,title=...::...`, and a summary line."""
    for level, findings in (("error", report.errors), ("warning", report.warnings)):
        for finding in findings:
            yield _command(level, finding)
    verdict = "shards are valid" if report.ok else f"shards are not valid, {_errors(report)} errors"
    yield f"::notice title=aig validate::{_data(f'{verdict}: {report.rows} rows in {report.shards} shards')}"


def _errors(report: ValidationReport) -> int:
    warned = {finding.code for finding in report.warnings}
    return sum(times for code, times in report.counts.items() if code not in warned)


def _command(level: str, finding: Finding) -> str:
    where = f"file={_property(finding.shard)}," if finding.shard else ""
    row = "" if finding.row is None else f"row {finding.row}: "
    return f"::{level} {where}title={_property(finding.code)}::{_data(row + finding.message)}"


def _data(text: str) -> str:
    """Text after `::`: per cent signs and line breaks are escaped, or a message could inject a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
