"""A prompt tried on some clips: the model is asked, and each pair it writes is told with what the filters say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aig.generators.client.ask import ask
from aig.generators.client.summary import Summary
from aig.generators.ledger.ledger import Ledger
from aig.generators.open_ended.pairs import pairs
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.generate.plan import request_about
from aig.pipelines.views.prompt_clips import clips_in_workspace
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.open_ended import load

__all__ = ["COLUMNS", "answers_to"]

COLUMNS = ("audio_id", "prompt", "question", "answer", "kept", "rule", "reason")


def answers_to(
    configuration: Configuration, name: str, audio_ids: Sequence[str] | None, limit: int
) -> list[dict[str, Any]]:
    """What the configuration's model answers to a prompt, a row a pair with the values of `COLUMNS`.

    Replies are kept in the workspace's ledger, so that asking again costs nothing; limits and budget are those of the
    configuration. A clip that the prompt has nothing to ask about, or whose request failed, has a row that says so.

    Args:
        configuration: with the model, the prompts' folder and the clips.
        name: of the prompt, with `@<version>` or the newest.
        audio_ids: clips; `None`: the first `limit` measured ones that the prompt is about.
        limit: how many, where none are named.

    Raises:
        UsageError: no such prompt or clip, or the model cannot be asked.
        DataError: the budget is used up.
    """
    settings = configuration.generate
    prompt = load(name, settings.questions.prompt_folder)
    items = clips_in_workspace(configuration, audio_ids, prompt, configuration.seed, limit)
    requests = [
        request_about(configuration, dataset_of(configuration, item.clip.dataset), item, prompt) for item in items
    ]
    rows: list[dict[str, Any]] = []

    def add(audio_id: str, question: str | None, answer: str | None, rule: str = "", reason: str = "") -> None:
        values = (audio_id, prompt.id, question, answer, not rule, rule, reason)
        rows.append(dict(zip(COLUMNS, values, strict=True)))

    with Ledger(Workspace(configuration.workspace).url("responses")) as ledger:

        def asked() -> Summary:
            return asyncio.run(ask([request for request in requests if request], ledger, settings))

        with ThreadPoolExecutor(1) as thread:  # a notebook's own thread has an event loop already
            failures = {failure.key: failure for failure in thread.submit(asked).result().failures}
        for item, request in zip(items, requests, strict=True):
            audio_id = item.clip.audio_id
            reply = ledger.get(request.key) if request else None
            if request is None:
                add(audio_id, None, None, "nothing_to_ask", "the clip has nothing that the prompt is about")
            elif reply is None:
                failure = failures.get(request.key)
                add(audio_id, None, None, "no_reply", failure.message if failure else "the model did not answer")
            else:
                audio_input = settings.questions.audio_input
                kept, dropped = pairs(
                    reply, item, prompt, configuration.answers, audio_input=audio_input, seed=configuration.seed
                )
                for pair in kept:
                    add(audio_id, pair.instruction, pair.output)
                for gone in dropped:
                    add(audio_id, gone.question, gone.answer, gone.rule, gone.reason)
    return rows
