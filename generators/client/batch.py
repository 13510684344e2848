"""Requests by the provider's Batch API: half the price, within a day, into the same ledger.

Each batch is put on record before it is uploaded and forgotten once its replies are in the ledger. So a run that is
interrupted at any moment finds its batches again, by the name they carry at the provider, and submits nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from aig.core.decimals import format_decimal
from aig.core.errors import AigError, DataError, UsageError
from aig.core.temporary import temporary_folder
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.batch_jobs import Job, JobStore, request_of, to_batch_line
from aig.generators.client.batch_outcomes import answer_in, read_outcomes
from aig.generators.client.budget import BudgetReachedError
from aig.generators.client.context import RequestContext
from aig.generators.client.endpoint import BatchState, StatusError, TransportError, request_body
from aig.generators.client.errors import RejectedError, RetryableError, check, read_reply
from aig.generators.ledger.entries import Charge

__all__ = ["Batches"]

log = logging.getLogger(__name__)

_QUEUE_FULL = "token_limit_exceeded"
_MANY = 20
_AGAIN = "Run the same command again: the request is sent again."
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
                if not (await self._state(job)).final:
                    log.warning("batch %s of an earlier run is ended; what it has done is kept", job.batch)
                    job.ending = True
                    self._store.save(job)
                    await self._context.endpoint.cancel_batch(job.batch)
            while self._open:
                await self._poll()
                self._waiting.clear()  # asked live
        except (StatusError, TransportError) as error:
            raise self._stopped(error) from None

    async def _state(self, job: Job) -> BatchState:
        """The state of a batch.

        Raises:
            DataError: the provider does not know it.
        """
        try:
            return await self._context.endpoint.batch(job.batch)
        except StatusError as error:
            if error.answer.status not in (404, 410):
                raise
            raise DataError(
                f"{self._context.endpoint.url} does not know the batch {job.batch} of {len(job.accounts):,} requests",
                "Use the key it was submitted with. To ask its requests again, which may cost a second time, remove "
                f"{self._store.path(job)}.",
            ) from None

    def _stopped(self, error: StatusError | TransportError) -> Exception:
        """What ends the run when a call about files or batches fails for good."""
        endpoint = self._context.endpoint
        if isinstance(error, StatusError):
            try:
                check(error.answer, endpoint, self._context.settings.model)
            except AigError as stop:
                return stop
            except RejectedError as fault:
                if error.answer.status in (404, 405):
                    return UsageError(
                        f"{endpoint.url} has no Batch API, or not for this key: {fault}", "Set generate.mode: live."
                    )
                return fault.stop if fault.at_first < _MANY else DataError(f"{endpoint.url}: {fault}", _LATER)
            except RetryableError as fault:
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
            state = await self._state(job)
            if state.final:
                await self._settle(job, state)
                settled = True
        self._context.on_progress(self._context.summary)
        if self._waiting and (settled or not self._open):
            job, lines = self._waiting.popleft()
            if job.attempt > 1:
                await asyncio.sleep(self._settings.poll_s)
            await self._send(job, lines)
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
        rejected: dict[str, RejectedError] = {}
        reasons: dict[str, str] = {}
        stop: AigError | None = None
        async for key, outcome in self._outcomes(state):
            if key not in unanswered or key in rejected:
                continue
            request = request_of(lines[key], job.accounts[key])
            try:
                reply = self._reply_in(outcome, request)
            except RejectedError as error:
                rejected[key] = error
            except RetryableError as error:
                reasons[key] = error.reason
                spent += await self._charge(request, error)
            except AigError as error:
                stop = stop or error
            else:
                del unanswered[key]
                spent += Decimal(reply.cost_usd)
                await self._keep(reply)
        self._close_job(job, spent)
        if len(rejected) == len(lines) and not self._context.summary.answered:
            stop = stop or next((error.stop for error in rejected.values() if error.at_first < _MANY), None)
        if stop is None and state.status == "cancelled" and not job.ending:
            stop = DataError(
                f"the batch {job.batch} was cancelled at the provider with {len(unanswered):,} of {len(lines):,} "
                "requests not answered",
                "What was answered is kept. Run the same command again to submit the rest.",
            )
        if stop is not None:
            raise stop
        for key, refusal in rejected.items():
            request = request_of(unanswered.pop(key), job.accounts[key])
            self._context.summary.fail(request, refusal.error, refusal.message, refusal.advice)
        self._context.check_empty()
        self._again(job, unanswered, reasons)

    async def _outcomes(self, state: BatchState) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The outcomes in a batch's files with the names of their requests; what cannot be read is left out."""
        with temporary_folder("batch") as folder:
            path = Path(folder) / "outcomes.jsonl"
            for file in filter(None, (state.output, state.errors)):
                try:
                    await self._context.endpoint.download(file, path)
                except StatusError as error:
                    if error.answer.status not in (404, 410):
                        raise
                    log.warning("batch %s: its file %s is gone", state.name, file)
                    continue
                for outcome in read_outcomes(path):
                    yield outcome

    def _reply_in(self, outcome: dict[str, Any], request: ChatRequest) -> Reply:
        """The reply in an outcome.

        Raises:
            RetryableError, RejectedError, AigError: there is none in it.
        """
        answer = answer_in(outcome)
        check(answer, self._context.endpoint, request.model)
        price = self._context.price(request.model)
        return read_reply(answer, request, price, self._context.endpoint, mode="batch")

    def _close_job(self, job: Job, spent: Decimal) -> None:
        self._open.remove(job)
        self._context.budget.settle(job.most_cost, spent)
        self._store.remove(job)

    async def _keep(self, reply: Reply) -> None:
        """Puts a reply into the ledger, unless an interrupted run did so already."""
        if reply.key not in self._context.ledger:
            await self._context.commits.add(reply)
            self._context.summary.count(reply)

    async def _charge(self, request: ChatRequest, error: RetryableError) -> Decimal:
        """Puts on record what a request without a reply may have cost."""
        if not error.maybe_paid:
            return Decimal(0)
        most = self._context.most_cost(request)
        cost = min(most, self._context.price(request.model).cost(*error.tokens)) if error.tokens else most
        if cost:
            self._context.summary.lost_usd += cost
            charge = Charge(key=request.key, cost_usd=format_decimal(cost), reason=error.reason, at=time.time())
            await self._context.commits.add(charge)
        return cost

    def _again(self, job: Job, lines: dict[str, bytes], reasons: dict[str, str]) -> None:
        """Has requests without a reply submitted once more, or gives them up."""
        for key, line in list(lines.items()):
            if job.attempt >= self._context.settings.max_attempts:
                reason = reasons.get(key, "no reply in the batch's files")
                request = request_of(line, job.accounts[key])
                self._context.summary.fail(request, "no_reply", reason, _AGAIN)
                del lines[key]
        if lines:
            again = Job(attempt=job.attempt + 1)
            again.accounts = {key: job.accounts[key] for key in lines}
            most = (self._context.most_cost(request_of(line, ("", ""))) for line in lines.values())
            again.most_cost_usd = format_decimal(sum(most, Decimal(0)))
            self._waiting.append((again, list(lines.values())))

    def _split_or_stop(self, job: Job, lines: list[bytes], state: BatchState) -> None:
        """A batch the provider did not take: later, in halves where it is too much by itself, or never."""
        codes = {code for code, _ in state.faults}
        said = "; ".join(f"{code}: {message}" for code, message in state.faults[:3]) or "without a reason"
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
