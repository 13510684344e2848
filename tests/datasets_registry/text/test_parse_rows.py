"""Rows become records, bad rows records of the quarantine, and a file of another form stops."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.core.records import Quarantined
from aig.datasets_registry.text.file_kind import delimiter_of, describe
from aig.datasets_registry.text.parse_rows import collect, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

in_a_folder = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pair(row: list[str]) -> tuple[str, int] | None:
    if not row[1].isdigit():
        raise MalformedRowError(f"{row[1]!r} is not a number", column="n")
    return (row[0], int(row[1])) if row[0] else None


def parsed(tmp_path, content, columns=("name", "n"), **style):
    file = tmp_path / "a.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(parse_rows(file, "d", pair, columns=columns, **style))


@pytest.mark.parametrize(
    "content",
    [
        "name,n\nx,1\n",
        "N , name \n1,x\n",
        "id,n,name,more\n7,1,x,y\n",
        "x,1\n",
        "\ufeffname,n\r\nx,1\r\n",
        "name,n\nx,1\n".encode("utf-16"),
        "name,n\nx,1\n".encode("utf-16-le"),
    ],
)
def test_columns_are_found_by_the_header_or_in_order_without_one(tmp_path, content):
    assert parsed(tmp_path, content) == [("x", 1)]


@pytest.mark.parametrize("content", ["name,m\nx,1\n", "name;n\nx;1\n", "a,b,c\nx,1,2\n", "label,number\nx,1\n", "{}\n"])
def test_another_header_stops_with_what_the_file_seems_to_be(tmp_path, content):
    with pytest.raises(UsageError, match=r"a\.csv, line 1: no column .*; the file is ") as refused:
        parsed(tmp_path, content)
    assert "its columns are name, n" in refused.value.advice


def test_a_bad_row_is_set_aside_with_its_place_and_one_to_leave_out_is_left_out(tmp_path):
    first, cells, number, last = parsed(tmp_path, "name,n\nx,1\ny\n,5\nz,zwei\nw,4\n")
    assert (first, last) == (("x", 1), ("w", 4))
    assert cells.message == "a.csv, line 3, column 1: 1 cells instead of 2"
    assert number.message == "a.csv, line 5, column n: 'zwei' is not a number"
    assert number.advice == "Fix or remove the line; the other lines were read."


@in_a_folder
@given(st.integers(0, 60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_file_stops_where_most_rows_are_refused_and_only_there(tmp_path, good, bad, random):
    rows = ["x,1\n"] * good + ["x,one\n"] * bad
    random.shuffle(rows)
    if bad > good and (bad >= 20 or (bad > 2 and not good)):
        with pytest.raises(UsageError, match=f"d: {bad} of {good + bad} rows of "):
            parsed(tmp_path, "".join(rows), columns=2)
    else:
        items = parsed(tmp_path, "".join(rows), columns=2)
        assert sum(isinstance(item, Quarantined) for item in items) == bad
        assert len(items) == good + bad


def test_a_long_file_of_another_form_stops_before_its_end(tmp_path):
    with pytest.raises(UsageError, match="1,000 of 1,000 rows"):
        parsed(tmp_path, "x y\n" * 100_000, columns=2)


def test_a_torn_text_is_joined_and_a_torn_row_is_not(tmp_path):
    def text(row):
        return tuple(row)

    file = tmp_path / "a.csv"
    file.write_text("1,half a\ncaption of two lines\n2,torn\n3\n4,x,y\nthe rest\n5,whole\n6,whole\n")
    items = list(parse_rows(file, "d", text, columns=2, torn=True))
    assert [item for item in items if isinstance(item, tuple)] == [
        ("1", "half a caption of two lines"),
        ("5", "whole"),
        ("6", "whole"),
    ]
    assert [item.message.split(":")[0] for item in items if isinstance(item, Quarantined)] == [
        "a.csv, line 3, column 2",
        "a.csv, line 4, column 1",
        "a.csv, line 5, column 3",
        "a.csv, line 6, column 1",
    ]


def test_cells_in_an_older_encoding_are_read_where_it_is_known(tmp_path):
    content = "caf\u00e9,1\nth\u2019s,2\n".encode("cp1252") + b"\x81,3\n" + "na\u00efve,4\n".encode()
    assert [type(item) for item in parsed(tmp_path, content, columns=2)] == [
        Quarantined,
        Quarantined,
        Quarantined,
        tuple,
    ]
    read = parsed(tmp_path, content, columns=2, encoding="cp1252")
    assert [item[0] for item in read if isinstance(item, tuple)] == ["caf\u00e9", "th\u2019s", "na\u00efve"]


def test_pairs_are_collected_and_what_was_refused_is_passed_on(tmp_path):
    found: dict[str, int] = {}
    (bad,) = collect(parsed(tmp_path, "x,1\ny,b\nx,3\n", columns=2), found)
    assert (found, bad.error) == ({"x": 3}, "malformed_line")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"\n \n", "empty but for blank lines"),
        (b"<!DOCTYPE html><html>", "a web page, most likely of a login or of an error"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer; the file itself was not downloaded"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"a\0\0b\1", "binary data"),
        (b'{"a": 1}', "JSON that begins with '{\"a\": 1}'"),
        (b"a;b;c\n1;2;3\n", "a table of 3 cells between semicolons whose first line is 'a;b;c'"),
        ("a\tb\n".encode("utf-16"), "a table of 2 cells between tabs whose first line is 'a\\tb'"),
        (b"word " * 40, f"text whose first line is {('word ' * 16)!r}".replace("word '", "word …'")),
    ],
)
def test_what_a_file_seems_to_be(tmp_path, content, kind):
    (tmp_path / "a").write_bytes(content)
    assert describe(tmp_path / "a") == kind


@pytest.mark.parametrize(("line", "delimiter"), [("a,b;c,d", ","), ("a\tb,c\td", "\t"), ("a;b", ";"), ("a", ",")])
def test_the_delimiter_of_a_table(tmp_path, line, delimiter):
    (tmp_path / "a").write_text(line)
    assert delimiter_of(tmp_path / "a") == delimiter
