"""A report as SARIF and as JUnit XML: parsed by others, whatever a message holds."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.junit import junit
from aig.shards.validator.sarif import sarif


def report(*messages: str) -> ValidationReport:
    found = ValidationReport(shards=1, rows=10)
    for row, message in enumerate(messages):
        found.error("answer_format", message, "data/open/train-00000.parquet", row)
    found.warn("long_answer", "long", times=3)
    return found


@given(st.text())
def test_every_message_gives_a_document_that_parses(message: str) -> None:
    suite = ElementTree.fromstring(junit(report(message)))
    assert suite.attrib["failures"] == "1"
    log = json.loads(json.dumps(sarif(report(message), "1")))
    assert [result["level"] for result in log["runs"][0]["results"]] == ["error", "warning"]


def test_sarif_names_rule_file_and_row() -> None:
    run = sarif(report("a <b>", "c"), "0.1.0")["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["answer_format", "long_answer"]
    first = run["results"][0]
    assert (first["ruleId"], first["message"]["text"]) == ("answer_format", "row 0: a <b>")
    place = first["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "data/open/train-00000.parquet"}
    assert run["properties"] == {"ok": False, "rows": 10, "shards": 1}


def test_junit_has_a_case_for_each_broken_rule_and_one_for_a_valid_set() -> None:
    suite = ElementTree.fromstring(junit(report("a", "b")))
    (case,) = suite.findall("testcase")
    assert case.attrib["name"] == "answer_format"
    assert (case.find("failure").text or "").count("\n") == 1
    valid = ElementTree.fromstring(junit(ValidationReport(shards=1, rows=1)))
    assert (valid.attrib["tests"], valid.attrib["failures"]) == ("1", "0")
