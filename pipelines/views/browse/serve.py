"""`aig browse`: opens what is to be browsed and serves it."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from aig.core.errors import UsageError
from aig.core.storage import is_local
from aig.pipelines.configuration import load
from aig.pipelines.sources import root_of
from aig.pipelines.views.browse.app import create_app
from aig.pipelines.views.browse.rows import Rows
from aig.pipelines.views.browse.site import Site
from aig.pipelines.views.browse.sounds import Sounds
from aig.pipelines.views.browse.sources import made_pairs, published_set
from aig.pipelines.views.clip_lookup import ClipLookup
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.marks import Marks
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace

if TYPE_CHECKING:
    import uvicorn

__all__ = ["Served", "open_site", "prepare"]


@dataclass(frozen=True)
class Served:
    """A server that is ready to run.

    Attributes:
        server: uvicorn's.
        listener: the socket it listens on.
        address: to open, with the token.
    """

    server: uvicorn.Server
    listener: socket.socket
    address: str

    def run(self) -> None:
        """Serves until it is interrupted, which is the way it ends."""
        with contextlib.suppress(KeyboardInterrupt):
            self.server.run(sockets=[self.listener])


def open_site(target: str, marks: Path | None, roots: Mapping[str, str]) -> Site:
    """What a configuration file or a published set has to show.

    Args:
        target: path of a configuration (`.yaml`, `.yml`), or folder or URL of a published set.
        marks: where marks go; beside the workspace's tables, or in the current folder, where it is not said.
        roots: further folders of audio by dataset.

    Raises:
        UsageError, DataError: there is nothing to show.
    """
    if target.startswith(("http://", "https://")):
        raise UsageError(f"{target} is on a web server", "Browse a copy on a disk or an object store: fetch it first.")
    if not target.endswith((".yaml", ".yml")):
        source = published_set(target)
        return Site(source, Rows(source), Sounds(dict(roots)), _marks(marks or Path("marks.jsonl")), None)
    configuration = load(target)
    workspace = Workspace(configuration.workspace)
    published = current_set(workspace)
    source = published_set(published) if published else made_pairs(workspace)
    lookup = ClipLookup(configuration, workspace, open_tables(configuration, workspace))
    known = {name: root_of(configuration, name) for name in configuration.datasets}
    sounds = Sounds(known | dict(roots), configuration.extract.audio.max_clip_s)
    where = marks or (Path(workspace.root) / "marks.jsonl" if is_local(workspace.root) else Path("marks.jsonl"))
    return Site(source, Rows(source), sounds, _marks(where), lookup)


def _marks(file: Path) -> Marks:
    return Marks(file.resolve())


def prepare(site: Site, *, host: str, port: int) -> Served:
    """A server for a site, listening already.

    Args:
        site: what is shown.
        host: address to listen on; anything but loopback can be reached by others.
        port: 0 for any that is free.

    Raises:
        UsageError: nothing can listen there.
    """
    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}",
            "Give another --host or --port; 0 takes a free one.",
        ) from None
    listener.listen(128)
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    names = _names(host)
    app = create_app(
        site,
        token=token,
        hosts=frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset()),
        cookie=f"aig_browse_{port}",
    )
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2)
    )
    return Served(server, listener, f"http://{names[0]}:{port}/?token={token}")


def _names(host: str) -> list[str]:
    """Host names under which the app answers, the first for the address that is printed."""
    try:
        address = ip_address(host)
    except ValueError:
        return [host.lower()]
    if address.is_loopback:
        return [f"[{host}]" if address.version == 6 else host, "localhost"]
    if address.is_unspecified:
        return [socket.gethostname().lower(), socket.getfqdn().lower(), "localhost", "127.0.0.1"]
    return [f"[{host}]" if address.version == 6 else host]
