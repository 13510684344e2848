"""Audio instruction generation: open audio datasets in, audio question answering for training out.

Everything imports as `aig.…`. The packages are top-level folders of the repository; the links in this folder give them
their one import name.
"""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("aig-audio")
