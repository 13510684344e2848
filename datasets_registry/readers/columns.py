"""What the columns of somebody's table are called in a clip: renamed, left out, or refused by name."""

from __future__ import annotations

import difflib
import math
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.datasets_registry.readers.layouts import AUDIO_STEM, Layout, find
from aig.datasets_registry.text import manifest_fields
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["Columns"]

_INDEX = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
"""The name of a column without one, and of the numbers that pandas puts beside a table's rows."""

_FIELDS = (*manifest_fields.NAMES, "duration_s")
"""What a column may become; `duration_s` and `start_s` together give `end_s`."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The way from a table's columns to the fields of a clip.

    Attributes:
        renamed: their names, and the fields they become.
        ignored: names of columns that are left out; `*` and `?` stand for any characters.
        clip_id: a clip's id put together from their columns, such as `{youtube_id}_{start_time}`.
        source_key: where a clip was taken from, in the same way.
        usual: further names of columns and the fields they become, where a table has them.
        rest: whether columns that are neither renamed nor ignored may be fields of a clip under their own name.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    clip_id: str = ""
    source_key: str = ""
    rest: bool = True
    usual: Mapping[str, str] = field(default_factory=dict)

    def fitted(self, file: Path, names: Iterable[str], has_path: bool = False) -> Columns:
        """These columns for a table with those names, or those of the layout that it is recognised as.

        Args:
            file: for messages.
            names: of the table's columns.
            has_path: whether each row's audio is known without a column of paths.

        Raises:
            UsageError: a column is unknown, or comes twice, or none is the path.
        """
        names = list(names)
        layout = None if self.renamed or self.ignored else find(names)
        columns = self
        if layout is not None and any(self.field(name) is None for name in names):
            columns = Columns.of(layout)
        columns._check(file, names, has_path)
        return columns

    @staticmethod
    def of(layout: Layout) -> Columns:
        """The columns of a layout; what it does not map is left out."""
        return Columns(layout.columns, ("*",), layout.clip_id, layout.source_key, rest=False)

    def _check(self, file: Path, names: list[str], has_path: bool) -> None:
        for theirs, ours in self.renamed.items():
            if ours not in _FIELDS:
                raise UsageError(f"`columns` makes {theirs!r} {self._unknown(ours)}.", f"Fields: {', '.join(_FIELDS)}.")
            if theirs not in names and self.rest:
                raise UsageError(
                    f"{file} has no column {theirs!r}, which `columns` names.", f"It has: {', '.join(names)}."
                )
        fields = [self.field(name) for name in names]
        for name, becomes in zip(names, fields, strict=True):
            if becomes is None:
                raise UsageError(
                    f"{file}: {self._unknown(name)}",
                    f"Known columns: {', '.join(manifest_fields.NAMES)}. Rename it, or say in the configuration what "
                    f"it is, `columns: {{{name}: ...}}`, or that it does not matter, `ignore_columns: [{name}]`.",
                )
            if becomes and fields.count(becomes) > 1:
                twice = [one for one in names if self.field(one) == becomes]
                raise UsageError(f"{file} has the column {becomes} twice: {', '.join(twice)}.", "Remove one of them.")
        if not has_path and "path" not in fields:
            raise UsageError(f"{file} has no column path.", "Give each clip the path of its audio file as `path`.")

    @staticmethod
    def _unknown(name: str) -> str:
        near = difflib.get_close_matches(name, manifest_fields.NAMES, n=1)
        return f"unknown column {name!r}" + (f", did you mean {near[0]!r}?" if near else "")

    def field(self, name: str) -> str | None:
        """The field that a column becomes; empty where it is left out or an index, `None` where it is unknown."""
        if name in self.renamed:
            return self.renamed[name]
        if self.rest and name in manifest_fields.NAMES and name not in self.ignored:
            return name
        if name in self.usual and name not in self.ignored:
            return self.usual[name]
        left_out = name == AUDIO_STEM or _INDEX.fullmatch(name)
        return "" if left_out or any(fnmatchcase(name, pattern) for pattern in self.ignored) else None

    def row(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A row by the fields of a clip.

        Raises:
            MalformedRowError: it has a column that is unknown.
        """
        if not self.renamed and not self.ignored and all(name in manifest_fields.NAMES for name in given):
            return dict(given)
        row: dict[str, Any] = {}
        for name, value in given.items():
            ours = self.field(name)
            if ours is None:
                raise MalformedRowError(self._unknown(name), column=name, code="unknown_column")
            if ours and value is not None:
                row[ours] = _adapted(ours, value)
        for ours, pattern in (("audio_id", self.clip_id), ("source_key", self.source_key)):
            if pattern and (text := _filled(pattern, given)):
                row[ours] = text
        duration = row.pop("duration_s", None)
        if duration is not None:
            start = manifest_fields.value("start_s", row.get("start_s") or 0)
            row["end_s"] = round(start + manifest_fields.value("end_s", duration), 6)
        return row


def _filled(pattern: str, given: Mapping[str, Any]) -> str | None:
    """A pattern of ours with a row's values in it; `None` where one of them is empty.

    Raises:
        MalformedRowError: there is no such column.
    """
    try:
        values = {name: _plain(given[name]) for _, name, _, _ in string.Formatter().parse(pattern) if name}
    except KeyError as missing:
        raise MalformedRowError(f"no column {missing.args[0]}") from None
    return pattern.format_map(values) if all(value not in (None, "") for value in values.values()) else None


def _adapted(name: str, value: Any) -> Any:
    """A value of another's column where its field wants a list and it is one text, or the other way round."""
    if name in manifest_fields.LISTS and isinstance(value, str):
        return [value] if name == "captions" else manifest_fields.cell(name, value)
    if name == "path" and isinstance(value, list | tuple) and len(value) == 1:
        return value[0]
    return value


def _plain(value: Any) -> Any:
    """A whole number without its `.0`, as tables with gaps write them."""
    return int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else value
