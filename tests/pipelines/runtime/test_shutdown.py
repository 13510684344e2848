"""A run that is told to end does so in time and with the right status, whatever becomes of the exception in it."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest

PREAMBLE = """
import asyncio, sys, time
from aig.pipelines.runtime import shutdown
from aig.pipelines.runtime.shutdown import handling_signals, run_to_its_end
from aig.pipelines.runtime.progress import progress_of
shutdown.GRACE_S = 1.0
def ready(): print("ready", flush=True)
"""


def told(code: str, *signals: signal.Signals) -> tuple[int, float, str]:
    """Exit status, seconds after the first signal and standard error of a program that gets signals when ready."""
    program = [sys.executable, "-c", PREAMBLE + textwrap.dedent(code)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        started = time.monotonic()
        for number in signals:
            process.send_signal(number)
            time.sleep(1.2 if len(signals) > 1 else 0)
        _, errors = process.communicate(timeout=300)
        return process.returncode, time.monotonic() - started, errors


LOST = """
with handling_signals():
    steps = [ready]
    while True:
        try:
            steps.pop()() if steps else time.sleep(60)
        except BaseException:
            pass
"""

LOST_ONCE = """
with handling_signals(), progress_of("work") as progress:
    try:
        ready()
        time.sleep(60)
    except BaseException:
        pass
    try:
        progress.advance()
    finally:
        print("cleaned up", file=sys.stderr)
    time.sleep(60)
"""

WRAPPED = """
with handling_signals():
    try:
        ready()
        time.sleep(60)
    except BaseException as error:
        raise RuntimeError("query interrupted") from error
"""

ON_THE_WIRE = """
async def work():
    try:
        ready()
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.2)
        print("reply kept", file=sys.stderr)
with handling_signals():
    run_to_its_end(work)
"""

IN_A_FLOW = ON_THE_WIRE.replace(
    "run_to_its_end(work)",
    """
    from prefect.utilities.engine import capture_sigterm  # what a flow does to the handler of SIGTERM
    with capture_sigterm():
        run_to_its_end(work)
""",
)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_loses_the_exception_ends_at_the_deadline(number: signal.Signals, status: int) -> None:
    returned, seconds, errors = told(LOST, number)
    assert returned == status
    assert 0.9 < seconds < 20
    assert errors == "Interrupted. The same command continues where this one stopped.\n"


def test_an_exception_that_was_lost_is_raised_again_at_the_next_step() -> None:
    returned, _, errors = told(LOST_ONCE, signal.SIGTERM)
    assert returned == 143
    assert "cleaned up" in errors
    assert "Interrupted" not in errors  # it did not take the deadline


def test_an_exception_that_a_library_wrapped_is_still_the_signals() -> None:
    returned, _, errors = told(WRAPPED, signal.SIGINT)
    assert (returned, errors) == (130, "")


@pytest.mark.parametrize("code", [ON_THE_WIRE, IN_A_FLOW], ids=["plain", "in a flow"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_replies_on_their_way_are_awaited(code: str, number: signal.Signals, status: int) -> None:
    returned, seconds, errors = told("shutdown.GRACE_S = 20\n" + code, number)
    assert (returned, errors) == (status, "reply kept\n")
    assert seconds < 15  # before the deadline


def test_what_the_work_raises_or_returns_comes_out() -> None:
    from aig.pipelines.runtime.shutdown import run_to_its_end

    async def fails() -> None:
        raise ValueError("as it is")

    async def answers() -> int:
        return 42

    assert run_to_its_end(answers) == 42
    with pytest.raises(ValueError, match="as it is"):
        run_to_its_end(fails)


def test_a_second_signal_ends_it_at_once() -> None:
    code = LOST.replace("with", "shutdown.GRACE_S = 50\nwith", 1)
    returned, seconds, _ = told(code, signal.SIGINT, signal.SIGINT)
    assert returned == 130
    assert seconds < 20


def test_handlers_are_given_back() -> None:
    from aig.pipelines.runtime.shutdown import handling_signals

    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    with handling_signals():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
