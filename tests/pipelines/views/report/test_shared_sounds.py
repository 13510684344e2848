"""Sounds that two datasets share, as the report counts them."""

import duckdb

from aig.pipelines.views.report.numbers import shared_sounds


def test_a_sound_counts_once_for_each_pair_of_datasets():
    database = duckdb.connect()
    database.execute("CREATE TABLE measured (audio_id VARCHAR, dataset VARCHAR, content VARCHAR, silent BOOLEAN)")
    rows = [
        ("a/1", "a", "x", False),
        ("a/2", "a", "x", False),
        ("b/1", "b", "x", False),
        ("b/2", "b", "y", False),
        ("c/1", "c", "x", False),
        ("a/3", "a", "zero", True),
        ("b/3", "b", "zero", True),
        ("a/4", "a", None, False),
        ("b/4", "b", None, False),
    ]
    database.executemany("INSERT INTO measured VALUES (?, ?, ?, ?)", rows)
    assert shared_sounds(database) == [("a", "b", 1, "a/1"), ("a", "c", 1, "a/1"), ("b", "c", 1, "b/1")]
