"""A chat model on this machine's loopback, speaking the OpenAI protocol, for as long as a `with` block lasts.

llama.cpp's own server (through xllamacpp) runs in a process of its own, so that generating leaves the pipeline's
process free and a crash of one is not a crash of the other. The child holds one end of a pipe from its parent and ends
when that closes, which it does even when the parent is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from aig.core.errors import UsageError
from aig.core.extras import install_command

__all__ = ["serve"]

TOKENS_PER_SLOT = 4096
"""Context of each parallel request: prompt and answer together."""

START_TIMEOUT_S = 120.0


@contextlib.contextmanager
def serve(gguf: Path, parallel: int = 4, timeout_s: float = START_TIMEOUT_S) -> Iterator[str]:
    """Serves a GGUF model on a free loopback port and gives its base URL, `http://127.0.0.1:<port>/v1`.

    The model answers under the file's name up to its first dot. `temperature`, `seed` and `response_format`
    (`json_schema` too) of each request are honoured.

    Args:
        gguf: model file.
        parallel: requests worked on at once.
        timeout_s: how long loading may take, in seconds.

    Raises:
        UsageError: xllamacpp is not installed, the file is not a model, or it did not load in time.
    """
    if not gguf.is_file():
        raise UsageError(f"there is no model file {gguf}", "Give the path of a GGUF file.")
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", __name__, str(gguf), str(parallel)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the pipeline, which finishes its requests first
        )
        try:
            yield _base_url(child, log, gguf, timeout_s)
        finally:
            _stop(child)


def _base_url(child: subprocess.Popen[bytes], log: IO[bytes], gguf: Path, timeout_s: float) -> str:
    assert child.stdout is not None
    deadline = time.monotonic() + timeout_s
    late = threading.Timer(timeout_s, child.kill)
    late.start()
    first = child.stdout.readline()  # empty when the child ends, by itself or by the timer
    late.cancel()
    if first:
        import httpx2

        url: str = json.loads(first)["url"]
        with httpx2.Client(trust_env=False, timeout=timeout_s) as client:  # a proxy never leads back to this machine
            client.get(f"{url}/health").raise_for_status()
        return f"{url}/v1"
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    in_time = time.monotonic() < deadline
    reason = (said[-1] if said else "it exited unexpectedly") if in_time else f"it took longer than {timeout_s:g} s"
    advice = (
        f"Install it: {install_command('demo')}"
        if any("No module named 'xllamacpp'" in line for line in said)
        else "Check that it is a whole GGUF file and that there is memory for it; or name another endpoint by base_url."
    )
    raise UsageError(f"the model server did not start on {gguf.name}: {reason}", advice)


def _stop(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def _main(gguf: Path, parallel: int) -> None:
    """The child: loads the model, says its address on standard output, ends when standard input does."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.model_alias = {gguf.name.partition(".")[0]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = parallel
    params.n_ctx = TOKENS_PER_SLOT * parallel
    # llama.cpp's threads meet at a barrier hundreds of times a token. On cores that other work shares, a second thread
    # made this model twenty times slower (1.5 instead of 39 tokens/s); on idle ones it gains a third.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = 0
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address}), flush=True)  # noqa: T201 - read by the parent
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
