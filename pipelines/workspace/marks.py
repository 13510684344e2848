"""Marks: pairs that a person called good or bad. JSON Lines, one mark a line, the last one about a pair counts.

    {"qa_id": "947f261c439cc2e441d44b3806013caa", "mark": "bad", "note": "there is no dog"}

`mark` is `good`, `bad`, or `none`, which takes an earlier mark back; `note` is free text and may be left out. A line
is only ever added, so nothing a person said is lost, and two people's files are joined by `cat`.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from aig.core.errors import DataError, UsageError
from aig.core.settings import Strict

__all__ = ["Mark", "Marks", "bad_pairs", "read_marks"]

NOTE_LENGTH = 2_000


class Mark(Strict):
    """What a person said about a pair.

    Attributes:
        qa_id: of the pair, 32 hexadecimal digits.
        mark: `good`, `bad`, or `none`: taken back.
        note: why, in words.
    """

    qa_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    mark: Literal["good", "bad", "none"]
    note: Annotated[str, Field(max_length=NOTE_LENGTH)] = ""


def read_marks(file: str | Path) -> dict[str, Mark]:
    """The marks in force, by the pair's id; those taken back are left out.

    Raises:
        UsageError: the file cannot be read.
        DataError: a line is not a mark; the message names it. Only a last line that was torn while it was written, with
            no line end, is passed over.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the marks in {file}: {error.strerror}", "`aig browse` writes them; check the path."
        ) from None
    marks: dict[str, Mark] = {}
    for number, line in enumerate(content[: _whole(content)].split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            mark = Mark.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise DataError(
                f"{file}, line {number}: {where}: {first['msg']}",
                'A mark reads {"qa_id": "<32 hexadecimal digits>", "mark": "good", "bad" or "none", "note": "..."}.',
            ) from None
        marks.pop(mark.qa_id, None)
        if mark.mark != "none":
            marks[mark.qa_id] = mark
    return marks


def _whole(content: bytes) -> int:
    """Bytes up to the end of the last whole mark: all, unless the last line was torn while it was written."""
    end = content.rfind(b"\n") + 1
    try:
        Mark.model_validate_json(content[end:])
    except ValidationError:
        return end
    return len(content)


def bad_pairs(file: str | Path) -> frozenset[str]:
    """Ids of the pairs marked bad: what `aig publish --drop FILE` leaves out.

    Raises:
        UsageError, DataError: as `read_marks`.
    """
    return frozenset(qa_id for qa_id, mark in read_marks(file).items() if mark.mark == "bad")


class Marks:
    """A file of marks that is being written, from any thread.

    Attributes:
        file: where they are; it need not exist yet.
        by_id: the marks in force.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.by_id = read_marks(file) if file.exists() else {}
        self._lock = threading.Lock()

    def add(self, mark: Mark) -> None:
        """Adds a mark; it is on the disk when this returns.

        Raises:
            DataError: it cannot be written.
        """
        line = json.dumps(mark.model_dump(), ensure_ascii=False) + "\n"
        with self._lock:
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                with self.file.open("ab+") as stream:
                    stream.seek(0)
                    content = stream.read()
                    whole = content[: _whole(content)]
                    stream.truncate(len(whole))
                    begin = b"\n" if whole and not whole.endswith(b"\n") else b""
                    stream.write(begin + line.encode("utf-8", "replace"))
                    stream.flush()
                    os.fsync(stream.fileno())
            except OSError as error:
                raise DataError(
                    f"cannot write the mark to {self.file}: {error.strerror}", "Make room or repair access."
                ) from error
            self.by_id.pop(mark.qa_id, None)
            if mark.mark != "none":
                self.by_id[mark.qa_id] = mark
