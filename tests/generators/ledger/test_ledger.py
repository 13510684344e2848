"""The ledger keeps what it acknowledged, whatever happens to the file or the process."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import tracemalloc
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.errors import DataError
from aig.generators.chat import Reply
from aig.generators.ledger.compaction import compact
from aig.generators.ledger.costs import read_costs
from aig.generators.ledger.entries import Asked, Charge, Exposure
from aig.generators.ledger.key_index import KeyIndex
from aig.generators.ledger.ledger import Ledger
from helpers import ROOT
from helpers.asking import reply


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def test_reply_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = reply(7, 'L\'été\n"quoted" {brace} \x00 猫', dataset="fma", prompt="music@2", input_price="0.5")
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(kept)
        assert ledger.get(kept.key).content == kept.content
    again = Ledger(str(tmp_path)).get(kept.key)
    assert {**_fields(again), "raw": ""} == {**_fields(kept), "raw": ""}


def _fields(kept: Reply) -> dict[str, object]:
    return {name: getattr(kept, name) for name in Reply.__slots__}


@settings(max_examples=60, deadline=None)
@given(st.text(), st.sampled_from(["\n", "\r\n", ""]))
def test_raw_body_is_kept_byte_for_byte_but_for_line_breaks(
    tmp_path_factory: pytest.TempPathFactory, text: str, br: str
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    body = {
        "id": "x",
        "model": text,
        "choices": [{"message": {"content": text + ',"reply":'}, "finish_reason": "stop"}],
    }
    raw = json.dumps(body, ensure_ascii=False, indent=1 if br else None).replace("\n", br)
    with Ledger(str(folder)) as ledger:
        ledger.append(reply(1, raw=raw))
    kept = Ledger(str(folder)).get(reply(1).key)
    assert json.loads(kept.raw) == body
    assert kept.content == body["choices"][0]["message"]["content"]


def test_half_a_surrogate_pair_becomes_text_that_files_can_hold(tmp_path: Path) -> None:
    raw = '{"choices":[{"message":{"content":"a\\ud83db"},"finish_reason":"stop"}]}'
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(reply(1, raw=raw))
    assert Ledger(str(tmp_path)).get(reply(1).key).content == "a\ufffdb"


def test_truncated_at_every_byte_of_its_last_record(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "whole")) as ledger:
        ledger.append(reply(1), reply(2))
        ledger.append(reply(3, "the last one"))
    whole = segments(tmp_path / "whole")[0].read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for cut in range(start, len(whole)):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "w-000000.jsonl").write_bytes(whole[:cut])
        with Ledger(str(folder)) as ledger:
            assert len(ledger) == 2
            assert reply(3).key not in ledger
            assert ledger.damaged == (set() if cut == start else {("w-000000.jsonl", start)})
            ledger.append(reply(3, "asked again"))
        again = Ledger(str(folder))
        assert [again.get(reply(n).key).content for n in (1, 2, 3)] == ["An answer.", "An answer.", "asked again"]


def test_a_changed_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(reply(1), reply(2), reply(3))
    path = segments(tmp_path)[0]
    whole = path.read_bytes()
    draw = random.Random(1)
    for position in draw.sample(range(len(whole)), 150):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ (1 << draw.randrange(8))]) + whole[position + 1 :])
        ledger = Ledger(str(tmp_path))
        assert ledger.damaged
        assert len(ledger) <= 2


def test_writers_are_merged_and_the_first_reply_stays(tmp_path: Path) -> None:
    one, two = Ledger(str(tmp_path)), Ledger(str(tmp_path))
    one.append(reply(1, "first"))
    two.append(reply(1, "second"), reply(2, "other"))
    assert reply(2).key not in one
    one.refresh()
    assert one.get(reply(2).key).content == "other"
    merged = Ledger(str(tmp_path))
    assert merged.get(reply(1).key).content == "first"
    assert len(merged) == 2
    assert merged.paid_usd == Decimal("0.0001")


def test_money_in_flight_counts_until_a_run_ends_well(tmp_path: Path) -> None:
    broken, ended = Ledger(str(tmp_path)), Ledger(str(tmp_path))
    broken.append(Exposure(cost_usd="0.5", at=1.0), reply(1))
    ended.append(Exposure(cost_usd="0.7", at=1.0), Charge(key=reply(2).key, cost_usd="0.01", reason="lost", at=1.0))
    ended.append(Exposure(cost_usd="0", at=2.0))
    ledger = Ledger(str(tmp_path))
    assert ledger.lost_usd == Decimal("0.51")
    assert ledger.cost_usd == Decimal("0.51005")
    assert reply(2).key not in ledger


def test_object_store(tmp_path: Path) -> None:
    url = f"memory://ledger-{uuid.uuid4().hex}/responses"
    with Ledger(url) as one, Ledger(url) as two:
        one.append(reply(1), reply(2))
        two.append(reply(3))
        one.append(reply(4))
        two.refresh()
        assert len(two) == 4
    again = Ledger(url)
    assert again.get(reply(4).key).content == "An answer."
    assert again.paid_usd == Decimal("0.0002")


FILL = """
import resource, signal, sys
sys.path[:0] = sys.argv[2:]
from helpers.asking import reply
from aig.core.errors import DataError
from aig.generators.ledger.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger(sys.argv[1])
ledger.append(reply(0))
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
for number in range(1, 1000):
    try:
        ledger.append(reply(number, "x" * 300))
    except DataError as error:
        print(number, error.message)
        break
