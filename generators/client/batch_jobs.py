"""Batches submitted and not settled yet, on record beside the ledger, so that an interrupted run finds them again.

<ledger>/batches/<job>.jsonl    the requests, as uploaded
<ledger>/batches/<job>.json     what the job is called there, whose requests these are, what they may cost
"""

from __future__ import annotations

import json
import posixpath
import time
import uuid
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from aig.core.storage import filesystem, write_bytes
from aig.generators.chat import ChatRequest

__all__ = ["Job", "JobStore", "request_of", "to_batch_line"]

URL = "/v1/chat/completions"


@dataclass(slots=True)
class Job:
    """One batch, from the moment its requests are written down until its replies are in the ledger.

    Attributes:
        attempt: how often its requests have been submitted, this time included.
        name: ours, also told to the provider.
        created_at: seconds since 1970.
        most_cost_usd: the most its requests can cost together, a decimal number as text.
        accounts: dataset and prompt of each request, by key.
        batch: the provider's name, empty until it has taken it.
        ending: whether we asked the provider to end it.
    """

    attempt: int = 1
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_at: float = field(default_factory=time.time)
    most_cost_usd: str = "0"
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    batch: str = ""
    ending: bool = False

    @property
    def most_cost(self) -> Decimal:
        """The most its requests can cost together, in US dollars."""
        return Decimal(self.most_cost_usd)


class JobStore:
    """The jobs of a ledger."""

    def __init__(self, ledger_url: str) -> None:
        self._fs, root = filesystem(ledger_url)
        self._root = posixpath.join(root, "batches")
        self._url = posixpath.join(ledger_url, "batches")

    def load(self) -> list[Job]:
        """All jobs that are not settled, the oldest first."""
        if not self._fs.exists(self._root):
            return []
        jobs = []
        for path in self._fs.ls(self._root, detail=False):
            if not path.endswith(".json"):
                continue
            fields = json.loads(self._fs.cat_file(path))
            fields["accounts"] = {key: tuple(account) for key, account in fields["accounts"].items()}
            jobs.append(Job(**fields))
        return sorted(jobs, key=lambda job: (job.created_at, job.name))

    def save(self, job: Job, requests: bytes = b"") -> None:
        """Puts a job on record; `requests` is the content of its file, the first time."""
        if requests:
            write_bytes(f"{self._url}/{job.name}.jsonl", requests)
        write_bytes(f"{self._url}/{job.name}.json", json.dumps(asdict(job)).encode())

    def lines(self, job: Job) -> dict[str, bytes]:
        """The requests of a job as uploaded, by key."""
        content = self._fs.cat_file(posixpath.join(self._root, f"{job.name}.jsonl"))
        return {json.loads(line)["custom_id"]: line for line in content.splitlines(keepends=True)}

    def path(self, job: Job) -> str:
        """Where a job is on record."""
        return f"{self._url}/{job.name}.json"

    def remove(self, job: Job) -> None:
        """Forgets a job: its replies are in the ledger, or it never reached the provider."""
        for suffix in ("json", "jsonl"):  # the record first: without it the other file means nothing
            path = posixpath.join(self._root, f"{job.name}.{suffix}")
            if self._fs.exists(path):
                self._fs.rm_file(path)


def to_batch_line(key: str, body: dict[str, Any]) -> bytes:
    """A line of a batch's file."""
    return json.dumps({"custom_id": key, "method": "POST", "url": URL, "body": body}).encode() + b"\n"


def request_of(line: bytes, account: tuple[str, str]) -> ChatRequest:
    """The request in a line of a batch's file, as far as prices and accounts need it; its key is the line's name."""
    fields = json.loads(line)
    body = fields["body"]
    parameters = {name: value for name, value in body.items() if name not in {"model", "messages"}}
    request = ChatRequest(body["model"], tuple(body["messages"]), parameters, None, *account)
    request.__dict__["key"] = fields["custom_id"]  # a schema went into the parameters, which would change the hash
    return request
