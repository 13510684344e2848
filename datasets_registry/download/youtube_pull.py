"""Cuts clips out of YouTube videos: just the segment, politely, never twice, and never a video given up for our fault.

Videos go away every day, so what is gone is remembered in the dataset's folder and not asked for again. What is shown
to others, but not to whoever asks now, is remembered apart and asked for again in another way.
"""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aig.core.errors import DataError
from aig.datasets_registry.dataset import Segment
from aig.datasets_registry.download.youtube_messages import cause_of

__all__ = ["MEMORY", "PACE_S", "Cut", "Downloader", "cut", "place_of"]

MEMORY = ".unavailable.jsonl"
"""File of the dataset's folder that remembers what cannot be had."""

PACE_S = 12.0
"""Seconds from one video to the next: YouTube lets a guest have about 300 an hour."""

LIMIT_WAIT_S = 3600.0
"""Rest when the limit is reached."""

MAX_WAITS = 3
"""Rests in a row after which nothing came, before it stops."""

MAX_FAILURES = 5
"""Failures in a row that may pass, after which it stops rather than insist."""

MAX_SETUP_FAILURES = 3
"""Failures in a row that are about this side, after which it stops: one alone may be an odd video."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of cutting.

    Attributes:
        fetched: clips that came.
        unavailable: clips whose video is gone, those known from before included.
        not_for_us: clips whose video is not shown to whoever asks: age, country, membership.
        failed: clips that failed in a way that may pass.
    """

    fetched: int
    unavailable: int
    not_for_us: int
    failed: int


Downloader = Callable[[Segment, Path], None]
"""Brings a segment to a file, or raises `OSError` with the message of whatever failed."""


def place_of(segment: Segment) -> str:
    """Where a segment's file goes below the root: in one of 256 folders, for a set may have two million."""
    path = PurePosixPath(segment.file)
    folder = hashlib.sha256(segment.video.encode()).hexdigest()[:2]
    return f"{path.parent}/{folder}/{path.name}.flac"


def cut(
    segments: Iterable[Segment],
    root: Path,
    download: Downloader,
    on_clip: Callable[[], None] | None = None,
    *,
    way: str = "guest",
    pace_s: float = PACE_S,
    retry_unavailable: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda _: None,
) -> Cut:
    """Fetches segments one after another.

    Args:
        segments: those wanted and not there yet.
        root: the dataset's folder.
        download: what fetches one.
        on_clip: told after each.
        way: how it is asked, such as `guest` or `cookies`: what was not shown in one way is asked for in another.
        pace_s: seconds from one video to the next.
        retry_unavailable: also asks for what is remembered as unavailable.
        sleep: waits the given seconds.
        say: told what a person should know.

    Raises:
        DataError: nothing can be had until something changes, or one failure follows another; what came is kept.
    """
    memory = _Memory(root / MEMORY, way, retry_unavailable)
    counts = {"fetched": 0, "gone": 0, "not_for_us": 0, "passing": 0}
    in_a_row = {"passing": 0, "setup": 0, "limit": 0}
    for segment in segments:
        known = memory.cause(segment.video)
        if known:
            counts[known] += 1
        else:
            while (message := _fetch(segment, root, download, sleep, pace_s)) and cause_of(message) == "limit":
                in_a_row["limit"] += 1
                if in_a_row["limit"] > MAX_WAITS:
                    raise _stopped(segment, counts["fetched"], message, "Wait some hours, or give cookies.")
                say(f"YouTube's limit is reached; going on in {LIMIT_WAIT_S / 60:.0f} min")
                sleep(LIMIT_WAIT_S)
            cause = cause_of(message) if message else "fetched"
            if cause in ("gone", "not_for_us"):
                memory.add(segment.video, cause, message)
            if cause in in_a_row:
                in_a_row[cause] += 1
            else:
                in_a_row = dict.fromkeys(in_a_row, 0)
            counts["passing" if cause == "setup" else cause] += 1
            if in_a_row["setup"] >= MAX_SETUP_FAILURES:
                raise _stopped(segment, counts["fetched"], message, _SETUP_ADVICE)
            if in_a_row["passing"] >= MAX_FAILURES:
                raise _stopped(segment, counts["fetched"], message, "See what the message says, and try again later.")
        if on_clip:
            on_clip()
    return Cut(counts["fetched"], counts["gone"], counts["not_for_us"], counts["passing"])


_SETUP_ADVICE = (
    "This is about yt-dlp here, not about the videos, and none is given up for it: update yt-dlp and its JavaScript "
    "runtime (the extra `youtube` brings both), or give cookies with --cookies FILE."
)


def _stopped(segment: Segment, fetched: int, message: str, advice: str) -> DataError:
    return DataError(
        f"Stopped at {segment.audio_id} after {fetched} clips: {message[:300]}",
        f"{advice} The same command goes on from here.",
    )


def _fetch(segment: Segment, root: Path, download: Downloader, sleep: Callable[[float], None], pace_s: float) -> str:
    """Brings a segment to its place; returns what failed, empty where nothing did."""
    target = root / place_of(segment)
    target.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        download(segment, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise DataError(f"{target} cannot be written: {error.strerror}.", "Make room; then go on.") from error
        return str(error) or type(error).__name__
    finally:
        sleep(max(0.0, pace_s - (time.monotonic() - started)))
    return ""


class _Memory:
    """What cannot be had, by video: gone for everybody, or not shown in one way of asking."""

    def __init__(self, file: Path, way: str, forget: bool) -> None:
        self._file, self._way = file, way
        self._known: dict[str, str] = {}
        if file.exists() and not forget:
            for line in file.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            item = json.loads(line)
            video, cause, way = item["video"], item.get("cause"), item.get("way")
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # a line that a kill cut off: the video is asked for once more
        if cause is None:  # written by an earlier version, which took failures of its own for the video's
            cause, way = cause_of(str(item.get("reason", ""))), "guest"
        if cause == "gone" or (cause == "not_for_us" and way == self._way):
            self._known[video] = cause

    def cause(self, video: str) -> str | None:
        return self._known.get(video)

    def add(self, video: str, cause: str, reason: str) -> None:
        self._known[video] = cause
        item = {"video": video, "cause": cause, "way": self._way, "reason": reason[:300]}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(item) + "\n")
