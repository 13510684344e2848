"""Whatever is done to a set's files, the validator finds something or nothing: it never fails itself."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aig.core.errors import AigError
from aig.core.records import QAPair
from aig.shards.manifest import Manifest
from aig.shards.schema import DATA, LINEAGE
from aig.shards.validator.validate import validate

FILES = (
    "README.md",
    "croissant.json",
    "manifest.json",
    "data/open/train-00000-of-00001.parquet",
    "lineage/open/train-00000-of-00001.parquet",
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@pytest.fixture(scope="module")
def small_set(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: Callable[[int], list[QAPair]],
    published_by: Callable[..., Manifest],
) -> Path:
    folder = tmp_path_factory.mktemp("small")
    published_by(folder, pairs(44))
    return folder


@pytest.fixture
def copy(small_set: Path, tmp_path: Path) -> Callable[[], Path]:
    def fresh() -> Path:
        shutil.rmtree(tmp_path / "set", ignore_errors=True)
        shutil.copytree(small_set, tmp_path / "set")
        return tmp_path / "set"

    return fresh


def checked(folder: Path) -> None:
    with contextlib.suppress(AigError):
        report = validate(str(folder))
        assert json.dumps(report.to_dict())
        assert str(report)


@FUZZ
@given(st.sampled_from(FILES), st.data())
def test_bytes_that_changed(copy: Callable[[], Path], name: str, data: st.DataObject) -> None:
    folder = copy()
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    kind = data.draw(st.sampled_from(("flip", "cut", "insert", "swap")))
    if kind == "flip":
        content[at] = data.draw(st.integers(0, 255))
    elif kind == "cut":
        del content[at:]
    elif kind == "insert":
        content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        content = content[at:] + content[:at]
    (folder / name).write_bytes(content)
    checked(folder)


def paths_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, inner in items for path in paths_in(inner, (*at, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


@FUZZ
@given(st.sampled_from(("manifest.json", "croissant.json")), st.data())
def test_values_that_changed(copy: Callable[[], Path], name: str, data: st.DataObject) -> None:
    folder = copy()
    top = json.loads((folder / name).read_text())
    path = data.draw(st.sampled_from(paths_in(top)))
    (folder / name).write_text(json.dumps(replaced(top, path, data.draw(ODD))))
    checked(folder)


@FUZZ
@given(st.data())
def test_cards_that_changed(copy: Callable[[], Path], data: st.DataObject) -> None:
    folder = copy()
    front = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    path = data.draw(st.sampled_from(paths_in(front)))
    text = yaml.safe_dump(replaced(front, path, data.draw(ODD)), allow_unicode=True)
    (folder / "README.md").write_text(f"---\n{text}---\n", encoding="utf-8", errors="replace")
    checked(folder)


@FUZZ
@given(st.text(max_size=200))
@example("---\n" + "[" * 5000 + "\n---\n")
@example("---\n? {a: 1}\n: 2\n---\n")
@example("---\na: &a [*a]\n---\n")
@example("---\nconfigs: !!python/object:os.system {}\n---\n")
@example("---\nconfigs: 2026-13-45\n---\n")
def test_cards_of_any_text(copy: Callable[[], Path], text: str) -> None:
    folder = copy()
    (folder / "README.md").write_text(text, encoding="utf-8", errors="replace")
    checked(folder)


TYPES = (
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.int8(),
    pa.float64(),
    pa.list_(pa.string()),
    pa.struct([("a", pa.string())]),
    pa.dictionary(pa.int8(), pa.string()),
    pa.null(),
    pa.timestamp("us"),
)


@FUZZ
@given(st.sampled_from(FILES[3:]), st.data())
def test_columns_of_any_kind_and_text(copy: Callable[[], Path], name: str, data: st.DataObject) -> None:
    folder = copy()
    table = pq.read_table(folder / name)
    column = data.draw(st.integers(0, table.num_columns - 1))
    field = table.schema.field(column)
    if data.draw(st.booleans()):
        kind = data.draw(st.sampled_from(TYPES))
        values = pa.nulls(table.num_rows, kind)
    else:
        texts = data.draw(st.lists(st.none() | st.text(max_size=30), min_size=table.num_rows, max_size=table.num_rows))
        plain = [text and text.encode(errors="replace").decode() for text in texts]
        kind, values = (pa.string(), pa.array(plain, pa.string()))
    table = table.set_column(column, pa.field(field.name, kind), values)
    schema = DATA if name.startswith("data") else LINEAGE
    pq.write_table(table.replace_schema_metadata(schema.metadata), folder / name)
    checked(folder)
