"""A validation report as JUnit XML, which most CI servers show: a test case for each rule that was broken."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from aig.shards.validator.findings import ValidationReport

__all__ = ["junit"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: ValidationReport) -> str:
    """The document; each code with errors is a failed test case, warnings are its output."""
    codes = list(dict.fromkeys(finding.code for finding in report.errors))
    suite = ElementTree.Element(
        "testsuite", name="aig validate", tests=str(max(1, len(codes))), failures=str(len(codes)), errors="0"
    )
    for code in codes:
        case = ElementTree.SubElement(suite, "testcase", classname="shards", name=code)
        failure = ElementTree.SubElement(case, "failure", message=f"{report.counts[code]} findings")
        failure.text = "\n".join(
            _text(f"{each.shard}{'' if each.row is None else f' row {each.row}'}: {each.message}")
            for each in report.errors
            if each.code == code
        )
    if not codes:
        ElementTree.SubElement(suite, "testcase", classname="shards", name="valid")
    if report.warnings:
        output = ElementTree.SubElement(suite, "system-out")
        output.text = "\n".join(_text(f"{each.code} {each.shard}: {each.message}") for each in report.warnings)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _text(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return _NOT_XML.sub("\ufffd", text)
