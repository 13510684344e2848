"""Asking the model beside datatrove's inference runner with its checkpoints, on the same server and requests."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from aig.generators.client.endpoint import request_body
from benchmarks.bench_generate import ours, requests, server
from benchmarks.figures import Figure, Skipped


def run() -> Iterable[Figure]:
    """500 and 5,000 requests; the time is that of the requests, without imports and start."""
    try:
        version = metadata.version("datatrove")
    except metadata.PackageNotFoundError:
        raise Skipped("datatrove is not installed: uv pip install 'datatrove[inference]'") from None
    for count, concurrency in ((500, 100), (5000, 500)):
        with server() as url:
            theirs = datatrove_s(url, count, concurrency)
            us = ours(url, count, concurrency)
        what = f"{count:,} requests at {concurrency}, beside datatrove {version}"
        yield Figure(what, count / us, count / theirs, "req/s", theirs / us, 1.0)


def datatrove_s(url: str, count: int, concurrency: int) -> float:
    """Seconds from the first request to the last document written."""
    from datatrove.data import Document
    from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
    from datatrove.pipeline.writers import JsonlWriter

    logging.getLogger("datatrove").setLevel(logging.WARNING)
    started: list[float] = []

    async def rollout(document: Document, generate: Any) -> Any:
        if not started:
            started.append(time.perf_counter())
        return await generate(document.metadata["body"])

    documents = [
        Document(text="x", id=str(number), metadata={"body": _payload(request)})
        for number, request in enumerate(requests(count))
    ]
    with tempfile.TemporaryDirectory() as folder:
        config = InferenceConfig(
            server_type="endpoint",
            model_name_or_path="mock",
            endpoint_url=url.removesuffix("/v1"),
            max_concurrent_generations=concurrency,
            server_ready_delay_sec=0.1,
        )
        runner = InferenceRunner(
            rollout,
            config,
            JsonlWriter(f"{folder}/out", output_filename="${rank}_${chunk_index}.jsonl"),
            checkpoints_local_dir=f"{folder}/checkpoints",
            records_per_chunk=count,
        )
        asyncio.run(runner.run_async(documents, rank=0))
        return time.perf_counter() - started[0]


def _payload(request: Any) -> dict[str, Any]:
    body = request_body(request)
    return {"messages": body["messages"], "max_tokens": body["max_tokens"]}
