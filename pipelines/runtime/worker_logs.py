"""What worker processes log is said by the process that started them, among the lines of its flow.

Each worker has a connection of its own and shares no lock with anybody, so one that is killed while it speaks holds
up nobody.
"""

from __future__ import annotations

import contextvars
import logging
import pickle
import socketserver
import tempfile
import threading
from logging.handlers import SocketHandler
from pathlib import Path

from aig.core.temporary import process_folder

__all__ = ["WorkerLogs", "level", "say_there"]

_SIZE_BYTES = 4
_LONGEST_FOLDER = 70
"""Letters of the temporary folder's name: those of a socket's are limited to about a hundred."""


class _SaidHere(logging.Handler):
    """Says a record as if it were logged here, in the context that made this: Prefect knows by it which run speaks."""

    def __init__(self) -> None:
        super().__init__()
        self._context = contextvars.copy_context()

    def emit(self, record: logging.LogRecord) -> None:
        """Hands a record to this process's logger of that name."""
        self._context.run(logging.getLogger(record.name).handle, record)


class _Server(socketserver.ThreadingUnixStreamServer):
    """Listens to workers until each has closed its connection, as by its end."""

    daemon_threads = False

    def __init__(self, place: Path) -> None:
        self.said = _SaidHere()
        super().__init__(str(place), _Connection)


class _Connection(socketserver.StreamRequestHandler):
    """Reads what `logging.handlers.SocketHandler` writes: a size, and the record's attributes."""

    server: _Server

    def handle(self) -> None:
        """Until the worker ends, in the middle of a record too."""
        while len(size := self.rfile.read(_SIZE_BYTES)) == _SIZE_BYTES:
            content = self.rfile.read(wanted := int.from_bytes(size, "big"))
            if len(content) == wanted:
                record = logging.makeLogRecord(pickle.loads(content))  # noqa: S301 - the folder is this user's alone
                self.server.said.handle(record)


class WorkerLogs:
    """Says here what workers log, until it is closed.

    Attributes:
        socket: that `say_there` speaks to, in a folder of this user's alone.
    """

    def __init__(self) -> None:
        own = process_folder()
        short = own if len(str(own)) <= _LONGEST_FOLDER else "/tmp"  # noqa: S108 - the folder is new
        self._folder = tempfile.TemporaryDirectory(prefix="aig-logs-", dir=short)
        self.socket = Path(self._folder.name, "socket")
        self._server = _Server(self.socket)
        self._thread = threading.Thread(target=self._server.serve_forever, name="worker-logs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits until everything is said; the workers must have ended."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._folder.cleanup()


def level() -> int:
    """From which level on workers tell: a line a batch, of thousands, is for those alone who look for a fault."""
    return logging.DEBUG if logging.getLogger("aig").isEnabledFor(logging.DEBUG) else logging.WARNING


def say_there(place: Path, from_level: int) -> None:
    """Has what this process logs said where `WorkerLogs` listens."""
    logging.getLogger().addHandler(SocketHandler(str(place), None))
    logging.getLogger("aig").setLevel(from_level)
