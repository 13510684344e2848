"""What the sounds of a clip are kinds of, as far as that is certain and people would ask for it."""

from __future__ import annotations

from functools import cache
from importlib import resources

from aig.core.records import Measured
from aig.core.settings import Strict
from aig.core.yaml_text import read_yaml
from aig.prompts.sound_families import nameable

__all__ = ["kinds_heard"]


class _Kinds(Strict):
    """The lists of `prompts/data/kinds.yaml`, which says what each is for."""

    asked: frozenset[str]
    doubtful: frozenset[str]


def kinds_heard(item: Measured) -> list[str]:
    """Kinds that are heard for certain, in alphabetical order: a cello is a musical instrument.

    A clip knows what all its sounds together are kinds of, not which is whose: where one is doubtful (a buzz, which the
    ontology has as a fly's), only kinds that are annotated themselves are certain.
    """
    annotated = {*item.sounds, *(item.clip.labels or ())}
    certain = all(nameable(label) and label not in _kinds().doubtful for label in annotated)
    return sorted(
        kind for kind in set(item.clip.parents or ()) if kind in _kinds().asked and (certain or kind in annotated)
    )


@cache
def _kinds() -> _Kinds:
    text = (resources.files("aig.prompts") / "data" / "kinds.yaml").read_text(encoding="utf-8")
    return _Kinds.model_validate(read_yaml(text))
