"""Clips joined with their features and selections, and cut into buckets that stay put when clips are added.

A clip's bucket follows from the hash of its id alone. What is generated is kept per bucket under a key made from the
bucket's rows, so a new or changed clip remakes only its own bucket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from aig.core.hashing import stable_hash_sql
from aig.core.records import Clip, Features, Measured
from aig.core.tables import CLIPS, FEATURES, from_batch
from aig.datasets_registry.dataset import Dataset
from aig.extractors.measure import extractor_version
from aig.extractors.transcript_cleaning import spoken_text
from aig.filters.clips.settings import target
from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.kind_registry import all_kinds
from aig.prompts.metadata import sounds
from aig.prompts.tagged_sounds import distinct_events

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "HELD_OUT",
    "KEPT",
    "SOURCE_OF_CLIP",
    "Bucket",
    "Group",
    "Selected",
    "buckets",
    "derive",
    "feature_parts",
    "joined",
    "joined_from",
    "known_feature_parts",
    "rows_in",
    "selected",
    "selected_in",
    "selections_of",
    "unselected",
]

CLIPS_PER_BUCKET = 4_000

_BATCH_ROWS = 1024

KEPT = pa.schema([pa.field("audio_id", pa.string(), nullable=False)])
"""Schema of a selection: the clips that stay."""

HELD_OUT = b"aig.held_out"
"""Key in the metadata of a selection's schema: which test sets it was held against, as JSON."""

SOURCE_OF_CLIP = (
    "clips.path || coalesce('[' || clips.channel || ']', '') || '@' || coalesce(printf('%.3f', clips.start_s), '')"
    " || '-' || coalesce(printf('%.3f', clips.end_s), '') || '#' || coalesce(clips.stamp, '')"
    " || '~' || coalesce(clips.gender, '')"
)
"""SQL for which audio a clip is and who speaks, as `Features.source` has it."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A measured clip with what its dataset and its selections allow.

    Attributes:
        measured: the clip, its features and what follows from both.
        dataset: its dataset, as it applies to the clip's split.
        kept: whether the dataset's own selection keeps it.
        kinds: kinds of open-ended questions that selections of their own grant it.
    """

    measured: Measured
    dataset: Dataset
    kept: bool
    kinds: tuple[str, ...]


class Group(NamedTuple):
    """Clips of a bucket that are alike in what decides about the kinds of their pairs.

    Attributes:
        split: of the clips, as their owners name it.
        kept: as in `Selected`.
        kinds: as in `Selected`.
        clips: how many there are.
    """

    split: str
    kept: bool
    kinds: tuple[str, ...]
    clips: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A share of a dataset's clips.

    Attributes:
        number: which, from 0.
        of: how many there are.
        clips: how many clips are in it.
        content: hash of all its rows, whatever their order.
        groups: its clips by what decides about the kinds of their pairs.
    """

    number: int
    of: int
    clips: int
    content: str
    groups: tuple[Group, ...] = ()


def selections_of(configuration: Configuration, name: str) -> dict[str, str | None]:
    """The selections that concern a dataset: name, and the kind of questions it is about, `None` for all.

    A dataset without a selection of its own has one that keeps every measured clip.
    """
    found: dict[str, str | None] = {name: None}
    names = [kind.name for kind in all_kinds(configuration.generate.questions.kinds)]
    for selection in configuration.select:
        about = target(selection, tuple(configuration.datasets), names)
        if about and about[0] == name:
            found[selection] = about[1]
    return found


def feature_parts(workspace: Workspace, name: str, extractor: str) -> list[str]:
    """Parts with what one extractor measured; those of earlier ones stay beside them until they are cleaned away."""
    return [part for part in workspace.parts("features", name) if part.startswith(f"part-{extractor}-")]


def known_feature_parts(configuration: Configuration, workspace: Workspace, name: str) -> list[str]:
    """Parts with what is known of a dataset's clips, each once: by the present extractor, else by a former one."""
    by_extractor: dict[str, list[str]] = {}
    for part in workspace.parts("features", name):
        by_extractor.setdefault(part.rpartition("-")[0], []).append(part)
    present = f"part-{extractor_version(configuration.extract)}"
    return by_extractor.get(present) or max(by_extractor.values(), key=len, default=[])


