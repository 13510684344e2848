"""Audio instruction generation: open audio datasets in, audio question answering for training out.

Everything imports as `aig.…`. The packages are top-level folders of the repository; the links in this folder give them
their one import name. For notebooks:

    build = aig.open("aig.yaml")   # clips(), features(), pairs(), dropped(), quarantine(), verdicts(), sound(id), ...
    pairs = aig.ask("speech@2", config="aig.yaml")
    rows = aig.load_shards("workspace/shards")
    features = aig.measure("recording.wav")
    report = aig.validate("workspace/shards")
    sums = aig.run("aig.yaml")

Nothing heavy is imported until one of them is called.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aig.pipelines.api import ask, load_shards, measure, run, validate
    from aig.pipelines.api import open_build as open

__all__ = ["__version__", "ask", "load_shards", "measure", "open", "run", "validate"]

__version__ = version("aig-audio")


def __getattr__(name: str) -> Any:
    if name in __all__:
        from aig.pipelines import api

        return getattr(api, "open_build" if name == "open" else name)
    raise AttributeError(f"module 'aig' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
