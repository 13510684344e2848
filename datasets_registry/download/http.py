"""Fetches a file over HTTP so that an interrupted connection costs nothing but the wait."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aig.core.errors import DataError
from aig.core.retry_after import retry_after_s

if TYPE_CHECKING:
    import httpx2
    from tenacity import RetryCallState

__all__ = ["STAGING", "Resuming", "fetch", "size_of"]

log = logging.getLogger("aig")

STAGING = ".downloads"
"""Folder beside the target where what is not whole yet is kept."""

ATTEMPTS = 6
"""Attempts in a row that may bring nothing new before a download is given up."""

MAX_WAIT_S = 120.0
"""The longest wait that a server's `Retry-After` may ask for; one that asks for more is given up."""

_CHUNK = 1 << 20
_CONNECT_S, _READ_S = 30.0, 60.0
_HEADERS = {"Accept-Encoding": "identity"}
_PERMANENT = {400, 401, 403, 404, 405, 410, 451}
_ADVICE = {
    401: "Login required. Download it manually and put it there.",
    403: "It is not for everybody, or not from here. Download it manually and put it there.",
    404: "It has moved. See the dataset's page for its new place, download it manually and put it there.",
}
_OTHER_ADVICE = "See the dataset's page, download it manually and put it there."


def fetch(
    url: str,
    target: Path,
    checksum: str = "",
    on_bytes: Callable[[int], None] | None = None,
    *,
    mirrors: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    shown: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Brings a file to its place, whole and checked, or not at all; what was there already and fits is left.

    Args:
        url: where it lies.
        target: where it goes.
        checksum: `md5:<hex>`, `sha1:<hex>`, `sha256:<hex>`, or `blob:<hex>` (Git's name of a file); empty: the length
            and the sum that Google's storage sends are all that is checked.
        on_bytes: told how many bytes have come, again and again.
        mirrors: where else it lies, tried in this order.
        headers: sent with each request to `url`, such as a login.
        shown: `url` as messages show it, without an access key; as it is where empty.
        sleep: waits the given seconds.

    Raises:
        DataError: no server sends it, the connection keeps breaking, or the checksum is wrong twice.
    """
    if target.is_file() and _fits(target, checksum):
        return target
    partial = target.parent / STAGING / f"{target.name}.partial"
    places = [(url, shown or url, dict(headers or {})), *((mirror, mirror, {}) for mirror in mirrors)]
    for number, (place, name, sent) in enumerate(places, start=1):
        try:
            _checked(Resuming(partial, on_bytes or (lambda _: None), sleep, name, sent), place, checksum)
            break
        except DataError as error:
            if number == len(places):
                raise
            log.warning("%s; trying %s", error.message, places[number][0])
            if not checksum:
                partial.unlink(missing_ok=True)  # halves of two servers fit only where a checksum says so
    partial.replace(target)
    return target


def _checked(download: Resuming, url: str, checksum: str) -> None:
    partial = download.partial
    for attempt in (1, 2):
        sent = download.get(url)
        wanted = checksum or sent
        if _fits(partial, wanted):
            return
        # Wrong bytes may have been stored by an attempt long ago, so one fresh start is fair.
        download.on_bytes(-_length(partial))
        partial.unlink()
        log.warning("%s: the checksum is wrong%s", partial.stem, "; once more from the start" if attempt == 1 else "")
    raise DataError(
        f"{download.name}: what came does not have the checksum {wanted}",
        "The file may have been changed or damaged on its way: try again later, or see the dataset's page.",
    )


def _fits(file: Path, checksum: str) -> bool:
    algorithm, _, expected = checksum.partition(":")
    if not checksum:
        return True
    if algorithm == "blob":
        blob = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                blob.update(chunk)
        return blob.hexdigest() == expected
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest() == expected


def size_of(url: str) -> int:
    """Bytes of a file by its server, 0 where it does not say; no error, the download itself will meet it."""
    import httpx2

    try:
        answer = httpx2.head(url, follow_redirects=True, timeout=_timeout(), headers=_HEADERS)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return 0
    length = answer.headers.get("content-length", "")
    return int(length) if answer.is_success and length.isdigit() else 0


def _timeout() -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(_READ_S, connect=_CONNECT_S)


class _RetryableError(Exception):
    """The attempt failed in a way that may pass; wait `wait_s`, or as long as one sees fit."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Resuming:
    """A download that resumes, within a run and across runs.

    The server's mark of the file's version is kept beside what has come, so that the halves of two versions are never
    put together.

    Attributes:
        partial: the file that is written.
        on_bytes: told how many bytes have come.
        sleep: waits the given seconds.
        name: what messages call it.
        headers: sent with each request.
    """

    partial: Path
    on_bytes: Callable[[int], None]
    sleep: Callable[[float], None]
    name: str
    headers: Mapping[str, str]

    def get(self, url: str) -> str:
        """Fetches all of `url` into `partial`; returns the checksum that the server sends with it, or empty.

        Raises:
            DataError: see `fetch`.
        """
        import httpx2
        from tenacity import Retrying, retry_if_exception_type

        logging.getLogger("httpx2").setLevel(logging.WARNING)  # below, it logs addresses with their access keys
        tries, best = 0, _length(self.partial)
        self.on_bytes(best)

        def count(_: RetryCallState) -> None:
            nonlocal tries, best
            tries = 1 if _length(self.partial) > best else tries + 1
            best = max(best, _length(self.partial))

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_s if isinstance(error, _RetryableError) else None
            return asked if asked is not None else 2.0**tries * random.uniform(0.25, 0.5)

        def say(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            log.info("%s: %s; again in %.1f s", self.partial.name, error, state.upcoming_sleep)

        retrying = Retrying(
            retry=retry_if_exception_type(_RetryableError),
            after=count,
            stop=lambda _: tries >= ATTEMPTS,
            wait=wait,
            before_sleep=say,
            sleep=self.sleep,
            reraise=True,
        )
        with httpx2.Client(follow_redirects=True, timeout=_timeout(), headers={**_HEADERS, **self.headers}) as client:
            try:
                sent: str = retrying(self._attempt, client, url)
            except _RetryableError as error:
                raise DataError(
                    f"{self.name}: {error}, {ATTEMPTS} times in a row",
                    "Try again later: the same command resumes the download.",
                ) from None
            except (httpx2.InvalidURL, httpx2.HTTPError) as error:
                raise DataError(f"{self.name}: {type(error).__name__}", _OTHER_ADVICE) from None
        _mark_of(self.partial).unlink(missing_ok=True)
        return sent

    def _attempt(self, client: httpx2.Client, url: str) -> str:
        import httpx2

        mark = _read_mark(self.partial)
        have = _length(self.partial)
        headers = ({"Range": f"bytes={have}-"} | ({"If-Range": mark} if mark else {})) if have else {}
        try:
            with client.stream("GET", url, headers=headers) as answer:
                if answer.status_code == 416:
                    _past_the_end(answer, self.partial)
                    return ""
                _check(answer, self.name)
                resumed = answer.status_code == 206 and _start(answer) == have
                if answer.status_code == 206 and not resumed:
                    self.partial.unlink(missing_ok=True)
                    raise _RetryableError("the server sent another part than was asked for")
                _write_mark(self.partial, answer.headers.get("etag") or answer.headers.get("last-modified") or "")
                self._receive(answer, have if resumed else 0)
                return _sent_checksum(answer)
        except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            raise _RetryableError(f"the connection was lost ({type(error).__name__})") from None

    def _receive(self, answer: httpx2.Response, have: int) -> None:
        length = answer.headers.get("content-length", "")
        wanted = have + int(length) if length.isdigit() else None
        if not have:
            self.on_bytes(-_length(self.partial))
        with self.partial.open("ab" if have else "wb") as file:
            for chunk in answer.iter_raw():  # as they come, so that what came before a break is kept
                file.write(chunk)
                self.on_bytes(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if wanted is not None and _length(self.partial) < wanted:
            raise _RetryableError(f"the connection was lost at {_length(self.partial):,} of {wanted:,} bytes")


def _past_the_end(answer: httpx2.Response, partial: Path) -> None:
    """A request from behind the end: all is there if the file is as long as the server says now; else start again."""
    total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("content-range", ""))
    if total is None or int(total.group(1)) != _length(partial):
        partial.unlink(missing_ok=True)
        raise _RetryableError("the file has become another one")


def _check(answer: httpx2.Response, name: str) -> None:
    """Returns where the status is good.

    Raises:
        DataError: the server will not send the file.
        _RetryableError: it may do so later.
    """
    status, said = answer.status_code, f"the server answers {answer.status_code} {answer.reason_phrase}"
    if status in _PERMANENT:
        raise DataError(f"{name}: {said}", _ADVICE.get(status, _OTHER_ADVICE))
    if status not in (200, 206):
        wait_s = retry_after_s(answer.headers)
        if wait_s is not None and wait_s > MAX_WAIT_S:
            raise DataError(
                f"{name}: {said} and asks to come back in {wait_s:.0f} s",
                "Try again then: the same command resumes the download.",
            )
        raise _RetryableError(said, wait_s)


def _sent_checksum(answer: httpx2.Response) -> str:
    """The checksum of the whole file as Google's storage sends it, where it sends the file as it is stored."""
    found = re.search(r"md5=([A-Za-z0-9+/]{22}==)", answer.headers.get("x-goog-hash", ""))
    as_stored = answer.headers.get("x-goog-stored-content-encoding") == "identity"
    return f"md5:{base64.b64decode(found[1]).hex()}" if found and as_stored else ""


def _start(answer: httpx2.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    return int(found.group(1)) if found else None


def _length(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _mark_of(partial: Path) -> Path:
    return partial.with_suffix(".version")


def _read_mark(partial: Path) -> str:
    file = _mark_of(partial)
    try:
        mark = str(json.loads(file.read_text())) if file.exists() else ""
    except ValueError:  # a run was killed while it wrote the mark
        partial.unlink(missing_ok=True)
        return ""
    # A weak mark does not promise the same bytes, so it may not join two halves.
    return "" if mark.startswith("W/") else mark


def _write_mark(partial: Path, mark: str) -> None:
    partial.parent.mkdir(parents=True, exist_ok=True)
    _mark_of(partial).write_text(json.dumps(mark))
