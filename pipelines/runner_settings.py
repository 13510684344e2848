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
        gpus: GPUs that each batch of the extraction reserves on a cluster: Ray's `num_gpus`, Dask's resource `GPU`;
            0.5 lets two batches share one. A pool on this machine needs none: each worker takes one of those there.
        wait_s: how long a deployed run waits for another on the same workspace, and a build for a stage that nobody has
            started yet; a run that a person starts on a workspace in use is refused at once.
    """

    kind: Literal["process", "dask", "ray"] = "process"
    address: str | None = None
    workers: int | None = Field(default=None, gt=0)
    batch_clips: int = Field(default=100, gt=0, le=10_000)
    stuck_after_s: float = Field(default=900, gt=0)
    gpus: float = Field(default=0, ge=0)
    wait_s: float = Field(default=6 * 3600, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _address_of_a_cluster(self) -> Self:
        if self.address is not None and self.kind == "process":
            raise ValueError("`address` belongs to a cluster: set `kind` to dask or ray, or leave it out")
        if self.gpus and self.kind == "process":
            raise ValueError("`gpus` belongs to a cluster: a pool's workers share this machine's GPUs without it")
        return self
