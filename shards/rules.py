"""The rules every published row must satisfy, checked a batch at a time.

A rule looks at whole columns with Arrow's kernels; where a scan of the raw bytes can tell that nothing is wrong, the
rows are not looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core import dialogue
from aig.core.clip_pairs import clips_in
from aig.core.columns import text_bytes
from aig.core.qa_id import QA_ID_LENGTH
from aig.core.tasks import COMPARISON, TaskSpec
from aig.shards.answer_format import beyond, malformed
from aig.shards.manifest import SourceDataset
from aig.shards.schema import DATA, LINEAGE

__all__ = ["MOST_ID_BYTES", "Broken", "Rows", "broken_lineage", "broken_rows", "broken_text"]

Rows = npt.NDArray[np.int64]

MOST_ID_BYTES = 1_000
"""Bytes of the longest audio_id: a few times what file systems take for a name."""

_FREE_TEXT = ("instruction", "input", "output")
_NOT_AN_ID = f"qa_id is not {QA_ID_LENGTH} hexadecimal digits"
_OWN_IN_EACH_ROW = ("qa_id", "request_id")
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}]"
_CONTROL_IN_NAMES = r"[\x00-\x1f\x7f\x{80}-\x{9f}]"
_MACHINE_PATH = (
    r"(?:^|[\s\"'(=])(?:file:/|~|)/(?:home|Users|mnt|root|tmp|var|data|work|media|srv|opt|private|Volumes|scratch)/"
    r"[^\s/]+|(?:^|[\s\"'(=])[A-Za-z]:\\[^\s\\]"
)


@dataclass(frozen=True, slots=True)
class Broken:
    """Rows of a batch that break a rule.

    Attributes:
        code: the rule's short stable name.
        rows: their indices in the batch, ascending.
        message: what is wrong, of all rows or of one by its index.
    """

    code: str
    rows: Rows
    message: str | Callable[[int], str]

    def say(self, row: int) -> str:
        """What is wrong with one of the rows."""
        return self.message if isinstance(self.message, str) else self.message(row)


def broken_rows(
    batch: pa.RecordBatch | pa.Table, datasets: Mapping[str, SourceDataset], tasks: Mapping[str, TaskSpec]
) -> Iterator[Broken]:
    """The rules that rows of a batch break.

    Args:
        batch: with the six columns of `aig.shards.schema.DATA`, valid UTF-8; `dataset` and `task` may be dictionaries.
        datasets: the names that `dataset` may hold, and what is known of each.
        tasks: the names that `task` may hold, and the form of their answers.
    """
    table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
    columns = {name: _whole(table.column(name)) for name in DATA.names}
    for name, column in columns.items():
        if column.null_count:
            yield Broken("null", _rows(pc.is_null(column)), f"{name} is null")
    text = {name: columns[name] for name in (*_FREE_TEXT, "audio_id")}
    names = {name: _encoded(columns[name]) for name in ("dataset", "task")}
    for name in ("instruction", "audio_id", "output"):
        blank = pc.or_(pc.equal(pc.binary_length(text[name]), 0), pc.utf8_is_space(text[name]))
        yield from _some("empty", blank, f"{name} is empty", text[name])
    for name in ("dataset", "task"):
        known: Mapping[str, object] = datasets if name == "dataset" else tasks
        for value in names[name].dictionary.to_pylist():
            if value is not None and value not in known:
                rows = _rows(pc.equal(columns[name], value))
                yield Broken(f"unknown_{name}", rows, f"{name} {_short(value)} is unknown")
    for name, column in text.items():
        yield from broken_text(name, column)
    yield from _audio_ids(columns["audio_id"], names["dataset"], names["task"], tasks)
    yield from _answers(columns["output"], names["task"], names["dataset"], datasets, tasks)
    yield from _dialogues(columns["instruction"], names["task"], tasks)


def broken_text(name: str, column: pa.Array) -> Iterator[Broken]:
    """What no published text holds: control characters, paths of a machine."""
    yield from _control_characters(name, column)
    yield from _machine_paths(name, column)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _rows(mask: pa.Array) -> Rows:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else f"{value[:77]}...")


def _of(column: pa.Array, what: str) -> Callable[[int], str]:
    return lambda row: f"{what}: {_short(column[row].as_py())}"


def _some(code: str, mask: pa.Array, what: str, column: pa.Array) -> Iterator[Broken]:
    rows = _rows(mask)
    if len(rows):
        yield Broken(code, rows, _of(column, what))


def _groups(names: pa.DictionaryArray) -> Iterator[tuple[str, Rows]]:
    """The values of a column and the rows that have each."""
    indices = names.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    for index, value in enumerate(names.dictionary.to_pylist()):
        rows = np.flatnonzero(indices == index)
        if len(rows):
            yield value, rows


def _control_characters(name: str, column: pa.Array) -> Iterator[Broken]:
    content = text_bytes(column)
    if not ((content < 0x20) | (content == 0x7F) | (content == 0xC2)).any():
        return
    pattern = _CONTROL if name in _FREE_TEXT else _CONTROL_IN_NAMES
    mask = pc.match_substring_regex(column, pattern)
    yield from _some("control_character", mask, f"{name} holds a control character", column)


def _machine_paths(name: str, column: pa.Array) -> Iterator[Broken]:
    if name == "audio_id":
        return
    content = text_bytes(column)
    if not ((content == ord("/")) | (content == ord("\\"))).any():
        return
    mask = pc.match_substring_regex(column, _MACHINE_PATH)
    yield from _some("machine_path", mask, f"{name} holds a path of a machine", column)


def _audio_ids(
    audio_ids: pa.Array, datasets: pa.DictionaryArray, of_task: pa.DictionaryArray, tasks: Mapping[str, TaskSpec]
) -> Iterator[Broken]:
    """An `audio_id` names one clip, or two where its task compares them."""
    first, second = clips_in(audio_ids)
    compares = [name in tasks and tasks[name].folder == COMPARISON for name in of_task.dictionary.to_pylist()]
    if second is not None or any(compares):
        yield from _of_pairs(audio_ids, first, second, pa.array(compares, pa.bool_()).take(of_task.indices))
    for clips in (first,) if second is None else (first, second):
        yield from _clip_ids(audio_ids, clips, datasets)


def _of_pairs(audio_ids: pa.Array, first: pa.Array, second: pa.Array | None, compares: pa.Array) -> Iterator[Broken]:
    """Rows that name two clips and should not, or the other way, or that name one twice."""
    second = pa.nulls(len(audio_ids), pa.string()) if second is None else second
    if (third := clips_in(second)[1]) is not None:
        yield from _some("audio_id", pc.is_valid(third), "audio_id names more than two clips", audio_ids)
    for wrong, what in (
        (pc.and_(compares, pc.is_null(second)), "a task that compares two clips, and audio_id names one"),
        (pc.and_(pc.invert(compares), pc.is_valid(second)), "a task about one clip, and audio_id names two"),
        (pc.equal(first, second), "audio_id names a clip twice"),
    ):
        yield from _some("audio_id", wrong, what, audio_ids)


def _clip_ids(audio_ids: pa.Array, clips: pa.Array, datasets: pa.DictionaryArray) -> Iterator[Broken]:
    """A clip is `<dataset>/<clip>`, its parts neither empty nor `.` or `..`, with `/` between them."""
    wrong = pc.match_substring_regex(clips, r"//|/$|(?:^|/)\.\.?(?:/|$)|\\|^/|^~|^[A-Za-z]:")
    long = pc.greater(pc.binary_length(clips), MOST_ID_BYTES)
    yield from _some("audio_id", long, f"audio_id is longer than {MOST_ID_BYTES} bytes", audio_ids)
    yield from _some("audio_id", wrong, "audio_id is not of the form <dataset>/<clip>", audio_ids)
    for dataset, rows in _groups(datasets):
        own = clips if len(rows) == len(clips) else clips.take(pa.array(rows))
        foreign = rows[_rows(pc.invert(pc.starts_with(own, f"{dataset}/")))]
        if len(foreign):
            yield Broken(
                "audio_id",
                foreign,
                _of(audio_ids, f"audio_id does not begin with its dataset, {dataset}/"),
            )


def _answers(
    outputs: pa.Array,
    tasks: pa.DictionaryArray,
    of_dataset: pa.DictionaryArray,
    datasets: Mapping[str, SourceDataset],
    known: Mapping[str, TaskSpec],
) -> Iterator[Broken]:
    for task, rows in _groups(tasks):
        spec = known.get(task)
        if spec is None:
            continue
        answers = outputs.take(pa.array(rows))
        for index, reason in malformed(spec, answers):
            yield Broken("malformed_answer", rows[index : index + 1], f"{task}: {reason}")
        if not spec.timed:
            continue
        for dataset, own in _groups(of_dataset.take(pa.array(rows))):
            longest = datasets[dataset].longest_s if dataset in datasets else None
            for index, reason in beyond(answers.take(pa.array(own)), longest) if longest else ():
                yield Broken("beyond_clip", rows[own[index : index + 1]], f"{task}: {reason}")


def _dialogues(questions: pa.Array, tasks: pa.DictionaryArray, known: Mapping[str, TaskSpec]) -> Iterator[Broken]:
    """Questions of dialogues that do not hold the turns before the last, each speaker on a line of its own."""
    for task, rows in _groups(tasks):
        if task not in known or known[task].folder != "dialogue":
            continue
        asked = questions.take(pa.array(rows))
        wrong = pc.invert(pc.match_substring_regex(asked, rf"^(?:{dialogue.PATTERN})$"))
        if task != "dialogue":  # other tasks of the folder may ask a single question
            wrong = pc.and_(wrong, pc.starts_with(asked, dialogue.USER))
        found = rows[_rows(wrong)]
        if len(found):
            yield Broken("malformed_dialogue", found, _of(questions, f"{task}: not `User:` and `Assistant:` in turn"))


def broken_lineage(batch: pa.RecordBatch | pa.Table, sources: pa.Array | pa.Scalar) -> Iterator[Broken]:
    """The rules that lineage rows break.

    Args:
        batch: with the columns of `aig.shards.schema.LINEAGE`, valid UTF-8; text may be dictionaries.
        sources: where the answer of each row, or of all of them, comes from by its task: `rule`, `model` or `either`.
    """
    columns = {name: _whole(batch.column(name)) for name in LINEAGE.names if name in batch.schema.names}
    for name, column in columns.items():
        if column.null_count and not LINEAGE.field(name).nullable:
            yield Broken("null", _rows(pc.is_null(column)), f"{name} is null")
        if LINEAGE.field(name).type == pa.string() and name not in _OWN_IN_EACH_ROW:
            yield from _repeating_text(name, _encoded(column))
    source = columns["source"].cast(pa.string())
    by_model = pc.equal(source, "model")
    no_request = pc.equal(pc.binary_length(columns["request_id"]), 0)
    known = pc.is_in(source, pa.array(["rule", "model"]))
    for code, mask, message in (
        ("lineage_value", pc.not_equal(pc.binary_length(columns["qa_id"]), QA_ID_LENGTH), _NOT_AN_ID),
        ("lineage_value", pc.invert(known), "source is neither rule nor model"),
        ("lineage_value", pc.and_(by_model, no_request), "a model's answer without a request_id"),
        ("lineage", pc.and_(by_model, pc.equal(sources, "rule")), "a model's answer among those by rule"),
        ("lineage", pc.and_(pc.equal(source, "rule"), pc.equal(sources, "model")), "an answer by rule among a model's"),
    ):
        rows = _rows(mask)
        if len(rows):
            yield Broken(code, rows, message)
    if "choices" in columns or "answer_index" in columns:
        yield from _choices(columns, len(source))


def _choices(columns: Mapping[str, pa.Array], count: int) -> Iterator[Broken]:
    """Options without a right one, and an index of none of them."""
    choices = columns.get("choices", pa.nulls(count, pa.list_(pa.string())))
    index = columns.get("answer_index", pa.nulls(count, pa.int32()))
    options = pc.list_value_length(choices).fill_null(0)
    inside = pc.and_(pc.greater_equal(index, 0), pc.less(index, options)).fill_null(False)
    neither = pc.and_(pc.is_null(choices), pc.is_null(index))
    rows = _rows(pc.invert(pc.or_(inside, neither)))
    if len(rows):
        yield Broken("lineage_value", rows, "answer_index names none of the choices")


def _repeating_text(name: str, column: pa.DictionaryArray) -> Iterator[Broken]:
    """Each value is looked at once, however many rows have it."""
    for broken in broken_text(name, column.dictionary):
        for value in broken.rows.tolist():
            rows = _rows(pc.equal(column.indices, value))
            yield Broken(broken.code, rows, broken.say(value))
