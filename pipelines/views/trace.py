"""Where a published pair comes from: its lineage, the clip, what was measured, the prompt, the raw reply, the price."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aig.core.clip_pairs import clips_of
from aig.core.errors import DataError, UsageError
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.lookup import find
from aig.shards.published import PublishedSet

__all__ = ["trace_pair"]


def trace_pair(configuration: Configuration, qa_id: str) -> dict[str, Any]:
    """All that stands behind a published pair, one key per link: what is not known is `None`.

    Keys: `shard`, `row`, `pair` (the six columns), `lineage`, `clip`, `features`, where the pair is about two clips
    `second_clip` and `second_features`, `dataset` (title and licence),
    `prompt` (its text, as it was: its hash is the lineage's), `messages` (what the model was sent), `reply` (raw, with
    model, tokens and cost).

    Raises:
        DataError: the published set has no such pair, or is not whole.
    """
    workspace = Workspace(configuration.workspace)
    url = current_set(workspace) or workspace.url("shards")
    found = find(PublishedSet(url), qa_id)
    if found is None:
        raise DataError(
            f"no published pair has the id {qa_id!r}",
            "Ids stand in the column qa_id below lineage/; `aig publish` brings the shards up to date.",
        )
    lookup = ClipLookup(configuration, workspace, open_tables(configuration, workspace))
    named = clips_of(found.data["audio_id"])
    clip, features = lookup.clip(named[0]), lookup.features(named[0])
    second = {}
    if len(named) > 1:
        records = {"second_clip": lookup.clip(named[1]), "second_features": lookup.features(named[1])}
        second = {name: _known(asdict(record)) if record else None for name, record in records.items()}
    lineage = found.lineage
    exchange = None
    if clip is not None and lineage["source"] == "model":
        exchange = lookup.exchange(clip, features, lineage["prompt"], lineage["request_id"])
    dataset = None
    if found.data["dataset"] in configuration.datasets:
        described = dataset_of(configuration, found.data["dataset"])
        dataset = {"title": described.title, "licence": described.licence, "home": described.home}
    return {
        "shard": found.shard,
        "row": found.row,
        "pair": found.data,
        "lineage": lineage,
        "dataset": dataset,
        "clip": _known(asdict(clip)) if clip else None,
        "features": _known(asdict(features)) if features else None,
        **second,
        "prompt": _prompt_text(configuration, lineage),
        "messages": [list(message) for message in exchange.messages] if exchange and exchange.messages else None,
        "reply": asdict(exchange.reply) if exchange and exchange.reply else None,
    }


def _known(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None and not isinstance(value, bytes)}


def _prompt_text(configuration: Configuration, lineage: dict[str, Any]) -> str | None:
    """The text of the prompt or question bank a pair was made with; `None` where that version is no longer here."""
    from aig.prompts.banks import bank
    from aig.prompts.open_ended import load

    name = lineage["prompt"]
    try:
        if lineage["source"] == "model":
            prompt = load(name, configuration.generate.questions.prompt_folder)
            return prompt.body if prompt.sha256 == lineage["prompt_sha256"] else None
        asked = bank(name.split("@")[0])
    except (UsageError, KeyError):
        return None
    if asked.sha256 != lineage["prompt_sha256"]:
        return None
    return "\n".join([*asked.file.bases, "", *asked.file.instructions])
