"""Compaction: many segments of many runs become few, without what was torn, repeated or settled."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, NamedTuple

from aig.core.decimals import format_decimal
from aig.core.locks import only_holder
from aig.generators.ledger.entries import Charge, to_line
from aig.generators.ledger.ledger import SEGMENT_BYTES, Ledger
from aig.generators.ledger.log_format import NO_KEY, decode, encode

__all__ = ["Compacted", "compact"]


class Compacted(NamedTuple):
    """How many segments there were and are, and how many replies were forgotten."""

    before: int
    after: int
    forgotten: int


def compact(url: str, forget: Collection[str] = ()) -> Compacted:
    """Rewrites a ledger into as few segments as its size allows.

    Args:
        url: of the ledger.
        forget: keys of requests whose replies are left out for good; what they cost stays in the accounts.

    The new segments are complete before the first old one goes: the last of them names all it replaces, so a run that
    is interrupted leaves either the old ledger or the new one in force.

    Raises:
        DataError: somebody is asking; the ledger cannot be rewritten meanwhile.
    """
    advice = "Wait for that run or stop it."
    with only_holder(f"{url}/.lock", f"the ledger {url}", advice), Ledger(url, every_line=True) as ledger:
        # Also what an earlier compaction replaced and did not come to remove: this one removes what says so.
        everything, old = ledger.files, ledger.segments
        keys = {key for key in forget if key in ledger}
        if len(old) < 2 and not ledger.damaged and not keys:
            return Compacted(len(old), len(old), 0)
        cost = sum((Decimal(reply.cost_usd) for key in keys if (reply := ledger.get(key))), Decimal(0))
        full: list[Path] = []
        ends: list[bytes] = []
        stream = None
        with tempfile.TemporaryDirectory(dir=ledger.scratch, prefix=".compact-") as folder:
            for line, kind in ledger.lines_in_force():
                if kind != "reply":
                    ends += [] if kind == "exposure" else [line]
                    continue
                if keys and decode(line)[0]["key"] in keys:
                    continue
                if stream is None or stream.tell() >= SEGMENT_BYTES:
                    if stream is not None:
                        _finish(stream)
                    full.append(Path(folder) / f"{len(full):06d}")
                    stream = full[-1].open("wb")
                stream.write(line)
            left = sum(ledger.exposed.values(), Decimal(0))
            if left:
                reason = "in flight when a run was interrupted"
                ends.append(to_line(Charge(key=NO_KEY, cost_usd=format_decimal(left), reason=reason, at=time.time())))
            if cost:
                reason = "replies that were forgotten"
                ends.append(to_line(Charge(key=NO_KEY, cost_usd=format_decimal(cost), reason=reason, at=time.time())))
            ends.append(encode("replaces", NO_KEY, "0", {"segments": everything}))
            if stream is None:
                full.append(Path(folder) / "000000")
                stream = full[-1].open("wb")
            stream.write(b"".join(ends))  # what must not count twice is in the file that replaces the old ones
            _finish(stream)
            for path in full:
                ledger.publish(path)
        ledger.remove(everything)
        with Ledger(url) as compacted:
            compacted.save_index()
        return Compacted(len(old), len(full), len(keys))


def _finish(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
