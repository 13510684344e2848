import pytest

from aig.datasets_registry.download.youtube_messages import cause_of

MESSAGES = {
    "gone": [
        "Private video. Sign in if you've been granted access to this video",
        "Video unavailable. This video is private",
        "Video unavailable. This video has been removed by the uploader",
        "Video unavailable. This video is no longer available because the YouTube account associated with this video "
        "has been terminated.",
        "Video unavailable",
        "Video unavailable. This video is no longer available due to a copyright claim by X",
        "This live stream recording is not available.",
        "Video unavailable. The uploader has closed their YouTube account",
        "This part of the video does not exist: it is 12 s long",
    ],
    "not_for_us": [
        "Sign in to confirm your age. This video may be inappropriate for some users.",
        "Video unavailable. The uploader has not made this video available in your country",
        "Video unavailable. This video contains content of X, who has blocked it in your country on copyright grounds",
        "Join this channel to get access to members-only content like this video, and other exclusive perks.",
        "This video is available to this channel's members on level: X",
        "This video requires payment to watch",
        "This video is DRM protected",
        "This video is not available",
    ],
    "limit": [
        "Video unavailable. This content isn't available, try again later. The current session has been rate-limited "
        "by YouTube for up to an hour.",
        "HTTP Error 429: Too Many Requests",
    ],
    "setup": [
        "Sign in to confirm you're not a bot. Use --cookies-from-browser or --cookies for the authentication.",
        "Sign in to confirm you’re not a bot.",
        "Requested format is not available. Use --list-formats for a list of available formats",
        "No video formats found!",
        "Only images are available for download. use --list-formats to see them",
        "The page needs to be reloaded.",
        "Failed to extract any player response",
        "This video requires a captcha challenge to be solved",
        "n challenge solving failed: Some formats may be missing. No supported JavaScript runtime could be found",
    ],
    "passing": [
        "unable to download video data: HTTP Error 403: Forbidden",
        "HTTP Error 503: Service Unavailable",
        "Premieres in 3 hours",
        "This live event will begin in 5 days.",
        "ffmpeg failed: the stream: Input/output error",
        "[Errno 104] Connection reset by peer",
        "something nobody has seen before",
    ],
}


@pytest.mark.parametrize(
    ("cause", "message"), [(cause, message) for cause, messages in MESSAGES.items() for message in messages]
)
def test_each_message_is_about_what_it_says(cause, message):
    assert cause_of(f"ERROR: [youtube] abcdefghijk: {message}") == cause
