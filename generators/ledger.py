"""The ledger: every reply of the model, raw, on disk before anything is done with it, found by its request's key.

Each writer appends to segments of its own (`<writer>-<n>.jsonl`), never to another's and never to an earlier run's, so a
line torn by a kill stays the last of its file and is left alone. Readers merge all segments by key.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

from datasets_registry.errors import DataError
from generators.chat import Reply
from generators.segments import Line, decode, encode, scan

__all__ = ["Ledger"]

SEGMENT_BYTES = 256 << 20
"""A segment this long is followed by a new one."""


class Ledger:
    """Replies by request key.

    Attributes:
        damaged: lines that were torn or damaged, as (segment's name, offset); their requests count as not asked.
    """

    def __init__(self, url: str) -> None:
        """Opens the ledger in the folder `url`, which need not exist yet, and indexes what it holds."""
        self._folder = Path(url.removeprefix("file://"))
        self._writer = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:8]}"
        self._count = 0
        self._stream: Any = None
        self._index: dict[bytes, tuple[str, int, int]] = {}
        self._costs = Decimal(0)
        self._scanned: dict[str, int] = {}
        self.damaged: list[tuple[str, int]] = []
        self.refresh()

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self._index

    def __len__(self) -> int:
        return len(self._index)

    @property
    def cost_usd(self) -> Decimal:
        """What all replies cost together."""
        return self._costs

    def refresh(self) -> None:
        """Indexes what other writers added since the last look."""
        for path in sorted(self._folder.glob("*.jsonl")):
            start = self._scanned.get(path.name, 0)
            if path.stat().st_size == start:
                continue
            for line in scan(path, start):
                if isinstance(line, Line):
                    self._enter(path.name, line)
                    start = line.offset + line.length + 1
                else:
                    self.damaged.append((path.name, line))
            self._scanned[path.name] = start

    def _enter(self, segment: str, line: Line) -> None:
        self._costs += line.cost_usd
        self._index[bytes.fromhex(line.key)] = (segment, line.offset, line.length)

    def get(self, key: str) -> Reply | None:
        """The reply to the request with this key, `None` where it was never answered."""
        place = self._index.get(bytes.fromhex(key))
        if place is None:
            return None
        segment, offset, length = place
        with (self._folder / segment).open("rb") as stream:
            stream.seek(offset)
            return _reply(decode(stream.read(length)))

    def append(self, *replies: Reply) -> None:
        """Adds replies; they are on disk when this returns.

        Raises:
            DataError: they cannot be written, such as on a full disk; none of them counts as answered then.
        """
        lines = [encode("reply", reply.key, reply.cost_usd, _content(reply)) for reply in replies]
        try:
            stream, path = self._segment()
            offset = stream.tell()
            stream.write(b"".join(lines))
            stream.flush()
            os.fsync(stream.fileno())
        except OSError as error:
            self._stream = None
            raise DataError(
                f"cannot write the ledger in {self._folder}: {error.strerror}",
                "make room, then run the same command again: it continues with what is not answered yet",
            ) from error
        for reply, line in zip(replies, lines, strict=True):
            self._enter(path.name, Line(offset, len(line) - 1, reply.key, Decimal(reply.cost_usd), "reply"))
            offset += len(line)
        self._scanned[path.name] = offset

    def _segment(self) -> tuple[Any, Path]:
        if self._stream is None or self._stream.tell() >= SEGMENT_BYTES:
            self.close()
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{self._writer}-{self._count:06d}.jsonl"
            self._count += 1
            self._stream = path.open("xb")
        return self._stream, Path(self._stream.name)

    def close(self) -> None:
        """Closes the segment that is being written; the ledger can still be read."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _content(reply: Reply) -> dict[str, Any]:
    body = json.loads(reply.raw) if reply.raw else _body(reply)
    names = ("dataset", "prompt", "mode", "input_price", "output_price", "answered_at")
    return {**{name: getattr(reply, name) for name in names}, "reply": body}


def _body(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content}
    return {
        "id": reply.request_id,
        "model": reply.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": {"prompt_tokens": reply.input_tokens, "completion_tokens": reply.output_tokens},
    }


def _reply(fields: dict[str, Any]) -> Reply:
    body = fields["reply"]
    choice = body["choices"][0]
    usage = body.get("usage") or {}
    return Reply(
        key=fields["key"],
        content=choice["message"].get("content") or "",
        model=body.get("model") or "",
        request_id=body.get("id") or "",
        finish_reason=choice.get("finish_reason") or "",
        input_tokens=usage.get("prompt_tokens", 0),
        output_tokens=usage.get("completion_tokens", 0),
        cost_usd=fields["cost_usd"],
        answered_at=fields["answered_at"],
        dataset=fields["dataset"],
        prompt=fields["prompt"],
        mode=fields["mode"],
        input_price=fields["input_price"],
        output_price=fields["output_price"],
        raw=json.dumps(body, ensure_ascii=False),
    )
