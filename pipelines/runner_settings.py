"""Settings of what runs the batches (`runner:` in the YAML)."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from aig.core.settings import Strict

__all__ = ["RunnerSettings"]


class RunnerSettings(Strict):
    """What runs the batches; `runner: dask` is short for `runner: {kind: dask}`.

    Attributes:
        kind: `process` (a pool on this machine), `dask` or `ray`.
        address: of a running Dask scheduler (`tcp://host:8786`) or Ray cluster (`ray://host:10001`); a temporary
            cluster on this machine where absent.
        workers: batches at a time; as many as this machine has cores where absent.
        batch_clips: clips per task of the extraction.
        stuck_after_s: a worker that finishes no clip for so long is taken for hung and ended; its clip goes to
            quarantine once it is known which.
    """

    kind: Literal["process", "dask", "ray"] = "process"
    address: str | None = None
    workers: int | None = Field(default=None, gt=0)
    batch_clips: int = Field(default=100, gt=0, le=10_000)
    stuck_after_s: float = Field(default=900, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _address_of_a_cluster(self) -> Self:
        if self.address is not None and self.kind == "process":
            raise ValueError("`address` belongs to a cluster: set `kind` to dask or ray, or leave it out")
        return self
