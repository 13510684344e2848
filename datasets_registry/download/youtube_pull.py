"""Cuts clips out of YouTube videos with `yt-dlp` (extra `youtube`): just the segment, politely, and never twice.

Videos go away every day, so what is unavailable is remembered in the dataset's folder and not asked for again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aig.core.errors import DataError, UsageError
from aig.core.extras import missing_extra
from aig.datasets_registry.dataset import Segment

__all__ = ["Cut", "Unavailable", "cut", "yt_dlp_downloader"]

PAUSE_S = 2.0
"""Rest between two videos."""

MAX_FAILURES = 5
"""Failures in a row of a kind that may pass, after which it stops rather than insist."""

_GONE = re.compile(
    r"video unavailable|private video|removed|terminated|not available|no longer available|confirm your age|"
    r"members-only|copyright|does not exist|invalid .*id|blocked it|this video is",
    re.IGNORECASE,
)
_ENOUGH = re.compile(r"not a bot|too many requests|http error 429|rate.?limit", re.IGNORECASE)


class Unavailable(Exception):  # noqa: N818 - a fact about a video
    """The video is gone, private, or not for us; the message says why."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of cutting.

    Attributes:
        fetched: clips that came.
        unavailable: clips whose video is gone, those known from before included.
        failed: clips that failed in a way that may pass.
    """

    fetched: int
    unavailable: int
    failed: int


Downloader = Callable[[Segment, Path], None]
"""Brings a segment to a path without suffix (adding one), or raises `Unavailable` or `OSError`."""


def cut(
    segments: Iterable[Segment],
    root: Path,
    download: Downloader,
    on_clip: Callable[[], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Cut:
    """Fetches segments one after another.

    Args:
        segments: those wanted and not there yet.
        root: the dataset's folder.
        download: what fetches one, such as `yt_dlp_downloader()`.
        on_clip: told after each.
        sleep: waits so many seconds.

    Raises:
        DataError: YouTube asks to stop, or one failure follows another; what came is kept.
    """
    memory = root / ".unavailable.jsonl"
    gone = _gone(memory)
    fetched = unavailable = failed = in_a_row = 0
    for segment in segments:
        if segment.video in gone:
            unavailable += 1
        else:
            target = root / segment.file
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                download(segment, target)
                fetched, in_a_row = fetched + 1, 0
            except Unavailable as reason:
                unavailable, in_a_row = unavailable + 1, 0
                gone.add(segment.video)
                with memory.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"video": segment.video, "reason": str(reason)[:300]}) + "\n")
            except OSError as error:
                failed, in_a_row = failed + 1, in_a_row + 1
                if _ENOUGH.search(str(error)) or in_a_row >= MAX_FAILURES:
                    raise DataError(
                        f"stopped at {segment.audio_id} after {fetched} clips: {str(error)[:300]}",
                        "Wait some hours, or give a browser's cookies; the same command goes on from here.",
                    ) from error
            sleep(PAUSE_S)
        if on_clip:
            on_clip()
    return Cut(fetched, unavailable, failed)


def _gone(memory: Path) -> set[str]:
    if not memory.exists():
        return set()
    return {json.loads(line)["video"] for line in memory.read_text(encoding="utf-8").splitlines()}


def yt_dlp_downloader(cookies_from_browser: str | None = None) -> Downloader:
    """A downloader that fetches only the segment's audio and writes it as flac; needs `yt-dlp` and `ffmpeg`.

    Args:
        cookies_from_browser: name of a browser whose cookies are shown to YouTube, for videos that want a login.

    Raises:
        UsageError: one of the two is not installed.
    """
    import shutil

    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.utils import DownloadError, download_range_func
    except ImportError:
        raise missing_extra("clips from YouTube need yt-dlp", "youtube") from None
    if shutil.which("ffmpeg") is None:
        raise UsageError(
            "clips from YouTube need the program ffmpeg", "Install it: apt install ffmpeg, brew install ffmpeg."
        )

    def download(segment: Segment, target: Path) -> None:
        options = {
            "format": "bestaudio/best",
            "download_ranges": download_range_func(None, [(segment.start_s, segment.end_s)]),
            "force_keyframes_at_cuts": True,
            "postprocessors": [{"key": "FFmpegExtractAudio", "preferredcodec": "flac"}],
            # yt-dlp fills in `%(...)`; a name of ours is no template.
            "outtmpl": {"default": str(target).replace("%", "%%") + ".%(ext)s"},
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "noplaylist": True,
            "cachedir": False,
            "retries": 3,
            "sleep_interval_requests": 1,
            **({"cookiesfrombrowser": (cookies_from_browser,)} if cookies_from_browser else {}),
        }
        try:
            with YoutubeDL(options) as session:
                session.download([f"https://www.youtube.com/watch?v={segment.video}"])
        except DownloadError as error:
            message = str(error)
            if _GONE.search(message) and not _ENOUGH.search(message):
                raise Unavailable(message) from error
            raise OSError(message) from error

    return download
