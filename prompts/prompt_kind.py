"""A kind of open-ended prompt as one value: what the model is told of a clip, and which clips it suits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from aig.core.records import Clip, Features, Measured
from aig.core.tasks import OPEN_ENDED, TaskSpec
from aig.prompts.metadata import Describe
from aig.prompts.reply_form import PAIRS, ReplyForm

__all__ = ["PromptKind"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptKind:
    """A kind of open-ended questions. Prompts name theirs, and a dataset the one it is asked with.

    Attributes:
        name: lower-case letters, digits and `_`; with the dataset's name it names a selection, `audioset_joint`.
        sentence: what is known of a clip, as the model reads it, from the clip, its features, the recogniser's cleaned
            words and a function that describes a sound; empty where there is nothing that the kind is about.
        suits: whether a clip of one's own data is asked with it; of a kind with a task of its own, whether any clip is.
        form: the shape of the replies.
        task: of the rows. A kind with a task of its own is asked beside all others, where `generate.tasks` names it.
    """

    name: str
    sentence: Callable[[Clip, Features | None, str, Describe], str]
    suits: Callable[[Measured], bool]
    form: ReplyForm = PAIRS
    task: TaskSpec = OPEN_ENDED

    def __post_init__(self) -> None:
        """Refuses a name that could not be part of a folder's and a selection's.

        Raises:
            ValueError: it holds other characters.
        """
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a kind's name: lower-case letters, digits and _")