def unselected(configuration: Configuration, workspace: Workspace, name: str) -> list[str]:
    """The selections that concern a dataset and have never been applied: nobody knows yet which clips they keep."""
    selections = selections_of(configuration, name)
    return [selection for selection in selections if not workspace.exists("selection", f"{selection}.parquet")]


def joined(
    configuration: Configuration, workspace: Workspace, name: str, *, selected: bool, fingerprints: bool = False
) -> duckdb.DuckDBPyConnection:
    """A database with a view `joined` of a dataset's measured clips, one row a clip.

    Its columns are those of clips and features; with `selected`, also `kept` and `kinds` as in `Selected`, and only
    the clips that some selection keeps: none where the select stage has not run yet, see `unselected`. Fingerprints,
    which are long and of no use elsewhere, are left out unless asked for.
    """
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    extractor = extractor_version(configuration.extract)
    workspace.view(database, "features", FEATURES, ("features", name), feature_parts(workspace, name, extractor))
    unwanted = {"audio_id"} if fingerprints else {"audio_id", "fingerprint"}
    columns = ", ".join(f"features.{column}" for column in FEATURES.names if column not in unwanted)
    base = f"""
        SELECT clips.*, {columns} FROM clips JOIN features ON clips.audio_id = features.audio_id
        AND features.extractor = '{extractor}' AND {SOURCE_OF_CLIP} = features.source
    """  # noqa: S608 - a hash and names of our own
    if workspace.exists("selection", f"{name}.limit.parquet"):
        workspace.view(database, "limited", KEPT, ("selection",), [f"{name}.limit.parquet"])
        base += " SEMI JOIN limited ON clips.audio_id = limited.audio_id"
    if not selected:
        database.execute(f"CREATE VIEW joined AS {base}")
        return database
    kept, kinds, joins = "true", [], []
    for number, (selection, kind) in enumerate(selections_of(configuration, name).items()):
        made = [f"{selection}.parquet"] if workspace.exists("selection", f"{selection}.parquet") else []
        workspace.view(database, f"selection{number}", KEPT, ("selection",), made)
        joins.append(f"LEFT JOIN selection{number} ON measured.audio_id = selection{number}.audio_id")
        stays = f"selection{number}.audio_id IS NOT NULL"
        if kind is None:
            kept = stays
        else:
            kinds.append(f"CASE WHEN {stays} THEN '{kind}' END")
    granted = f"list_filter([{', '.join(kinds)}], lambda kind : kind IS NOT NULL)" if kinds else "[]::VARCHAR[]"
    database.execute(
        f"""CREATE VIEW joined AS SELECT * FROM (
            SELECT measured.*, {kept} AS kept, {granted} AS kinds FROM ({base}) AS measured {" ".join(joins)}
        ) WHERE kept OR len(kinds) > 0"""  # noqa: S608
    )
    return database


def joined_from(configuration: Configuration, workspace: Workspace, name: str) -> list[Any]:
    """What decides about the rows of the view `joined`, with `selected`, as JSON values; no table is read for it."""
    extractor = extractor_version(configuration.extract)
    selections = selections_of(configuration, name)
    files = {f"{name}.limit.parquet", *(f"{selection}.parquet" for selection in selections)}
    return [
        [version("duckdb"), CLIPS.names, FEATURES.names, SOURCE_OF_CLIP, CLIPS_PER_BUCKET, extractor],
        list(selections.items()),
        workspace.state("clips", name),
        workspace.state("features", name, prefix=f"part-{extractor}-"),
        [state for state in workspace.state("selection") if state[0] in files],
    ]


