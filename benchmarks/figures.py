"""What a benchmark returns: ratios measured in one run on the same work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Figure", "Skipped", "peak_mb"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the benchmark table.

    Attributes:
        what: the work, in a few words.
        ours: our measurement.
        reference: the measurement it is held against, taken in the same run.
        unit: of both.
        ratio: the figure that is judged, most often `ours / reference`.
        wanted: bound on `ratio`.
        at_least: whether `wanted` is a lower bound (else an upper one).
    """

    what: str
    ours: float
    reference: float
    unit: str
    ratio: float
    wanted: float
    at_least: bool = True

    @property
    def ok(self) -> bool:
        """Whether the ratio reaches what is wanted."""
        return self.ratio >= self.wanted if self.at_least else self.ratio <= self.wanted


class Skipped(Exception):  # noqa: N818 - a skip is not an error
    """A benchmark whose peer or data is not installed; the message says which."""


def peak_mb() -> float:
    """The most memory that this process had, on Linux.

    `ru_maxrss` counts what the process had that started this one: a benchmark run after others was charged for them.
    """
    (most,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(most) / 1024
