"""A saved index says what reading every line says, and is left aside where it does not fit the segments."""

from __future__ import annotations

import uuid
from pathlib import Path

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.errors import DataError
from aig.generators.ledger import ledger as ledger_module
from aig.generators.ledger.compaction import compact
from aig.generators.ledger.entries import Charge, Exposure
from aig.generators.ledger.ledger import Ledger
from aig.generators.ledger.saved_index import FILE
from helpers.asking import reply

KEYS = 12


@pytest.fixture(autouse=True)
def every_byte_is_worth_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_WORTH_SAVING", 1)


def said(ledger: Ledger) -> tuple[object, ...]:
    """All that a ledger tells."""
    replies = {key: ledger.get(key) for number in range(KEYS) if (key := reply(number).key)}
    contents = {key: found.content for key, found in replies.items() if found}
    return contents, len(ledger), ledger.paid_usd, ledger.lost_usd, ledger.damaged, ledger.size_bytes


def kept_index(url: str) -> None:
    with Ledger(url) as ledger:
        ledger.save_index()


STEP = st.one_of(
    st.tuples(st.just("reply"), st.integers(0, KEYS - 1)),
    st.tuples(st.sampled_from(["charge", "exposure", "index", "compact", "tear", "reopen"]), st.just(0)),
)


@settings(max_examples=60)
@given(st.lists(STEP, max_size=14), st.booleans())
def test_it_says_what_the_lines_say_whatever_was_done(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], remote: bool
) -> None:
    url = f"memory://{uuid.uuid4().hex}" if remote else str(tmp_path_factory.mktemp("ledger"))
    writer = Ledger(url)
    for step, number in steps:
        if step == "reply":
            writer.append(reply(number, f"reply {number}", cost_usd="0.25"))
        elif step == "charge":
            writer.append(Charge(key=reply(0).key, cost_usd="0.5", reason="lost", at=0.0))
        elif step == "exposure":
            writer.append(Exposure(cost_usd="0.125", at=0.0))
        else:
            writer.close()
            if step == "index":
                kept_index(url)
            elif step == "compact":
                compact(url)
            elif step == "tear" and not remote and (torn := sorted(Path(url).glob("*.jsonl"))):
                with torn[-1].open("ab") as stream:
                    stream.write(b'{"crc":"00000000","key":"')
            writer = Ledger(url)
    writer.close()
    assert said(Ledger(url)) == said(Ledger(url, every_line=True))


def test_replies_on_a_store_are_fetched_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"memory://{uuid.uuid4().hex}"
    with Ledger(url) as ledger:
        for number in range(KEYS):
            ledger.append(reply(number, "x" * 1000))
    kept_index(url)
    copied: list[str] = []
    fetched: list[int] = []
    store = fsspec.filesystem("memory")
    get_file, cat_file = type(store).get_file, type(store).cat_file

    def copy(self: object, path: str, *rest: object, **more: object) -> object:
        copied.append(path)
        return get_file(self, path, *rest, **more)

    def fetch(self: object, path: str, start: int | None = None, end: int | None = None, **more: object) -> bytes:
        content: bytes = cat_file(self, path, start=start, end=end, **more)
        fetched.append(len(content))
        return content

    monkeypatch.setattr(type(store), "get_file", copy)
    monkeypatch.setattr(type(store), "cat_file", fetch)
    monkeypatch.setattr(ledger_module, "_BLOCK_BYTES", 4_000)
    reader = Ledger(url)
    assert len(reader) == KEYS
    assert reader.get(reply(3).key).content == "x" * 1000
    assert copied == []
    assert fetched[1:] == [4_000]  # the first is the index
    with Ledger(url) as later:
        later.append(reply(KEYS + 1))
    reader.refresh()
    assert len(copied) == 1
    assert reply(KEYS + 1).key in reader


@pytest.mark.parametrize("damage", [b"", b"{}\n", b'{"format": 99, "keys": 0, "crc": 0}\n', None], ids=str)
def test_one_that_is_damaged_or_of_another_version_is_left_aside(tmp_path: Path, damage: bytes | None) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(*(reply(number) for number in range(KEYS)))
    kept_index(str(tmp_path))
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:-9] + b"\0" + content[-8:] if damage is None else damage)
    assert said(Ledger(str(tmp_path))) == said(Ledger(str(tmp_path), every_line=True))


def test_a_reply_damaged_since_is_named_and_never_taken_for_another(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(reply(1, "one"), reply(2, "two"))
    kept_index(str(tmp_path))
    (segment,) = tmp_path.glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"one", b"eno"))
    reader = Ledger(str(tmp_path))
    assert reader.get(reply(2).key).content == "two"
    with pytest.raises(DataError, match="damaged since it was indexed") as error:
        reader.get(reply(1).key)
    assert FILE in error.value.advice
    (tmp_path / FILE).unlink()
    assert reply(1).key not in Ledger(str(tmp_path))
