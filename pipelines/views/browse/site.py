"""What the browser app shows: rows, and what a workspace knows about their clips."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from aig.core.records import Clip
from aig.extractors.scales import level_columns
from aig.generators.open_ended.parse import parse_reply
from aig.pipelines.views.browse.rows import Filters, Rows
from aig.pipelines.views.browse.sounds import Sounds
from aig.pipelines.views.browse.sources import RowSource
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.workspace.marks import Marks

__all__ = ["LEVELS", "Query", "Site"]

LEVELS = (*(scale.level for scale in level_columns()), "music_key")
"""Columns of words that clips are filtered by."""

_LABELLED = """
    SELECT audio_id FROM clips WHERE list_contains(labels, $label) OR list_contains(parents, $label)
        OR len(list_filter(events, lambda event : event.label = $label)) > 0
    UNION SELECT audio_id FROM features WHERE list_contains(sounds, $label)
"""
"""Clips with a label: annotated, above an annotated one in the ontology, or, where nobody annotated, a tagger's."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asked for, each as it stands in the address; empty: does not matter.

    Attributes:
        dataset: name.
        task: name.
        prompt: name and version.
        answerable: `yes` or `no`.
        label: display name of a sound, or of what sounds are kinds of, exactly.
        level: `<column>:<word>`, such as `speed_level:very fast` or `music_key:A minor`.
        marked: `good`, `bad` or `any`.
        text: to be found in the row.
    """

    dataset: str = ""
    task: str = ""
    prompt: str = ""
    answerable: str = ""
    label: str = ""
    level: str = ""
    marked: str = ""
    text: str = ""


@dataclass
class Site:
    """All that the pages are made of.

    Attributes:
        source: of the rows.
        rows: to be found.
        sounds: of the clips.
        marks: of the pairs.
        lookup: what the workspace knows about clips; `None` where only published rows are there.
    """

    source: RowSource
    rows: Rows
    sounds: Sounds
    marks: Marks
    lookup: ClipLookup | None

    def filters(self, query: Query) -> Filters:
        """The filters over rows that a query means."""
        pairs = None
        if query.marked:
            pairs = [qa_id for qa_id, mark in self.marks.by_id.items() if query.marked in ("any", mark.mark)]
        clips = None
        if self.lookup is not None and (query.label or query.level):
            clips = self._clips(query.label, query.level)
        return Filters(query.dataset, query.task, query.prompt, query.answerable, query.text, clips, pairs)

    def _clips(self, label: str, level: str) -> pa.Table:
        assert self.lookup is not None
        scale, _, word = level.partition(":")
        wanted, values = [], {}
        if label:
            wanted.append(_LABELLED)
            values["label"] = label
        if scale in LEVELS:
            wanted.append(f"SELECT audio_id FROM features WHERE {scale} = $word")  # noqa: S608 - one of LEVELS
            values["word"] = word
        query = " INTERSECT ".join(f"({one})" for one in wanted) or "SELECT audio_id FROM clips"
        return self.lookup.database.cursor().execute(query, values).to_arrow_table()

    @cached_property
    def labels(self) -> list[str]:
        """Labels of the clips, what these are kinds of, and what a tagger heard; the commonest first."""
        if self.lookup is None:
            return []
        rows = self.lookup.database.cursor().execute(
            """
            SELECT label FROM (
                SELECT unnest(list_distinct(list_concat(coalesce(labels, []), coalesce(parents, []),
                    coalesce(list_transform(events, lambda event : event.label), [])))) AS label FROM clips
                UNION ALL SELECT unnest(sounds) FROM features
            ) GROUP BY label ORDER BY count(*) DESC, label LIMIT 2000
            """
        )
        return [label for (label,) in rows.fetchall()]

    @cached_property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The words of each five-level scale, low to high, and the keys that there are."""
        if self.lookup is None:
            return {}
        from aig.extractors.levels import load_levels

        scales = load_levels(self.lookup.configuration.extract.levels)
        keys = self.lookup.database.cursor().execute(
            "SELECT DISTINCT music_key FROM features WHERE music_key IS NOT NULL ORDER BY 1"
        )
        words = {scale.level: getattr(scales, scale.name).words for scale in level_columns()}
        return {**words, "music_key": tuple(key for (key,) in keys.fetchall())}

    @cached_property
    def prompts(self) -> list[str]:
        """Prompts that rows or, with a workspace, replies can be looked up by."""
        found = {name for name in self.source.names["prompt"] if name}
        if self.lookup is not None:
            from aig.prompts.open_ended import load_all

            found |= set(load_all(self.lookup.configuration.generate.questions.prompt_folder))
        return sorted(found)

    def clip(self, audio_id: str) -> Clip | None:
        """The clip's record."""
        return self.lookup.clip(audio_id) if self.lookup else None

    def compared(
        self, left: str, right: str, start: int, size: int
    ) -> list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
        """Clips with rows of two prompts, each with its pairs of the one and of the other.

        Where a clip has no row of a prompt, the pairs are those of the ledger's reply to it. No filter judged these,
        so `published` is false for them.
        """
        audio_ids = self.rows.clips_of(left, right, start, size)
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self.rows.of_clips(audio_ids, (left, right)):
            rows.setdefault((row["audio_id"], row["prompt"]), []).append({**row, "published": True})

        def pairs(audio_id: str, prompt: str) -> list[dict[str, Any]]:
            return rows.get((audio_id, prompt)) or self._replied(audio_id, prompt)

        return [(audio_id, pairs(audio_id, left), pairs(audio_id, right)) for audio_id in audio_ids]

    def _replied(self, audio_id: str, prompt: str) -> list[dict[str, Any]]:
        clip = self.clip(audio_id)
        if self.lookup is None or clip is None:
            return []
        exchange = self.lookup.exchange(clip, self.lookup.features(audio_id), prompt)
        if exchange.reply is None:
            return []
        parsed = parse_reply(exchange.reply.content, exchange.reply.finish_reason)
        return [{"instruction": question, "output": answer, "published": False} for question, answer in parsed.pairs]
