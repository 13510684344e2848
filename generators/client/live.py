"""Live requests: one queue, as many in flight as allowed, no barriers.

A request holds one of `concurrency` places while it waits for its turn and is on the wire, and gives the place up while
it rests before another try. A reply counts once it is durable. When the run has to stop, those on the wire are awaited,
because they are paid for, and nothing new leaves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from aig.core.decimals import format_decimal
from aig.core.errors import AigError
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.circuit_breaker import CircuitBreaker
from aig.generators.client.context import RequestContext
from aig.generators.client.endpoint import TransportError, request_body
from aig.generators.client.errors import RejectedError, RetryableError, check, read_reply
from aig.generators.client.prices import Price
from aig.generators.client.rate_limits import Limits
from aig.generators.client.tokens import input_tokens, most_output_tokens
from aig.generators.ledger.entries import Charge, Exposure

__all__ = ["Live"]

log = logging.getLogger(__name__)

SharedLimit = Callable[[int], Coroutine[Any, Any, None]]

_BACK_OFF = wait_exponential_jitter(multiplier=0.5, max=30, exp_base=2, jitter=0.5)
_RESTING_PER_PLACE = 8
_FEW = 4
"""With more than this many answered for each one that is told to wait, a request that always is is special."""
_LONG_WAIT_S = 60.0
_PROGRESS_EVERY_S = 0.2
_YIELD_EVERY = 256


class Live:
    """One run of live requests. For one event loop.

    Attributes:
        left: requests taken up and not settled when the run had to stop.
        exposure: the most that was in flight at a time, in US dollars, as put on record.
    """

    def __init__(self, context: RequestContext, shared_limit: SharedLimit | None = None) -> None:
        """Nothing is sent yet; `shared_limit` is awaited before each request with the tokens it may use."""
        self._context = context
        self._settings, self._summary = context.settings, context.summary
        self._ledger, self._commits, self._budget = context.ledger, context.commits, context.budget
        self._endpoint = context.endpoint
        self._shared_limit = shared_limit
        settings = context.settings
        self._limits = Limits(settings.requests_per_minute, settings.tokens_per_minute)
        self._breaker = CircuitBreaker(context.endpoint.url, settings.outage_s)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._resting = 0
        self._rested = asyncio.Event()
        self._asking: set[str] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._all_taken_up = False
        self._stop_error: Exception | None = None
        self.left: list[ChatRequest] = []
        self.exposure = Decimal(0)
        self._progress_at = 0.0

    async def run(self, requests: Iterable[ChatRequest]) -> None:
        """Asks everything that is not in the ledger.

        Raises:
            BudgetReachedError: the budget has no room for a further request.
            AigError: the run cannot go on.
        """
        tasks: set[asyncio.Task[None]] = set()
        try:
            for number, request in enumerate(requests):
                if number % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
                if request.key in self._ledger or request.key in self._asking:
                    self._summary.cached += 1
                    self._breaker.record_cached()
                    continue
                await self._place()
                if self._stopping:
                    self.left.append(request)
                    break
                self._asking.add(request.key)
                task = asyncio.create_task(self._answer(request))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            self._all_taken_up = True
            if tasks:
                await asyncio.wait(set(tasks))
        finally:
            self._stop(None)
            if tasks:
                log.info("waiting for %d requests in flight", len(tasks))
                await asyncio.wait(set(tasks))
            self._report(force=True)
        if error := self._stop_error or self._breaker.verdict():
            raise error

    async def _place(self) -> None:
        while self._resting >= _RESTING_PER_PLACE * self._settings.concurrency and not self._stopping:
            self._rested.clear()
            await self._rested.wait()
        await self._places.acquire()

    def _stop(self, error: Exception | None) -> None:
        """Lets nothing new leave; `error` is what the run ends with."""
        self._stopping = True
        if self._stop_error is None:
            self._stop_error = error
        for task in list(self._idle):
            task.cancel()

    async def _idling(self, wait: Coroutine[Any, Any, None]) -> None:
        """Waits with nothing on the wire, so that a stop may cut it short."""
        if self._stopping:
            wait.close()
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        self._idle.add(task)
        try:
            await wait
        finally:
            self._idle.discard(task)

    async def _answer(self, request: ChatRequest) -> None:
        """Gets one request answered, with as many tries as it takes; the task's end gives its place back."""
        try:
            try:
                await self._try(request)
            except RetryableError as error:
                await self._try_again(request, error)
        except RetryableError as error:
            self._summary.fail(
                request, "no_reply", error.reason, "Run the same command again: the request is sent again."
            )
        except RejectedError as error:
            self._summary.fail(request, error.error, error.message, error.advice)
        except asyncio.CancelledError:
            self.left.append(request)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is ends the run, which raises it
            self.left.append(request)
            self._stop(error)
        finally:
            self._asking.discard(request.key)
            self._places.release()
            self._report()

    async def _try_again(self, request: ChatRequest, first: RetryableError) -> None:
        """Tries until it succeeds or has failed often enough.

        Being told to wait (429) does not count as a failure, unless others are answered meanwhile and hardly any of
        them is told to wait.
        """
        known: RetryableError | None = first
        faults, answered, limited = 0, self._breaker.answered, self._breaker.limited

        async def attempt() -> None:
            nonlocal known
            if known is not None:  # the first try has been: most requests need no second, nor all this
                error, known = known, None
                raise error
            await self._try(request)

        def exhausted(state: RetryCallState) -> bool:
            nonlocal faults, answered, limited
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, RetryableError) and error.limited:
                others = max(0, self._breaker.limited - limited - 1)
                faults += self._breaker.answered - answered > _FEW * others
            else:
                faults += 1
            answered, limited = self._breaker.answered, self._breaker.limited
            return faults >= self._settings.max_attempts

        again = retry_if_exception_type(RetryableError)
        await AsyncRetrying(retry=again, wait=_wait, stop=exhausted, sleep=self._rest, reraise=True)(attempt)

    async def _rest(self, seconds: float) -> None:
        """Sleeps without a place."""
        self._places.release()
        self._resting += 1
        try:
            await self._idling(asyncio.sleep(seconds))
        finally:
            self._resting -= 1
            self._rested.set()
            await self._places.acquire()

    async def _try(self, request: ChatRequest) -> None:
        """Sends a request once: waits for its turn, reserves what it may cost, settles on what it did cost."""
        price = self._context.price(request.model)
        most_cost = self._context.most_cost(request)
        tokens = 0
        if self._limits.counts_tokens or self._shared_limit is not None:
            tokens = input_tokens(request) + (most_output_tokens(request) or 0)
        await self._idling(self._breaker.wait())
        await self._idling(self._budget.reserve(most_cost))
        cost, used_tokens = Decimal(0), 0
        try:
            if self._shared_limit is not None:
                await self._idling(self._shared_limit(tokens))
            await self._idling(self._limits.wait(tokens))
            await self._expose(most_cost)
            self._context.lock.check()
            self._summary.sent += 1
            try:
                reply = await self._send(request, price)
            except RetryableError as error:
                if error.maybe_paid and most_cost:
                    cost = min(most_cost, price.cost(*error.tokens)) if error.tokens else most_cost
                    charge = Charge(key=request.key, cost_usd=format_decimal(cost), reason=error.reason, at=time.time())
                    self._summary.lost_usd += cost
                    await self._commits.add(charge)
                raise
            cost, used_tokens = Decimal(reply.cost_usd), reply.input_tokens + reply.output_tokens
            await self._commits.add(reply)
        finally:
            self._limits.settle(tokens, used_tokens)
            self._budget.settle(most_cost, cost)
        self._summary.count(reply)
        self._context.check_empty()

    async def _send(self, request: ChatRequest, price: Price) -> Reply:
        try:
            answer = await self._endpoint.chat(json.dumps(request_body(request)).encode())
            self._limits.learn(answer.headers)
            outage_s = self._settings.outage_s
            check(answer, self._endpoint, request.model, outage_s=outage_s)
            reply = read_reply(answer, request, price, self._endpoint, outage_s=outage_s)
        except TransportError as error:
            self._raise_if(self._breaker.record_failure(error.reason, no_connection=not error.sent))
            raise RetryableError(error.reason, maybe_paid=error.sent) from None
        except RetryableError as error:
            if error.limited:
                self._limits.narrow()
                self._raise_outage(self._breaker.record_rate_limit(error.reason))
            else:
                self._raise_if(self._breaker.record_failure(error.reason, no_connection=False))
            if (error.after_s or 0) >= _LONG_WAIT_S:
                log.warning("%s asks to wait for %.0f s: %s", self._endpoint.url, error.after_s, error.reason)
            log.info("trying again: %s", error.reason)
            raise
        except RejectedError as error:
            self._raise_if(self._breaker.record_rejection(error))
            raise
        self._breaker.record_success()
        return reply

    def _raise_outage(self, error: AigError | None) -> None:
        """Stops the run where the server only says too many, or gives up what is left where all else was answered."""
        if error is not None and self._all_taken_up and self._breaker.ever_answered:
            raise RejectedError("no_reply", error.message, "Run the same command again later.", stop=error)
        self._raise_if(error)

    def _raise_if(self, error: AigError | None) -> None:
        if error is not None:
            raise error

    async def _expose(self, most_cost: Decimal) -> None:
        """Puts on record how much may be in flight, before it is: after a kill that much may have been spent."""
        if self._budget.reserved <= self.exposure:
            return
        most = most_cost * self._settings.concurrency
        if self._budget.limit is not None:
            most = min(most, self._budget.limit - self._budget.spent)
        self.exposure = max(most, self._budget.reserved)
        await self._commits.add(Exposure(cost_usd=format_decimal(self.exposure), at=time.time()))

    def _report(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._progress_at >= _PROGRESS_EVERY_S:
            self._progress_at = now
            self._context.on_progress(self._summary)


def _wait(state: RetryCallState) -> float:
    """Seconds before another try: what the server asks for, plus jitter, else exponential back-off with jitter."""
    error = state.outcome.exception() if state.outcome else None
    after = error.after_s if isinstance(error, RetryableError) else None
    return _BACK_OFF(state) if after is None else after + 0.02 * (_BACK_OFF(state) % 1)
