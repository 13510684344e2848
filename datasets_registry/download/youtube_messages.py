"""What a failure of yt-dlp is about: the video, whoever asks for it, or how it was asked."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Cause", "cause_of"]

Cause = Literal["gone", "not_for_us", "limit", "setup", "passing"]
"""The video is gone for everybody; it is not shown to whoever asks now; the limit of requests is reached; nothing can
be had until something is changed on this side; or it may pass by itself."""

# In this order: YouTube begins many a message with "Video unavailable" whatever the cause.
_PATTERNS: tuple[tuple[Cause, str], ...] = (
    ("limit", r"rate.?limit|too many requests|http error 429|content isn.t available, try again later"),
    (
        "setup",
        r"not a (ro)?bot|captcha|requested format is not available|no video formats found|only images are available|"
        r"javascript runtime|n challenge|nsig|po.?token|sabr|page needs to be reloaded|player response|"
        r"unable to extract|no such option|cookies are no longer valid|ffmpeg not found",
    ),
    (
        "not_for_us",
        r"in your country|in your location|not available in your|confirm your age|age.restricted|inappropriate|"
        r"members.only|channel.s members|members of this channel|join this channel|"
        r"requires? (a )?(payment|purchase|premium|rental)|drm|please sign in|log ?in|this video is not available\W*$",
    ),
    ("passing", r"premieres? in|live event will begin|offline|http error 5\d\d|timed out|temporar|connection"),
    (
        "gone",
        r"private video|has been removed|been terminated|no longer available|does not exist|isn.t available any ?more|"
        r"recording is not available|copyright|closed their (youtube )?account|invalid .*\bid\b|incomplete youtube id|"
        r"video unavailable|video is unavailable|not made this video available|this video is private",
    ),
)
_COMPILED = tuple((cause, re.compile(pattern, re.IGNORECASE)) for cause, pattern in _PATTERNS)


def cause_of(message: str) -> Cause:
    """The cause that a message of yt-dlp states; one that is not known may pass."""
    return next((cause for cause, pattern in _COMPILED if pattern.search(message)), "passing")
