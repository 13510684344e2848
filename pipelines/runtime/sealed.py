"""The arguments of a batch on their way through Prefect, and where the batch is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from aig.pipelines.runtime.process_pool import ProcessPool

__all__ = ["Parameters", "Sealed", "sealed"]

Parameters = dict[str, Any]
Result = TypeVar("Result")


class Sealed:
    """The arguments of a batch as Prefect sees them: one value of no type that it looks into.

    It walks through collections, dataclasses and models for results of other tasks, which takes longer for a bucket of
    clips than reading it.

    Attributes:
        parameters: the arguments by name.
        pool: whose processes do the batch; the process that the task runs in where `None`, as on a cluster.
    """

    __slots__ = ("parameters", "pool")

    def __init__(self, parameters: Parameters, pool: ProcessPool | None = None) -> None:
        self.parameters = parameters
        self.pool = pool


def sealed(work: Callable[..., Result]) -> Callable[[Sealed], Result]:
    """What a task of `run_batches` is made of: the function, called with the sealed arguments by name.

    Args:
        work: a function of a module that worker processes can import, best without Prefect.
    """

    def opened(arguments: Sealed) -> Result:
        if arguments.pool is None:
            return work(**arguments.parameters)
        return arguments.pool.run(work, arguments.parameters)

    opened.__name__, opened.__doc__ = work.__name__, work.__doc__
    return opened
