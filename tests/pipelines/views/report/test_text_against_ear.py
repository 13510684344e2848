"""Clips by word error rate, as the report counts them."""

import duckdb

from aig.pipelines.views.report.text_against_ear import word_error_bands


def test_clips_are_counted_by_band_and_dataset():
    database = duckdb.connect()
    database.execute("CREATE TABLE measured (audio_id VARCHAR, dataset VARCHAR, text VARCHAR, transcript VARCHAR)")
    rows = [
        ("a/1", "a", "one two three four", "One, two, three, four."),
        ("a/2", "a", "one two three four", "one two three"),
        ("a/3", "a", "one two three four", "something else is said here"),
        ("a/4", "a", None, "one"),
        ("a/5", "a", "one", None),
        ("b/1", "b", "...", "one"),
    ]
    database.executemany("INSERT INTO measured VALUES (?, ?, ?, ?)", rows)
    assert word_error_bands(database) == {"a": [1, 1, 0, 0, 1]}
