"""AudioSet's ontology: what a sound is a kind of (Gemmeke et al. 2017, `ontology.json`, CC BY-SA 4.0).

The file comes with `aig pull audioset` and is not part of this package.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from aig.core.errors import UsageError

__all__ = ["Ontology"]


class Ontology:
    """Sounds by display name, and the kinds they belong to.

    Attributes:
        known: display names of all sounds that stand below another.

    Args:
        above: the immediate parents of each sound; a sound may have several, and none is its own ancestor.
    """

    def __init__(self, above: dict[str, tuple[str, ...]]) -> None:
        self._above = above
        self.known = above.keys()

    @staticmethod
    @lru_cache(maxsize=4)
    def read(path: str) -> Ontology:
        """The ontology of a file as its owners publish it.

        Raises:
            UsageError: the file is missing, or is not an ontology.
        """
        advice = "Download the owners' ontology.json with `aig pull CONFIG audioset`, or leave `ontology` out."
        try:
            nodes = json.loads(Path(path).read_text(encoding="utf-8"))
            names = {node["id"]: node["name"] for node in nodes}
            above: dict[str, tuple[str, ...]] = {}
            for node in nodes:
                for child in node["child_ids"]:
                    above[names[child]] = (*above.get(names[child], ()), node["name"])
        except OSError as error:
            raise UsageError(f"cannot read the ontology {path}: {error.strerror}", advice) from None
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path} is not AudioSet's ontology.json: {error!r}", advice) from None
        return Ontology(above)

    def ancestors(self, labels: Iterable[str]) -> tuple[str, ...]:
        """All that these sounds are kinds of, the nearest first; without the sounds themselves.

        Names the ontology does not know have no ancestors.
        """
        given = tuple(labels)
        found: dict[str, None] = dict.fromkeys(given)
        ring: Iterable[str] = given
        while ring := [parent for label in ring for parent in self._above.get(label, ()) if parent not in found]:
            found.update(dict.fromkeys(ring))
        return tuple(found)[len(dict.fromkeys(given)) :]
