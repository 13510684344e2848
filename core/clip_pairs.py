"""Rows about two clips: their `audio_id` names both, in the order in which they are heard, by a separator.

`libritts/a/1::libritts/b/2` is the clip `libritts/a/1`, then `libritts/b/2`. Both are of one dataset, so that the
separator is what stands before its name: a clip may have `::` in its own id. One whose own id would read as two clips
is refused when it is indexed (`readable`).
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from aig.core.columns import plain_text

__all__ = ["PAIR_SEPARATOR", "clips_in", "clips_of", "clips_sql", "distinct_clips", "pair_id", "readable"]

PAIR_SEPARATOR: Literal["::"] = "::"
"""Stands between the ids of two clips; a set with such rows declares it in its manifest."""


def pair_id(first: str, second: str) -> str:
    """The `audio_id` of a row about two clips.

    Raises:
        ValueError: they are of two datasets, the same, or would not be read back.
    """
    joined = f"{first}{PAIR_SEPARATOR}{second}"
    if first == second or clips_of(joined) != (first, second):
        raise ValueError(f"{first!r} and {second!r} are not two clips of one dataset")
    return joined


def clips_of(audio_id: str) -> tuple[str, ...]:
    """The clips that an `audio_id` names: itself, or the two of a pair."""
    dataset, slash, _ = audio_id.partition("/")
    mark = f"{PAIR_SEPARATOR}{dataset}{slash}"
    if not slash or mark not in audio_id:
        return (audio_id,)
    first, _, second = audio_id.partition(mark)
    return first, f"{dataset}{slash}{second}"


def readable(audio_id: str) -> bool:
    """Whether an id is that of one clip, and would be read so."""
    return len(clips_of(audio_id)) == 1


def clips_in(audio_ids: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array | None]:
    """The clips that a column of ids names: the only or first of each row, and the second, null where there is none.

    The second column is `None` where no row names two.
    """
    ids = plain_text(audio_ids)
    marked = pc.match_substring(ids, PAIR_SEPARATOR).fill_null(False)
    if not pc.any(marked).as_py():
        return ids, None
    first, second = _parted(ids.filter(marked))
    if second.null_count == len(second):
        return ids, None
    return pc.replace_with_mask(ids, marked, first), pc.replace_with_mask(
        pa.nulls(len(ids), pa.string()), marked, second
    )


def distinct_clips(audio_ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The clips that a column of ids names, each once; nulls are left out."""
    first, second = clips_in(pc.unique(audio_ids))
    clips = pa.chunked_array([first] if second is None else [first, second])
    return plain_text(pc.unique(clips).drop_null())


def clips_sql(table: str, columns: str = "dataset") -> str:
    """SQL for some columns of a table's rows with their clip, `nth` 0; those of a pair again with the other, `nth` 1.

    Args:
        table: with the columns `dataset` and `audio_id`, or a subquery in parentheses.
        columns: those wanted beside `audio_id`.
    """
    mark = f"'{PAIR_SEPARATOR}' || dataset || '/'"
    first = f"CASE WHEN contains(audio_id, {mark}) THEN split_part(audio_id, {mark}, 1) ELSE audio_id END"
    second = f"dataset || '/' || split_part(audio_id, {mark}, 2)"
    return (
        f"(SELECT {columns}, {first} AS audio_id, 0 AS nth FROM {table} "  # noqa: S608 - names of our own
        f"UNION ALL SELECT {columns}, {second}, 1 FROM {table} WHERE contains(audio_id, {mark}))"
    )


def _parted(ids: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The same of ids that all hold the separator; where each holds it once, without a look at each."""
    parts = pc.split_pattern(ids, PAIR_SEPARATOR)
    if pc.all(pc.equal(pc.list_value_length(parts), 2)).as_py():
        first, second = pc.list_element(parts, 0), pc.list_element(parts, 1)
        folders = [pc.list_element(pc.split_pattern(clips, "/", max_splits=1), 0) for clips in (first, second)]
        if pc.all(pc.equal(*folders)).as_py() and pc.all(pc.match_substring(second, "/")).as_py():
            return first, second
    named = [clips_of(text) for text in ids.to_pylist()]
    second = [clips[1] if len(clips) > 1 else None for clips in named]
    return pa.array([clips[0] for clips in named], pa.string()), pa.array(second, pa.string())