def buckets(database: duckdb.DuckDBPyConnection) -> list[Bucket]:
    """The buckets of the database's view `joined` (made with `selected`); their number follows from its clips."""
    ((clips,),) = database.execute("SELECT count(*) FROM joined").fetchall()
    of = 1
    while of * CLIPS_PER_BUCKET < clips:
        of *= 2
    rows = database.execute(
        f"SELECT {_bucket(of)} AS bucket, split, kept, kinds, count(*), bit_xor(md5_number(joined::VARCHAR)) "  # noqa: S608
        "FROM joined GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    found = []
    for number, of_bucket in groupby(rows, itemgetter(0)):
        groups, content = [], 0
        for _, split, kept, kinds, count, of_group in of_bucket:
            groups.append(Group(split, kept, tuple(kinds), count))
            content ^= of_group
        found.append(Bucket(number, of, sum(group.clips for group in groups), f"{content:032x}", tuple(groups)))
    return found


def derive(clip: Clip, features: Features | None) -> Measured:
    """A clip with its features and what follows from both; the one place where it is worked out.

    Where nobody annotated sounds, the clip has the events of a tagger.
    """
    heard, tagged = sounds(clip, features), features.tagged if features else None
    by_tagger = bool(heard) and not clip.labels and not clip.events
    if by_tagger and tagged:
        clip = replace(clip, events=distinct_events(tagged))
        heard = tuple(dict.fromkeys((*sounds(clip), *heard)))
    return Measured(clip, features, spoken_text(features), heard, by_tagger)


def rows_in(database: duckdb.DuckDBPyConnection, wanted: Sequence[Bucket]) -> Iterator[tuple[Bucket, pa.Table]]:
    """The rows of the wanted buckets as tables, one bucket in memory at a time, ordered by id."""
    if not wanted:
        return
    by_number = {bucket.number: bucket for bucket in wanted}
    numbers = ", ".join(str(number) for number in by_number)
    bucket_of = _bucket(wanted[0].of)
    rows = database.execute(
        f"SELECT *, {bucket_of} AS bucket FROM joined WHERE bucket IN ({numbers}) ORDER BY bucket, audio_id"  # noqa: S608
    )
    held: list[pa.RecordBatch] = []
    current: int | None = None
    for batch in rows.to_arrow_reader(_BATCH_ROWS):
        of_rows = batch.column("bucket").to_numpy()
        edges = [0, *(np.flatnonzero(np.diff(of_rows)) + 1).tolist(), batch.num_rows] if batch.num_rows else []
        for start, end in pairwise(edges):
            if (number := int(of_rows[start])) != current and current is not None:
                yield by_number[current], pa.Table.from_batches(held)
                held = []
            current = number
            held.append(batch.slice(start, end - start))
    if current is not None:
        yield by_number[current], pa.Table.from_batches(held)


def selected(dataset: Dataset, rows: pa.Table) -> list[Selected]:
    """The clips in rows of the view `joined`, in their order."""
    of_split = cache(dataset.for_split)
    clips, features = from_batch(rows, Clip), from_batch(rows, Features)
    flags = zip(rows.column("kept").to_pylist(), rows.column("kinds").to_pylist(), strict=True)
    return [
        Selected(derive(clip, feature), of_split(clip.split), kept, tuple(kinds))
        for clip, feature, (kept, kinds) in zip(clips, features, flags, strict=True)
    ]


def selected_in(
    dataset: Dataset, database: duckdb.DuckDBPyConnection, wanted: Sequence[Bucket]
) -> Iterator[tuple[Bucket, list[Selected]]]:
    """The clips of the wanted buckets, one bucket in memory at a time, ordered by id."""
    for bucket, rows in rows_in(database, wanted):
        yield bucket, selected(dataset, rows)


def _bucket(of: int) -> str:
    """SQL for the bucket of a row, by its id's hash; twice as many buckets halve each."""
    return f"({stable_hash_sql('audio_id')} >> 32) % {of}"