"""


def test_a_full_disk_ends_the_run_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILL, str(tmp_path / "r"), str(ROOT / "tests")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed = int(said.split()[0])
    assert "cannot write the ledger" in said
    with Ledger(str(tmp_path / "r")) as ledger:
        assert len(ledger) == failed
        assert ledger.damaged, "the disk took a part of the last line"
        ledger.append(reply(failed, "there is room again"))
    again = Ledger(str(tmp_path / "r"))
    assert all(reply(number).key in again for number in range(failed + 1))


def test_nothing_is_asked_on_a_nearly_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(str(tmp_path))
    ledger.check_room()
    monkeypatch.setattr("aig.generators.ledger.ledger.LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(DataError, match="MB are left on the disk"):
        ledger.check_room()


def test_index_finds_every_key_in_little_memory() -> None:
    draw = random.Random(3)
    keys = [f"{draw.getrandbits(256):064x}" for _ in range(80_000)]
    tracemalloc.start()
    index = KeyIndex()
    for number, key in enumerate(keys):
        assert index.add(key, (number % 7, number, 100))
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert not index.add(keys[5], (0, 0, 0))
    assert all(index.get(key) == (number % 7, number, 100) for number, key in enumerate(keys))
    assert f"{draw.getrandbits(256):064x}" not in index
    assert len(index) == len(keys)
    assert used < 250 * len(keys)


@pytest.mark.parametrize("store", ["disk", "object store"])
def test_compaction_keeps_what_counts(tmp_path: Path, store: str) -> None:
    url = str(tmp_path) if store == "disk" else f"memory://compact-{uuid.uuid4().hex}/responses"
    for number in range(5):
        with Ledger(url) as ledger:
            ledger.append(reply(number), reply(0, "again"))
            ledger.append(Charge(key=reply(9).key, cost_usd="0.01", reason="lost", at=1.0))
            ledger.append(Exposure(cost_usd="0.5" if number == 3 else "0", at=2.0))
    before = Ledger(url)
    kept = [before.get(reply(number).key) for number in range(5)]
    assert compact(url) == (5, 1, 0)
    after = Ledger(url)
    assert len(after.segments) == 1
    assert (len(after), after.paid_usd, after.lost_usd) == (5, before.paid_usd, before.lost_usd)
    assert after.lost_usd == Decimal("0.55")
    assert [after.get(reply(number).key) for number in range(5)] == kept
    assert compact(url) == (1, 1, 0)


def test_an_interrupted_compaction_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        with Ledger(str(tmp_path)) as ledger:
            ledger.append(reply(number), Charge(key=reply(9).key, cost_usd="0.01", reason="lost", at=1.0))
    monkeypatch.setattr("aig.generators.ledger.compaction.SEGMENT_BYTES", 1)
    for step in ("publish", "remove"):
        genuine = getattr(Ledger, step)
        for nth in (1, 3):
            calls = 0

            def breaking(self: Ledger, argument: Any, nth: int = nth, step: Any = genuine) -> None:
                nonlocal calls
                calls += 1
                if calls == nth:
                    raise KeyboardInterrupt
                step(self, argument)

            monkeypatch.setattr(Ledger, step, breaking)
            with contextlib.suppress(KeyboardInterrupt):
                compact(str(tmp_path))
            monkeypatch.setattr(Ledger, step, genuine)
            ledger = Ledger(str(tmp_path))
            assert (len(ledger), ledger.paid_usd, ledger.lost_usd) == (4, Decimal("0.0002"), Decimal("0.04"))


def test_small_objects_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aig.generators.ledger.ledger._MOST_SMALL_OBJECTS", 4)
    url = f"memory://small-{uuid.uuid4().hex}/responses"
    with Ledger(url) as ledger:
        for number in range(10):
            ledger.append(reply(number), Charge(key=reply(9).key, cost_usd="0.01", reason="lost", at=1.0))
        ledger.refresh()
        assert (len(ledger), ledger.lost_usd) == (10, Decimal("0.1"))
    again = Ledger(url)
    assert len(again.segments) == 3
    assert (len(again), again.lost_usd) == (10, Decimal("0.1"))


def test_accounts_add_up(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.append(
            reply(1, dataset="fma", prompt="music@1"), reply(2, dataset="fma", prompt="music@1", mode="batch")
        )
        ledger.append(reply(3, dataset="clotho", prompt="audio@1", output_tokens=40, cost_usd="0.1"))
        ledger.append(Asked(answered=3, cached=0, failed=1, at=1.0), Asked(answered=0, cached=3, failed=0, at=2.0))
    costs = read_costs(Ledger(str(tmp_path)))
    assert [name[:2] for name in costs.by_kind] == [("clotho", "audio@1"), ("fma", "music@1"), ("fma", "music@1")]
    assert sum(account.cost_usd for account in costs.by_kind.values()) == Ledger(str(tmp_path)).paid_usd
    assert (costs.hit_rate, costs.failed) == (0.5, 1)
    assert costs.usual_output() == {"audio@1": 40.0, "music@1": 20.0}
