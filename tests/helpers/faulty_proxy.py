"""A TCP proxy on loopback that makes a server slow and cuts connections in the middle of what they send."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class FaultyProxy:
    """Hands bytes on between its own port and a server's.

    Attributes:
        port: where it listens.
        delay_s: how long it keeps each piece of an answer back.
        cuts: how many connections more to cut once they have sent `CUT_AFTER` bytes.
        cut: how many were.
    """

    CUT_AFTER = 300_000

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.delay_s = 0.0
        self.cuts = 0
        self.cut = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                threading.Thread(target=self._send, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        with client, server, contextlib.suppress(OSError):
            while data := client.recv(65_536):
                sent += len(data)
                if self.cuts and sent > self.CUT_AFTER:
                    self.cuts -= 1
                    self.cut += 1
                    break
                server.sendall(data)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65_536):
                time.sleep(self.delay_s)
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
