"""Laws of reading: a bad row is one bad row, whatever is in it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aig.datasets_registry.text.json_stream import json_items
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, json_lines, json_object

in_a_folder = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
junk = st.binary(max_size=12).filter(lambda line: not set(line) & set(b"\r\n"))
# The first line is good: what a file begins with decides whether it is text at all.
lines = st.lists(st.none() | junk, max_size=12).map(lambda some: [None, *some])


@in_a_folder
@given(lines)
def test_every_good_row_of_a_table_is_read_whatever_stands_between(tmp_path, lines):
    """`None` is a good row, which tells its own line."""
    file = tmp_path / "a.csv"
    content = [f'good,"{number}, or so"'.encode() if line is None else line for number, line in enumerate(lines, 1)]
    file.write_bytes(b"\n".join(content) + b"\n")
    rows = [(number, row) for number, row in csv_rows(file) if not isinstance(row, MalformedRowError)]
    wanted = [(number, ["good", f"{number}, or so"]) for number, line in enumerate(lines, 1) if line is None]
    assert [item for item in rows if item[1][0] == "good" and item in wanted] == wanted


@in_a_folder
@given(lines)
def test_every_good_line_of_json_is_read_whatever_stands_between(tmp_path, lines):
    file = tmp_path / "a.jsonl"
    content = [json.dumps({"n": number}).encode() if line is None else line for number, line in enumerate(lines, 1)]
    file.write_bytes(b"\n".join(content) + b"\n")
    rows = [(number, row["n"]) for number, row in json_lines(file) if isinstance(row, dict) and "n" in row]
    assert rows == [(number, number) for number, line in enumerate(lines, 1) if line is None]


@in_a_folder
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.sampled_from(['"a" "b"', '"a": }', "nonsense", '"a": "\\']))
def test_every_good_item_of_a_json_list_is_read_whatever_stands_between(tmp_path, good, broken):
    file = tmp_path / "a.json"
    items = [f'  {{"n": {number}}}' if ok else f"  {{{broken}}}" for number, ok in enumerate(good)]
    file.write_text('{"data": [\n' + ",\n".join(items) + "\n]}")
    found = list(json_items(file, "data"))
    assert [row["n"] for _, row in found if isinstance(row, dict)] == [n for n, ok in enumerate(good) if ok]
    assert [line for line, row in found if isinstance(row, dict)] == [n + 2 for n, ok in enumerate(good) if ok]


def test_an_item_longer_than_what_is_read_ahead_is_malformed_and_the_next_is_read(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"data": [\n {"n": 1},\n {"long": "' + "x" * (3 << 20) + '"},\n {"n": 2}\n]}')
    found = [row["n"] if isinstance(row, dict) else row.code for _, row in json_items(file, "data")]
    assert found[0] == 1
    assert found[-1] == 2


@pytest.mark.parametrize(
    "line",
    ['{"a": 1, "a": 2}', '{"x": [{"a": 1, "a": 1}]}', '{"a": "\\ud800"}', "[{}]", "{} {}", '{"a": NaN'],
    ids=ascii,
)
def test_a_line_that_says_two_things_or_none_is_malformed(line):
    with pytest.raises(MalformedRowError):
        json_object(line)


def test_bytes_that_are_not_text_are_seen_in_every_line_of_a_row(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b'a,b\n1,"x\ny\xd2"\n2,z\n')
    (_, _), (_, bad), (_, good) = csv_rows(file, multiline=True)
    assert isinstance(bad, MalformedRowError)
    assert good == ["2", "z"]


def test_a_number_of_thousands_of_digits_costs_its_own_item(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"data": [\n{"n": ' + "9" * 5000 + '},\n{"n": 2}\n]}')
    _, (_, good) = json_items(file, "data")
    assert good == {"n": 2}


@pytest.mark.parametrize("text", ["", "[]", '{"date": []}'])
def test_a_file_without_the_list_is_malformed(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    ((line, row),) = json_items(tmp_path / "a.json", "data")
    assert (line, row.code) == (1, "malformed_file")
