"""The kinds of open-ended prompts by name: those of this package, and kinds of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object
from aig.core.records import Measured
from aig.prompts.kinds.audio import AUDIO
from aig.prompts.kinds.joint import JOINT
from aig.prompts.kinds.music import MUSIC
from aig.prompts.kinds.speech import SPEECH
from aig.prompts.kinds.speech_age import SPEECH_AGE
from aig.prompts.kinds.speech_emotion import SPEECH_EMOTION
from aig.prompts.prompt_kind import PromptKind

__all__ = ["KINDS", "all_kinds", "kind_for", "kind_named", "kind_of"]

KINDS: Mapping[str, PromptKind] = {
    kind.name: kind for kind in (MUSIC, JOINT, SPEECH_EMOTION, SPEECH_AGE, SPEECH, AUDIO)
}
"""The kinds of this package by name; a clip of one's own data is asked with the first that suits it."""


@cache
def kind_of(name: str) -> PromptKind:
    """The kind that a prompt names: one of this package, or one of one's own as `module:object`.

    Raises:
        UsageError: there is no such kind, or the object is not one, or is called as one of this package.
    """
    if is_reference(name):
        kind = load_object(name, PromptKind)
        if kind.name in KINDS:
            raise UsageError(f"the prompt kind {name} is called {kind.name!r}, as another is", "Give it its own name.")
        return kind
    if name not in KINDS:
        raise UsageError(
            f"there is no prompt kind {name!r}",
            f"Name one of {', '.join(sorted(KINDS))}, or one of your own as module:object.",
        )
    return KINDS[name]


def all_kinds(own: Iterable[str] = ()) -> tuple[PromptKind, ...]:
    """All kinds in the order in which they are tried: those of one's own, each `module:object`, then the package's.

    Raises:
        UsageError: as in `kind_of`.
    """
    return (*map(kind_of, own), *KINDS.values())


def kind_named(name: str, own: Iterable[str] = ()) -> PromptKind:
    """The kind of that name, one of one's own or of the package.

    Raises:
        StopIteration: there is none.
    """
    return next(kind for kind in all_kinds(own) if kind.name == name)


def kind_for(item: Measured, own: Iterable[str] = ()) -> PromptKind:
    """The kind that a clip of one's own data is asked with: the first that suits it."""
    return next(kind for kind in all_kinds(own) if kind.suits(item))
