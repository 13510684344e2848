"""The kinds of open-ended prompts by name: those of this package, and kinds of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object
from aig.core.records import Measured
from aig.prompts.kinds.audio import AUDIO
from aig.prompts.kinds.choice import CHOICE
from aig.prompts.kinds.dialogue import DIALOGUE
from aig.prompts.kinds.joint import JOINT
from aig.prompts.kinds.music import MUSIC
from aig.prompts.kinds.negative import NEGATIVE
from aig.prompts.kinds.reasoning import REASONING
from aig.prompts.kinds.speech import SPEECH
from aig.prompts.kinds.speech_age import SPEECH_AGE
from aig.prompts.kinds.speech_emotion import SPEECH_EMOTION
from aig.prompts.kinds.style_caption import STYLE_CAPTION
from aig.prompts.prompt_kind import PromptKind

__all__ = ["BY_MODEL", "KINDS", "TASK_KINDS", "all_kinds", "kind_for", "kind_of", "task_kinds"]

KINDS: Mapping[str, PromptKind] = {
    kind.name: kind for kind in (MUSIC, JOINT, SPEECH_EMOTION, SPEECH_AGE, SPEECH, AUDIO)
}
"""The kinds of this package by name; a clip of one's own data is asked with the first that suits it."""


TASK_KINDS: Mapping[str, PromptKind] = {
    kind.task.name: kind for kind in (CHOICE, REASONING, DIALOGUE, NEGATIVE, STYLE_CAPTION)
}
"""Kinds with a task of their own, by its name: a clip is asked with each that `generate.tasks` names and suits it."""

BY_MODEL = "by_model"
"""What `generate.tasks` calls all of them."""

_PACKAGED = {**KINDS, **{kind.name: kind for kind in TASK_KINDS.values()}}


@cache
def kind_of(name: str) -> PromptKind:
    """The kind that a prompt names: one of this package, or one of one's own as `module:object`.

    Raises:
        UsageError: there is no such kind, or the object is not one, or is called as one of this package.
    """
    if is_reference(name):
        kind = load_object(name, PromptKind)
        if kind.name in _PACKAGED:
            raise UsageError(f"the prompt kind {name} is called {kind.name!r}, as another is", "Give it its own name.")
        return kind
    if name not in _PACKAGED:
        raise UsageError(
            f"there is no prompt kind {name!r}",
            f"Name one of {', '.join(sorted(_PACKAGED))}, or one of your own as module:object.",
        )
    return _PACKAGED[name]


def task_kinds(tasks: Iterable[str]) -> tuple[PromptKind, ...]:
    """The kinds with tasks of their own that `generate.tasks` names; other names are those of tasks by rule."""
    asked = set(tasks)
    return tuple(kind for name, kind in TASK_KINDS.items() if asked & {name, BY_MODEL})


def all_kinds(own: Iterable[str] = ()) -> tuple[PromptKind, ...]:
    """All kinds in the order in which they are tried: those of one's own, each `module:object`, then the package's.

    Raises:
        UsageError: as in `kind_of`.
    """
    return (*map(kind_of, own), *KINDS.values())


def kind_for(item: Measured, own: Iterable[str] = ()) -> PromptKind:
    """The kind that a clip of one's own data is asked with: the first that suits it."""
    return next(kind for kind in all_kinds(own) if kind.suits(item))
