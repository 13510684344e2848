"""Fetches a file over HTTP so that a connection that breaks off costs nothing but the wait.

`pooch` checks the sum and puts the file in its place; `Resuming` is the downloader it is given.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aig.core.errors import DataError

if TYPE_CHECKING:
    import requests

__all__ = ["STAGING", "Resuming", "fetch", "size_of"]

log = logging.getLogger("aig")

STAGING = ".downloads"
"""Folder beside the target where what is not whole yet is kept."""

ATTEMPTS = 6
"""Attempts in a row that may bring nothing new before a download is given up."""

MAX_WAIT_S = 120.0
"""The longest wait that a server's `Retry-After` may ask for; one that asks for more is given up."""

_CHUNK = 1 << 18
_TIMEOUT = (30, 60)
_FOR_GOOD = {400, 401, 403, 404, 405, 410, 451}
_ADVICE = {
    401: "It wants a login: fetch it by hand and put it there.",
    403: "It is not for everybody, or not from here: fetch it by hand and put it there.",
    404: "It has moved: see the dataset's page for its new place, fetch it by hand and put it there.",
}


def fetch(url: str, target: Path, checksum: str = "", on_bytes: Callable[[int], None] | None = None) -> Path:
    """Brings a file to its place, whole and checked, or not at all; what was there already and fits is left.

    Args:
        url: where it lies.
        target: where it goes.
        checksum: `md5:<hex>`, `sha1:<hex>` or `sha256:<hex>`; empty: only the length is checked.
        on_bytes: told how many bytes have come, again and again.

    Raises:
        DataError: the server refuses, the connection keeps breaking off, or the sum is wrong twice.
    """
    import pooch

    algorithm = checksum.partition(":")[0]
    if target.is_file() and (not checksum or f"{algorithm}:{pooch.file_hash(str(target), algorithm)}" == checksum):
        return target
    pooch.get_logger().setLevel(logging.ERROR)
    staged = target.parent / STAGING / target.name
    for attempt in (1, 2):
        try:
            pooch.retrieve(
                url, checksum or None, staged.name, staged.parent, downloader=Resuming(staged, on_bytes or _nobody)
            )
            staged.replace(target)
            return target
        except ValueError as error:
            # Wrong bytes may have been stored by an attempt long ago, so one fresh start is fair.
            log.warning(
                "%s: the checksum is wrong%s", target.name, "; once more from the start" if attempt == 1 else ""
            )
            if attempt == 2:
                raise DataError(
                    f"{url}: what came does not have the checksum {checksum}",
                    "The file may have been changed or damaged on its way: try again later, or see the dataset's page.",
                ) from error
    raise AssertionError("unreachable")


def _nobody(_: int) -> None:
    pass


def size_of(url: str) -> int:
    """Bytes of a file by its server, 0 where it does not say; no error, the download itself will meet it."""
    import requests

    try:
        answer = requests.head(url, allow_redirects=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"})
    except requests.RequestException:
        return 0
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.ok and length.isdigit() else 0


class _Again(Exception):  # noqa: N818 - not an error yet
    """The attempt failed in a way that may pass; wait so long, or as long as one sees fit."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Resuming:
    """A downloader for `pooch` that goes on where an earlier one, even of an earlier run, was broken off.

    What has come lies beside the target as `<name>.partial`, with the server's mark of its version next to it, so
    that the halves of two versions are never put together.

    Attributes:
        target: where the file will go in the end.
        on_bytes: told how many bytes have come.
        sleep: waits so many seconds.
    """

    target: Path
    on_bytes: Callable[[int], None]
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, url: str, output_file: str | BinaryIO, *_: Any, **__: Any) -> None:
        """Fetches `url` into `output_file`, a path.

        Raises:
            DataError: see `fetch`.
        """
        import requests

        partial = self.target.with_name(f"{self.target.name}.partial")
        tries, best = 0, _length(partial)
        self.on_bytes(best)
        with requests.Session() as session:
            while True:
                try:
                    self._attempt(session, url, partial)
                    break
                except _Again as again:
                    tries = 1 if _length(partial) > best else tries + 1
                    best = max(best, _length(partial))
                    if tries >= ATTEMPTS:
                        raise DataError(
                            f"{url}: {again}, {ATTEMPTS} times in a row",
                            "Try again later: the same command goes on where this one stopped.",
                        ) from None
                    wait_s = again.wait_s if again.wait_s is not None else 2.0**tries * random.uniform(0.25, 0.5)
                    log.info("%s: %s; again in %.1f s", self.target.name, again, wait_s)
                    self.sleep(wait_s)
        partial.replace(str(output_file))
        _mark_of(partial).unlink(missing_ok=True)

    def _attempt(self, session: requests.Session, url: str, partial: Path) -> None:
        import requests
        from urllib3.exceptions import HTTPError

        have, mark = _length(partial), _read_mark(partial)
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-"} | ({"If-Range": mark} if mark else {})
        try:
            with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
                if answer.status_code == 416:
                    return _past_the_end(answer, partial)
                _refuse(answer, url)
                resumed = answer.status_code == 206 and _start(answer) == have
                if answer.status_code == 206 and not resumed:
                    partial.unlink(missing_ok=True)
                    raise _Again("the server sent another part than was asked for")
                _write_mark(partial, answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")
                self._receive(answer, partial, have if resumed else 0)
        except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
            raise _Again(f"the connection broke off ({type(error).__name__})") from None
        return None

    def _receive(self, answer: requests.Response, partial: Path, have: int) -> None:
        length = answer.headers.get("Content-Length", "")
        wanted = have + int(length) if length.isdigit() else None
        if not have:
            self.on_bytes(-_length(partial))
        with partial.open("ab" if have else "wb") as file:
            # What has come is kept even where the connection breaks off in the middle of a chunk.
            while chunk := answer.raw.read1(_CHUNK):
                file.write(chunk)
                self.on_bytes(len(chunk))
        if wanted is not None and _length(partial) < wanted:
            raise _Again(f"the connection broke off at {_length(partial):,} of {wanted:,} bytes")


def _past_the_end(answer: requests.Response, partial: Path) -> None:
    """A request from behind the end: all is there if the file is as long as the server says now; else start anew."""
    total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
    if total is None or int(total.group(1)) != _length(partial):
        partial.unlink(missing_ok=True)
        raise _Again("the file has become another one")


def _refuse(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    if status in _FOR_GOOD:
        raise DataError(
            f"{url}: the server answers {status} {answer.reason}",
            _ADVICE.get(status, "See the dataset's page, fetch it by hand and put it there."),
        )
    if status not in (200, 206):
        wait_s = _retry_after(answer)
        if wait_s is not None and wait_s > MAX_WAIT_S:
            raise DataError(
                f"{url}: the server answers {status} {answer.reason} and asks to come back in {wait_s:.0f} s",
                "Try again then: the same command goes on where this one stopped.",
            )
        raise _Again(f"the server answers {status} {answer.reason}", wait_s)


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds that the server asks to wait, given as such or as a date."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _start(answer: requests.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found.group(1)) if found else None


def _length(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _mark_of(partial: Path) -> Path:
    return partial.with_suffix(".version")


def _read_mark(partial: Path) -> str:
    file = _mark_of(partial)
    mark = str(json.loads(file.read_text())) if file.exists() else ""
    # A weak mark does not promise the same bytes, so it may not join two halves.
    return "" if mark.startswith("W/") else mark


def _write_mark(partial: Path, mark: str) -> None:
    partial.parent.mkdir(parents=True, exist_ok=True)
    _mark_of(partial).write_text(json.dumps(mark))
