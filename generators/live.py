"""Live requests: one queue, as many in flight as allowed, no barriers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from decimal import Decimal

from datasets_registry.errors import DataError
from generators.chat import ChatRequest, Reply
from generators.endpoint import Endpoint, TransportError, request_body
from generators.group_commit import GroupCommit
from generators.ledger import Ledger
from generators.settings import GenerateSettings
from generators.summary import Summary

__all__ = ["ask_live"]


async def ask_live(
    requests: Iterable[ChatRequest],
    ledger: Ledger,
    settings: GenerateSettings,
    on_progress: Callable[[Summary], None],
) -> Summary:
    """See `generators.client.ask`."""
    summary = Summary()
    source = iter(requests)
    async with Endpoint(settings) as endpoint, GroupCommit(ledger) as commits, asyncio.TaskGroup() as group:

        async def worker() -> None:
            for request in source:
                if request.key in ledger:
                    summary.cached += 1
                    continue
                try:
                    summary.sent += 1
                    answer = await endpoint.chat(json.dumps(request_body(request)).encode())
                except TransportError as error:
                    raise DataError(
                        f"{endpoint.url}: {error.reason}", "start the server or correct generate.base_url"
                    ) from None
                if answer.status != 200:
                    raise DataError(f"{endpoint.url} answered {answer.status}", "see the server's log")
                body = json.loads(answer.body)
                choice = body["choices"][0]
                usage = body.get("usage") or {}
                await commits.add(
                    Reply(
                        key=request.key,
                        content=choice["message"].get("content") or "",
                        model=body["model"],
                        request_id=body["id"],
                        finish_reason=choice["finish_reason"],
                        input_tokens=usage["prompt_tokens"],
                        output_tokens=usage["completion_tokens"],
                        cost_usd=str(Decimal(0)),
                        answered_at=time.time(),
                        dataset=request.dataset,
                        prompt=request.prompt,
                        raw=answer.body.decode(),
                    )
                )
                summary.answered += 1
                summary.input_tokens += usage["prompt_tokens"]
                summary.output_tokens += usage["completion_tokens"]
                on_progress(summary)

        for _ in range(settings.concurrency):
            group.create_task(worker())
    return summary
