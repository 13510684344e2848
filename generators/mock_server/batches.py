"""Files and batches of the test server: what the Batch API shows of itself from outside."""

from __future__ import annotations

import json
import random
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aig.generators.mock_server import replies
from aig.generators.mock_server.settings import MockSettings

__all__ = ["Batches", "UnknownError"]

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
_ENDPOINT = "/v1/chat/completions"


class UnknownError(Exception):
    """There is no file or batch of that name."""


@dataclass
class _Batch:
    name: str
    file: str
    metadata: dict[str, str]
    created: float
    window: str
    total: int = 0
    tokens: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    cancelled: float | None = None
    output: str | None = None
    error: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    final: str | None = None


class Batches:
    """Files in a folder and the batches made of them. Time passes only by the clock: nothing runs in between."""

    def __init__(self, settings: MockSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._files: dict[str, dict[str, Any]] = {}
        self._batches: dict[str, _Batch] = {}
        self.answered: list[str] = []

    def add_file(self, path: Path, filename: str, purpose: str) -> dict[str, Any]:
        """Takes over an uploaded file; returns its file object."""
        name = f"file-{uuid.uuid4().hex[:24]}"
        size = path.stat().st_size
        path.rename(self._folder / name)
        self._files[name] = {
            "id": name,
            "object": "file",
            "bytes": size,
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        return self._files[name]

    def file(self, name: str) -> dict[str, Any]:
        """A file object."""
        if name not in self._files:
            raise UnknownError(f"No such File object: {name}")
        return self._files[name]

    def content(self, name: str) -> Path:
        """Where a file's content is."""
        return self._folder / str(self.file(name)["id"])

    def delete(self, name: str) -> dict[str, Any]:
        """Deletes a file."""
        self.content(name).unlink()
        del self._files[name]
        return {"id": name, "object": "file", "deleted": True}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Makes a batch of a file; whether the file is good shows in the batch's status, as in the real service."""
        self.file(str(body.get("input_file_id")))
        if body.get("endpoint") != _ENDPOINT:
            raise replies.BadRequestError(f"Invalid value: {body.get('endpoint')!r}", "endpoint")
        if body.get("completion_window") != "24h":
            raise replies.BadRequestError("Supported values are: '24h'", "completion_window")
        batch = _Batch(
            name=f"batch_{uuid.uuid4().hex[:24]}",
            file=body["input_file_id"],
            metadata=body.get("metadata") or {},
            created=time.time(),
            window=body["completion_window"],
        )
        self._check(batch)
        self._batches[batch.name] = batch
        return self.show(batch.name)

    def _check(self, batch: _Batch) -> None:
        path = self.content(batch.file)
        seen: set[str] = set()

        def wrong(code: str, message: str, line: int | None) -> None:
            batch.errors.append({"code": code, "message": message, "line": line, "param": None})

        if path.stat().st_size > MOST_BYTES:
            wrong("file_too_large", "The file is larger than 200 MB.", None)
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    item = json.loads(line)
                    name, body = item["custom_id"], item["body"]
                except (ValueError, KeyError, TypeError):
                    wrong("invalid_json_line", "This line is not parseable as valid JSON.", number)
                    continue
                if name in seen:
                    wrong("duplicate_custom_id", f"The custom_id {name!r} was used before.", number)
                if item.get("url") != _ENDPOINT or item.get("method") != "POST":
                    wrong("mismatched_endpoint", "The url or method does not match the batch's endpoint.", number)
                seen.add(name)
                batch.tokens += replies.input_tokens(body)
        batch.total = len(seen)
        if batch.total > MOST_REQUESTS:
            wrong("too_many_tasks", f"The batch holds more than {MOST_REQUESTS} requests.", None)
        waiting = sum(
            other.tokens for other in self._batches.values() if self._status(other) in {"validating", "in_progress"}
        )
        limit = self._settings.batch_tokens
        if limit is not None and waiting + batch.tokens > limit:
            wrong("token_limit_exceeded", f"Enqueued token limit reached. Limit: {limit} enqueued tokens.", None)

    def _status(self, batch: _Batch) -> str:
        if batch.errors:
            return "failed"
        if batch.final is not None:
            return batch.final
        if batch.cancelled is not None:
            return "cancelling"
        return "validating" if time.time() - batch.created < 0.1 * self._settings.batch_s else "in_progress"

    def show(self, name: str) -> dict[str, Any]:
        """A batch object as of now."""
        if name not in self._batches:
            raise UnknownError(f"No such Batch object: {name}")
        batch = self._batches[name]
        now = time.time()
        if not batch.errors and batch.final is None:
            if batch.cancelled is not None and now >= batch.cancelled + 0.1 * self._settings.batch_s:
                self._finish(batch, (batch.cancelled - batch.created) / max(self._settings.batch_s, 1e-9), "cancelled")
            elif batch.cancelled is None and now >= batch.created + self._settings.batch_s:
                self._finish(batch, 1.0, "expired" if self._settings.batch_expired else "completed")
        counts = batch.counts or {"total": batch.total, "completed": 0, "failed": 0}
        return {
            "id": batch.name,
            "object": "batch",
            "endpoint": _ENDPOINT,
            "errors": {"object": "list", "data": batch.errors} if batch.errors else None,
            "input_file_id": batch.file,
            "completion_window": batch.window,
            "status": self._status(batch),
            "output_file_id": batch.output,
            "error_file_id": batch.error,
            "created_at": int(batch.created),
            "request_counts": counts,
            "metadata": batch.metadata,
        }

    def _finish(self, batch: _Batch, reached: float, final: str) -> None:
        """Answers the requests that came to their turn, and writes the two files."""
        output: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        draw = random.Random(f"{self._settings.seed}/{batch.name}")
        with self.content(batch.file).open("rb") as lines:
            for line in lines:
                item = json.loads(line)
                fate = draw.random()
                outcome: dict[str, Any] = {"id": f"batch_req_{uuid.uuid4().hex[:24]}", "custom_id": item["custom_id"]}
                if draw.random() >= reached or fate < self._settings.batch_expired:
                    message = "This request could not be executed before the completion window expired."
                    code = "batch_cancelled" if final == "cancelled" else "batch_expired"
                    errors.append(outcome | {"response": None, "error": {"code": code, "message": message}})
                    continue
                status, body = self._answer(item["body"], fate)
                response = {"status_code": status, "request_id": uuid.uuid4().hex, "body": body}
                (output if status == 200 else errors).append(outcome | {"response": response, "error": None})
        batch.output, batch.error = self._write(output, "output"), self._write(errors, "error")
        batch.counts = {"total": batch.total, "completed": len(output), "failed": len(errors)}
        batch.final = final

    def _answer(self, body: dict[str, Any], fate: float) -> tuple[int, dict[str, Any]]:
        if fate > 1 - self._settings.batch_failed:
            return 500, {"error": {"message": "The server had an error.", "type": "server_error", "code": None}}
        try:
            reply = replies.completion(body, seed=self._settings.seed, pairs=self._settings.pairs)
        except replies.BadRequestError as error:
            return 400, {"error": {"message": error.message, "type": "invalid_request_error", "code": None}}
        self.answered.append(replies.identity(body))
        return 200, reply

    def _write(self, lines: list[dict[str, Any]], kind: str) -> str | None:
        if not lines:
            return None
        path = self._folder / f"{uuid.uuid4().hex}.new"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(self.add_file(path, f"{kind}.jsonl", "batch_output")["id"])

    def cancel(self, name: str) -> dict[str, Any]:
        """Asks for a batch to be cancelled; what was done by then stays."""
        self.show(name)
        batch = self._batches[name]
        if batch.final is None and batch.cancelled is None:
            batch.cancelled = time.time()
        return self.show(name)

    def page(self, after: str | None, limit: int) -> dict[str, Any]:
        """The newest batches first, those after `after`."""
        names = list(reversed(self._batches))
        start = names.index(after) + 1 if after in names else 0
        shown = names[start : start + limit]
        return {
            "object": "list",
            "data": [self.show(name) for name in shown],
            "first_id": shown[0] if shown else None,
            "last_id": shown[-1] if shown else None,
            "has_more": start + limit < len(names),
        }
