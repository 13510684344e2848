"""The outermost boundary: whatever else went wrong becomes an error with advice, and its traceback a log file."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aig
from aig.core.cache import cache_folder
from aig.core.errors import AigError, DataError
from aig.pipelines.runtime.storage_errors import ADVICE

__all__ = ["explain_unexpected", "never_proxy_loopback"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_DAMAGED = re.compile(r"parquet|magic bytes|thrift|decompress|corrupt|page header", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


def never_proxy_loopback() -> None:
    """Has every client of this process and its children reach this machine itself, whatever proxy the network needs."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
        if "*" not in hosts:
            os.environ[name] = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def explain_unexpected(error: Exception) -> AigError:
    """An error that a user can act on, instead of one that nobody expected; its traceback goes to a log file."""
    log = _write_log(error)
    where = (
        f"The traceback is in {log}." if log else "No log file could be written, neither to the cache nor to $TMPDIR."
    )
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in ADVICE:
            place = f"{cause.filename}: " if cause.filename else ""
            return DataError(
                f"{place}{cause.strerror}",
                f"{ADVICE[cause.errno]}, then run the same command again: it continues. {where}",
            )
        if _is_damage(cause):
            return DataError(
                f"a table is damaged: {_line(cause)}",
                "`aig check CONFIG` names every damaged file of a workspace and what to do about it, `aig validate` "
                f"those of a set. {where}",
            )
        if type(cause).__module__.partition(".")[0] in ("prefect", "httpx", "httpcore"):
            server = os.environ.get("PREFECT_API_URL", "started for this run")
            return AigError(
                f"Prefect's server ({_without_secrets(server)}) did not answer as it should: {_line(cause)}",
                f"See that it and its database run, then run the same command again: it continues. {where}",
            )
    return AigError(
        f"unexpected {type(error).__name__}: {_line(error)}",
        f"This is a fault of AIG or of a library, not of your call. {where} Report it with that file, which holds "
        "no keys. What is done is kept: the same command continues.",
    )


def _is_damage(error: BaseException) -> bool:
    """Whether a library says that a Parquet file is not whole."""
    library = type(error).__module__.partition(".")[0]
    from_file = library in ("pyarrow", "duckdb", "_duckdb") or (isinstance(error, OSError) and error.errno is None)
    return from_file and _DAMAGED.search(str(error)) is not None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return _without_secrets(text[:300] or "no message")


def _write_log(error: Exception) -> Path | None:
    head = f"aig {aig.__version__}, Python {platform.python_version()}, {platform.platform()}\n{' '.join(sys.argv)}\n\n"
    text = _without_secrets(head + "".join(traceback.format_exception(error)))
    name = f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    for folder in (cache_folder("logs"), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / name
            file.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return file
    sys.stderr.write(text)
    return None


def _without_secrets(text: str) -> str:
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= 8:
            text = text.replace(value, f"${name}")
    return _PASSWORD.sub("***", text)
