"""The select stage: which clips stay, and why the others go."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.plugins import source_hash
from aig.core.storage import open_file
from aig.core.tables import DROPPED, write_table
from aig.extractors.measure import extractor_version
from aig.filters.clips.rules.not_in import HeldOut
from aig.filters.clips.rules.not_in_audio import HeldOutAudio
from aig.filters.clips.selection import Selection, limit, select
from aig.filters.clips.settings import SelectSettings
from aig.filters.clips.sound_copies import KnownSound
from aig.pipelines.configuration import Configuration
from aig.pipelines.held_out import HeldOutLists, held_out_lists
from aig.pipelines.held_out_audio import known_sounds
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.workspace.buckets import HELD_OUT, KEPT, feature_parts, joined, selections_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["limit_dataset", "outdated_selections", "select_dataset"]

log = logging.getLogger("aig")

_KEY = b"aig.made_from"
_BATCH_ROWS = 16_384


def limit_dataset(configuration: Configuration, workspace: Workspace, name: str) -> None:
    """Draws a dataset's `limit` from the clips whose audio is here, before anything is measured."""
    size = configuration.datasets[name].limit
    selection = f"{name}.limit"
    if size is None:
        for file in (f"{selection}.parquet", f"{selection}.dropped.parquet"):
            workspace.remove("selection", file)
        return
    parts = workspace.parts("clips", name)
    key = _key(size, configuration.seed, parts)
    if _made_from(workspace, selection) == key:
        return
    columns = ["audio_id", "dataset", "labels", "path"]
    batches = workspace.batches((workspace.url("clips", name, part) for part in parts), columns)
    here = (batch.filter(pc.is_valid(batch.column("path"))) for batch in batches)
    _write(workspace, selection, limit(here, size, configuration.seed), key)


def select_dataset(configuration: Configuration, workspace: Workspace, name: str, progress: Progress) -> int:
    """Applies every selection that concerns a dataset; one whose clips and rules did not change is left as it is.

    Whether they did is seen in the names of the parts, which follow from what is in them, so no table is read for it.

    Returns:
        How many clips were decided about, each once.
    """
    decided = 0
    for selection in selections_of(configuration, name):
        rules = settings, held_out, sounds = _rules(configuration, workspace, selection)
        key = _selection_key(configuration, workspace, name, rules)
        if _made_from(workspace, selection) == key:
            continue
        database = joined(configuration, workspace, name, selected=False, fingerprints=bool(sounds))

        decided = 0

        def rows() -> Iterator[pa.RecordBatch]:
            nonlocal decided
            for batch in database.execute("SELECT * FROM joined").to_arrow_reader(_BATCH_ROWS):  # noqa: B023
                yield batch
                decided += batch.num_rows
                progress.advance(batch.num_rows)

        against = HeldOut(held_out.lists, same_recording=settings.same_recording)
        audio = HeldOutAudio(sounds) if sounds else None
        outcome = select(rows(), settings, configuration.seed, against, audio)
        _write(workspace, selection, outcome, key, _said(selection, against, held_out.missing, audio))
    return decided


def outdated_selections(configuration: Configuration, workspace: Workspace, name: str) -> list[str]:
    """The selections of a dataset that were never applied, or to other clips, features or by other rules."""
    found = []
    for selection in selections_of(configuration, name):
        made_from = _made_from(workspace, selection)
        if made_from is None or made_from != _selection_key(
            configuration, workspace, name, _rules(configuration, workspace, selection)
        ):
            found.append(selection)
    return found


_Rules = tuple[SelectSettings, HeldOutLists, list[KnownSound]]


def _rules(configuration: Configuration, workspace: Workspace, selection: str) -> _Rules:
    settings = configuration.select.get(selection, SelectSettings())
    sounds = [sound for folder in settings.test_audio for sound in known_sounds(workspace, folder)]
    return settings, held_out_lists(configuration, selection), sounds


def _selection_key(configuration: Configuration, workspace: Workspace, name: str, rules: _Rules) -> str:
    """Hash of all that decides which clips a selection keeps: the rules, and the names of the parts it reads."""
    settings, held_out, sounds = rules
    extractor = extractor_version(configuration.extract)
    return _key(
        settings.model_dump(mode="json"),
        [source_hash(reference) for reference in settings.rules],
        configuration.seed,
        [workspace.parts("clips", name), extractor, feature_parts(workspace, name, extractor)],
        _made_from(workspace, f"{name}.limit"),
        [(of.name, sorted(of.times.items())) for of in held_out.lists],
        [(sound.name, sound.content) for sound in sounds],
    )


def _said(selection: str, against: HeldOut, missing: tuple[str, ...], audio: HeldOutAudio | None) -> dict[str, Any]:
    """What was held against which test sets, logged and as it is kept with the selection."""
    checked: dict[str, Any] = {
        "clips": against.clips,
        "compared": against.compared,
        "lists": {of.name: {"recordings": len(of.times), "dropped": against.found[of.name]} for of in against.lists},
        "missing": list(missing),
    }
    if audio:
        checked["audio"] = {
            "sounds": len(audio.index), "clips": audio.clips, "exact": audio.exact, "near": audio.near,
        }  # fmt: skip
        if audio.too_short:
            log.info("select %s: %d clips are too short or quiet to find near copies of", selection, audio.too_short)
    if against.lists and against.compared < against.clips:
        log.info(
            "select %s: %d of %d clips have no source key and were not held against test sets",
            selection, against.clips - against.compared, against.clips,
        )  # fmt: skip
    if missing and against.compared:
        log.info("select %s: not held against %s: their lists are not on this disk", selection, ", ".join(missing))
    return checked


def _write(
    workspace: Workspace, selection: str, outcome: Selection, key: str, checked: dict[str, Any] | None = None
) -> None:
    """Writes who went, then who stays: only the second file, with its key, says that both are there."""
    for count in outcome.rules:
        log.info("select %s: %s leaves out %d of %d clips", selection, count.rule, count.dropped, count.seen)
    before, after, uniform = outcome.labels.before, outcome.labels.after, outcome.labels.uniform
    if outcome.rules and before.labels:
        log.info(
            "select %s: effective number of labels %.1f, after it %.1f (a uniform sample: %.1f), entropy %.2f bits",
            selection, before.effective_labels, after.effective_labels, uniform.effective_labels, after.entropy_bits,
        )  # fmt: skip
    write_table(workspace.target("selection", f"{selection}.dropped.parquet"), outcome.dropped(), DROPPED)
    kept = pa.table({"audio_id": outcome.kept.sort()}, schema=KEPT)
    schema = KEPT.with_metadata({_KEY: key.encode(), HELD_OUT: json.dumps(checked).encode()})
    write_table(workspace.target("selection", f"{selection}.parquet"), [kept.cast(schema)], schema)


def _made_from(workspace: Workspace, selection: str) -> str | None:
    state = workspace.state("selection", prefix=f"{selection}.parquet")
    return _key_in(workspace.url("selection", f"{selection}.parquet"), state[0]) if state else None


@lru_cache(maxsize=256)
def _key_in(url: str, _state: tuple[str, int, str]) -> str:
    """The key in a selection's file; each state of the file is read once a process."""
    with open_file(url) as stream:
        metadata = pq.read_schema(stream).metadata or {}
    return str(metadata.get(_KEY, b"").decode())


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
