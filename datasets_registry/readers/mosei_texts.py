"""What was said in CMU-MOSEI's segments: the owners' transcripts, joined to a list of segments by their times."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Quarantined
from aig.datasets_registry.files import folders
from aig.datasets_registry.readers.youtube import seconds
from aig.datasets_registry.text.parse_rows import parse_items
from aig.datasets_registry.text.text_rows import MalformedRowError, text_lines

__all__ = ["Transcripts"]

NAME = "mosei"

SLACK_S = 0.1
"""How far start and end of a segment may lie from those of its line: lists round them differently."""

_PLACES = ("Transcript/Segmented/Combined", "Segmented/Combined", "Combined", "transcripts")
_BYTES = re.compile(r"""b(['"]).*\1""", re.DOTALL)

Line = tuple[float, float, str]


class Transcripts:
    """The transcripts below a root; the lines of one video are held at a time.

    Attributes:
        there: whether there are any.
        asked: segments that were asked for, of videos with a transcript.
        unmatched: those of them for which no line has their times.
    """

    def __init__(self, root: Path) -> None:
        above = ("", *(f"{name}/" for name in folders(root)))
        places = (root / f"{folder}{place}" for place in _PLACES for folder in above)
        self._folder = next((place for place in places if place.is_dir()), None)
        self._video = ""
        self._lines: list[Line] = []
        self._reported: set[str] = set()
        self.there = self._folder is not None
        self.asked = self.unmatched = 0

    def open(self, video: str) -> Iterator[Quarantined]:
        """Reads the lines of a video, and gives those that cannot be read, once."""
        if self._folder is None or video == self._video:
            return
        self._video, self._lines = video, []
        file = self._folder / f"{video}.txt"
        if not file.is_file():
            return
        for line in parse_items(file, NAME, text_lines(file, encoding="cp1252"), _line, one_of_many=True):
            if not isinstance(line, Quarantined):
                self._lines.append(line)
            elif video not in self._reported:
                yield line
        self._reported.add(video)

    def text(self, start_s: float, end_s: float) -> str | None:
        """What was said from here to there in the video that is open: of the lines with these times the nearest."""
        if not self._lines:
            return None
        self.asked += 1
        away, text = min((max(abs(start - start_s), abs(end - end_s)), text) for start, end, text in self._lines)
        if away > SLACK_S:
            self.unmatched += 1
            return None
        return text


def _line(line: str) -> Line | None:
    """Start, end and text of `<video>___<segment>___<start>___<end>___<text>`; the text may hold more underscores."""
    if not line.strip():
        return None
    parts = line.strip().split("___", 4)
    if len(parts) != 5:
        raise MalformedRowError(f"no `<video>___<segment>___<start>___<end>___<text>`: {line.strip()[:60]!r}")
    start, end, text = _time(parts[2], "3"), _time(parts[3], "4"), parts[4].strip()
    if _BYTES.fullmatch(text):
        text = _decoded(text)
    return (start, end, text) if text else None


def _time(text: str, column: str) -> float:
    """A time in seconds; the owners' alignment puts some up to half a second before their video starts."""
    return max(0.0, seconds(text.removeprefix("-"), column) * (-1 if text.startswith("-") else 1))


def _decoded(text: str) -> str:
    r"""What stands in bytes as Python prints them, `b'It\xe2\x80\x99s'`."""
    try:
        content: bytes = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        raise MalformedRowError(f"the text looks like Python's bytes and is not: {text[:60]!r}", column="5") from None
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding).strip()
        except UnicodeDecodeError:
            continue
    raise MalformedRowError(f"the text is bytes of no known encoding: {text[:60]!r}", column="5")
