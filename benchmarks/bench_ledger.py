"""Opening a ledger: by its saved index, against reading every line of it; and what a worker fetches from a store."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterable

from benchmarks.figures import Figure

REPLIES = 200_000
BUCKET = 3_000
CONTENT = "The dog barks twice before the rain begins, which suggests that it heard the first drops on the roof. " * 12


def run() -> Iterable[Figure]:
    """Seconds to open; bytes that a worker fetches for a bucket of replies."""
    from aig.generators.ledger.ledger import Ledger

    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        with Ledger(folder) as ledger:
            _fill(ledger)
        started = time.process_time()
        with Ledger(folder) as ledger:
            lines = time.process_time() - started
            ledger.save_index()
        started = time.process_time()
        with Ledger(folder) as ledger:
            indexed = time.process_time() - started
            assert len(ledger) == REPLIES
        yield Figure(f"opening a ledger of {REPLIES:,} replies", indexed, lines, "s", indexed / lines, 0.2, False)
    yield _fetched()


def _fetched() -> Figure:
    import fsspec

    from aig.generators.ledger.ledger import Ledger

    url = f"memory://{uuid.uuid4().hex}"
    store = type(fsspec.filesystem("memory"))
    read = 0
    with Ledger(url) as ledger:
        _fill(ledger, REPLIES // 10)
    with Ledger(url) as ledger:
        ledger.save_index()
        size = ledger.size_bytes
    cat_file, get_file = store.cat_file, store.get_file

    def fetch(self: object, path: str, start: int | None = None, end: int | None = None, **more: object) -> bytes:
        nonlocal read
        content: bytes = cat_file(self, path, start=start, end=end, **more)
        read += len(content)
        return content

    def copy(self: object, path: str, local: str, **more: object) -> None:
        nonlocal read
        read += self.info(path)["size"]  # type: ignore[attr-defined]
        get_file(self, path, local, **more)

    store.cat_file, store.get_file = fetch, copy
    try:
        with Ledger(url) as ledger:
            for number in range(5_000, 5_000 + BUCKET):
                assert ledger.get(_key(number)) is not None
    finally:
        store.cat_file, store.get_file = cat_file, get_file
    return Figure(
        f"a worker's fetch for {BUCKET:,} of {REPLIES // 10:,} replies",
        read / 1e6,
        size / 1e6,
        "MB",
        read / size,
        0.5,
        False,
    )


def _key(number: int) -> str:
    return f"{number * 2654435761 % 2**64:016x}" + f"{number:016x}" * 3


def _fill(ledger: object, count: int = REPLIES) -> None:
    from aig.generators.chat import Reply
    from aig.generators.ledger.ledger import Ledger

    assert isinstance(ledger, Ledger)
    for start in range(0, count, 1_000):
        ledger.append(
            *(
                Reply(
                    key=_key(number),
                    content=CONTENT,
                    model="mock",
                    request_id=str(number),
                    finish_reason="stop",
                    input_tokens=300,
                    output_tokens=200,
                    cost_usd="0.0004",
                    answered_at=0.0,
                )
                for number in range(start, start + 1_000)
            )
        )
