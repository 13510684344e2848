"""A chat-completions server for trials and tests: the real protocol, made-up answers, faults on demand.

    with MockServer(MockSettings(latency_s=0.2, faults={"rate_limited": 0.1})) as server:
        settings = GenerateSettings(base_url=server.url)

It is deterministic: the same request gets the same answer, and the n-th try of a request the same fault, whatever the
order. From the command line: `aig mock-server`.
"""

from aig.generators.mock_server.server import MockServer
from aig.generators.mock_server.settings import FAULTS, MockSettings

__all__ = ["FAULTS", "MockServer", "MockSettings"]
