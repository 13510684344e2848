"""`python -m aig.generators.mock_server [SETTINGS as JSON] [PORT]`: prints its address and serves."""

from __future__ import annotations

import signal
import sys

from aig.generators.mock_server.server import MockServer
from aig.generators.mock_server.settings import MockSettings


def main(arguments: list[str]) -> None:
    """Serves until SIGINT or SIGTERM."""
    settings = MockSettings.model_validate_json(arguments[0] if arguments else "{}")
    port = int(arguments[1]) if len(arguments) > 1 else 0
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with MockServer(settings, port=port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main(sys.argv[1:])
