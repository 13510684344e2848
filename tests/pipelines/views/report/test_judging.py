"""Rates of verdicts by prompt, and the judge beside people's marks."""

import duckdb
import pyarrow as pa

from aig.core.tables import to_table
from aig.core.verdict import Verdict
from aig.pipelines.views.report.judging import agreement, judged
from aig.pipelines.workspace.marks import Mark

GOOD = {"supported": True, "audible": True, "not_given_away": True, "well_formed": True, "score": 1.0}
BAD = {"supported": False, "audible": True, "not_given_away": True, "well_formed": True, "score": 0.0}


def database(*said):
    connection = duckdb.connect()
    rows = [
        Verdict(qa_id=f"{number:032x}", audio_id="x/1", dataset="x", prompt="speech@1", **fields)
        for number, fields in enumerate(said)
    ]
    verdicts: pa.Table = to_table(rows, Verdict)
    connection.register("verdicts", verdicts)
    return connection


def marks(*words):
    return {f"{number:032x}": Mark(qa_id=f"{number:032x}", mark=word) for number, word in enumerate(words)}


def test_rates_by_prompt():
    said = database(GOOD, {**GOOD, "audio_contribution": "weak"}, BAD, {"error": "unreadable"})
    (row,) = judged(said, 1.0)
    assert (row.prompt, row.pairs, row.scored, row.low, row.failed, row.weak, row.strong) == (
        "speech@1",
        4,
        3,
        1,
        1,
        1,
        0,
    )
    assert round(row.supported, 3) == 0.667
    assert judged(database(), 1.0) == []


def test_agreement_with_people_and_kappa():
    found = agreement(database(GOOD, GOOD, BAD, BAD), marks("good", "bad", "bad", "bad"), 1.0)
    assert found is not None
    assert (found.pairs, found.same, found.kappa) == (4, 0.75, 0.5)
    same = agreement(database(GOOD, GOOD), marks("good", "good"), 1.0)
    assert same is not None
    assert (same.same, same.kappa) == (1.0, None)
    assert agreement(database(GOOD), {}, 1.0) is None
    assert agreement(database({"error": "unreadable"}), marks("good"), 1.0) is None
