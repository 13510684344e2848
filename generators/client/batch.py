"""Requests by the provider's Batch API: half the price, within a day, into the same ledger.

Each batch is put on record before it is uploaded and forgotten once its replies are in the ledger. So a run that is
interrupted at any moment finds its batches again, by the name they carry at the provider, and submits nothing twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from aig.core.decimals import format_decimal
from aig.core.errors import AigError, DataError
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.batch_jobs import Job, JobStore, request_of, to_batch_line
from aig.generators.client.budget import BudgetReachedError
from aig.generators.client.context import RequestContext
from aig.generators.client.endpoint import Answer, BatchState, StatusError, TransportError, request_body
from aig.generators.client.errors import RejectedError, RetryableError, check
from aig.generators.client.replies import reply_from

__all__ = ["Batches"]

log = logging.getLogger(__name__)

_QUEUE_FULL = "token_limit_exceeded"
_LATER = "Run the same command again later: batches in progress are resumed."


class Batches:
    """One run of requests by batches. For one event loop.

    Attributes:
        left: requests taken up that the budget has no room for.
    """

    def __init__(self, context: RequestContext) -> None:
        """Nothing is sent yet."""
        self._context = context
        self._settings = context.settings.batch
        self._store = JobStore(context.ledger.url)
        self._open: list[Job] = []
        self._waiting: deque[tuple[Job, list[bytes]]] = deque()
        self.left: list[ChatRequest] = []

    async def run(self, requests: Iterable[ChatRequest]) -> None:
        """Submits everything that is neither in the ledger nor in a batch already, and waits for all of it.

        Raises:
            BudgetReachedError: the budget has no room for a further request; what was submitted is in the ledger.
            AigError: the provider takes no batches, or the run cannot go on.
        """
        try:
            await self._recover()
            await self._submit_all(requests)
            while self._open or self._waiting:
                await self._poll()
        except (StatusError, TransportError) as error:
            raise self._stopped(error) from None
        if self.left:
            raise BudgetReachedError

    async def cancel_earlier(self) -> None:
        """Ends batches of an earlier run and keeps what they have done, so that the rest can be asked live."""
        try:
            await self._recover()
            for job in self._open:
                if not (await self._context.endpoint.batch(job.batch)).final:
                    log.warning("batch %s of an earlier run is ended; what it has done is kept", job.batch)
                    await self._context.endpoint.cancel_batch(job.batch)
            while self._open:
                await self._poll()
                self._waiting.clear()  # asked live
        except (StatusError, TransportError) as error:
            raise self._stopped(error) from None

    def _stopped(self, error: StatusError | TransportError) -> Exception:
        """What ends the run when a call about files or batches fails for good."""
        endpoint = self._context.endpoint
        if isinstance(error, StatusError):
            try:
                check(error.answer, endpoint, self._context.settings.model)
            except AigError as stop:
                return stop
            except (RetryableError, RejectedError) as fault:
                return DataError(f"{endpoint.url}: {fault}", _LATER)
        return DataError(f"{endpoint.url}: {error}", _LATER)

    async def _recover(self) -> None:
        """Takes up the batches of earlier runs; one that was recorded but never submitted is forgotten."""
        for job in self._store.load():
            if not job.batch:
                found = await self._context.endpoint.find_batch(job.name, job.created_at)
                if found is None:
                    self._store.remove(job)
                    continue
                job.batch = found
                self._store.save(job)
            self._context.budget.reserved += job.most_cost
            self._open.append(job)

    async def _submit_all(self, requests: Iterable[ChatRequest]) -> None:
        """Fills one batch after another, each within the provider's limits and the budget."""
        pending = {key for job in self._open for key in job.accounts}
        job, lines, size = Job(), list[bytes](), 0
        for request in requests:
            if request.key in self._context.ledger or request.key in pending:
                self._context.summary.cached += 1
                continue
            line, most = to_batch_line(request.key, request_body(request)), self._context.most_cost(request)
            full = len(lines) == self._settings.requests_per_file or size + len(line) > self._settings.bytes_per_file
            if lines and (full or not self._fits(job.most_cost + most)):
                await self._submit(job, lines)
                job, lines, size = Job(), [], 0
            while not self._fits(most) and (self._open or self._waiting):
                await self._poll()
            if not self._fits(most):
                self.left.append(request)
                return
            pending.add(request.key)
            lines.append(line)
            size += len(line)
            job.most_cost_usd = format_decimal(job.most_cost + most)
            job.accounts[request.key] = (request.dataset, request.prompt)
        if lines:
            await self._submit(job, lines)

    def _fits(self, cost: Decimal) -> bool:
        budget = self._context.budget
        return budget.limit is None or budget.spent + budget.reserved + cost <= budget.limit

    async def _submit(self, job: Job, lines: list[bytes]) -> None:
        """Records, uploads and submits a batch, once there is room for one more."""
        while self._waiting or len(self._open) >= self._settings.batches_in_flight:
            await self._poll()
        await self._send(job, lines)

    async def _send(self, job: Job, lines: list[bytes]) -> None:
        context = self._context
        context.lock.check()
        await context.budget.reserve(job.most_cost)
        content = b"".join(lines)
        self._store.save(job, content)
        self._open.append(job)
        file = await context.endpoint.upload(content)
        try:
            job.batch = await context.endpoint.create_batch(file, job.name, self._settings.completion_window)
        except TransportError:  # it may have been taken all the same
            found = await context.endpoint.find_batch(job.name, job.created_at)
            if found is None:
                raise
            job.batch = found
        self._store.save(job)
        context.summary.sent += len(lines)
        context.on_progress(context.summary)

    async def _poll(self) -> None:
        """Polls every batch once and settles those that are finished; waits where none is."""
        settled = False
        for job in list(self._open):
            state = await self._context.endpoint.batch(job.batch)
            if state.final:
                await self._settle(job, state)
                settled = True
        self._context.on_progress(self._context.summary)
        if self._waiting and (settled or not self._open):
            await self._send(*self._waiting.popleft())
        elif not settled:
            await asyncio.sleep(self._settings.poll_s)

    async def _settle(self, job: Job, state: BatchState) -> None:
        """Brings a finished batch's replies into the ledger; what failed in passing waits to be submitted again."""
        lines = self._store.lines(job)
        if state.status == "failed":
            self._close_job(job, Decimal(0))
            self._split_or_stop(job, list(lines.values()), state)
            return
        spent, unanswered = Decimal(0), dict(lines)
        with tempfile.TemporaryDirectory(prefix="aig-batch-") as folder:
            for file in filter(None, (state.output, state.errors)):
                path = Path(folder) / "outcomes.jsonl"
                await self._context.endpoint.download(file, path)
                for outcome in _outcomes(path):
                    line = unanswered.get(str(outcome.get("custom_id")))
                    if line is None:
                        continue
                    request = request_of(line, job.accounts[str(outcome["custom_id"])])
                    reply = self._read(request, outcome, job)
                    if reply is not None:
                        spent += Decimal(reply.cost_usd)
                        await self._keep(reply)
                    if reply is not None or self._is_given_up(request, outcome, job):
                        del unanswered[request.key]
        self._close_job(job, spent)
        if unanswered:
            again = Job(attempt=job.attempt + 1)
            again.accounts = {key: job.accounts[key] for key in unanswered}
            most = (self._context.most_cost(request_of(line, ("", ""))) for line in unanswered.values())
            again.most_cost_usd = format_decimal(sum(most, Decimal(0)))
            self._waiting.append((again, list(unanswered.values())))

    def _close_job(self, job: Job, spent: Decimal) -> None:
        self._open.remove(job)
        self._context.budget.settle(job.most_cost, spent)
        self._store.remove(job)

    async def _keep(self, reply: Reply) -> None:
        """Puts a reply into the ledger, unless an interrupted run did so already."""
        if reply.key not in self._context.ledger:
            await self._context.commits.add(reply)
            self._context.summary.count(reply)

    def _read(self, request: ChatRequest, outcome: dict[str, Any], job: Job) -> Reply | None:
        response = outcome.get("response") or {}
        if response.get("status_code") != 200:
            return None
        body = response.get("body")
        try:
            return reply_from(body, json.dumps(body), request, self._context.price(request.model), "batch")
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            log.info("batch %s: a reply without content", job.batch)
            return None

    def _is_given_up(self, request: ChatRequest, outcome: dict[str, Any], job: Job) -> bool:
        """Whether a request that got no reply will not get one in a further batch either."""
        response = outcome.get("response") or {}
        body = json.dumps(response.get("body")).encode()
        error = outcome.get("error") or {}
        try:
            if response.get("status_code", 200) != 200:
                check(Answer(response["status_code"], {}, body), self._context.endpoint, request.model)
            reason = str(error.get("message") or "no reply in the batch's files")
        except RejectedError as refused:
            self._context.summary.fail(request, refused.error, refused.message, refused.advice)
            return True
        except RetryableError as again:
            reason = again.reason
        if job.attempt < self._context.settings.max_attempts:
            return False
        self._context.summary.fail(
            request, "no_reply", reason, "Run the same command again: the request is sent again."
        )
        return True

    def _split_or_stop(self, job: Job, lines: list[bytes], state: BatchState) -> None:
        """A batch the provider did not take: later, in halves where it is too much by itself, or never."""
        codes = {code for code, _ in state.faults}
        said = "; ".join(f"{code}: {message}" for code, message in state.faults[:3])
        if codes != {_QUEUE_FULL} or (not self._open and len(lines) == 1):
            raise DataError(
                f"{self._context.endpoint.url} refused a batch of {len(lines):,} requests: {said}",
                "See what the provider says; generate.mode: live asks without batches.",
            )
        size = len(lines) if self._open else (len(lines) + 1) // 2
        for start in range(0, len(lines), size):
            part = lines[start : start + size]
            requests = [request_of(line, ("", "")) for line in part]
            smaller = Job(attempt=job.attempt)
            smaller.accounts = {request.key: job.accounts[request.key] for request in requests}
            smaller.most_cost_usd = format_decimal(
                sum((self._context.most_cost(request) for request in requests), Decimal(0))
            )
            self._waiting.append((smaller, part))


def _outcomes(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
