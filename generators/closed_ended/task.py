"""A closed-ended task as one value: what a published row has of it, which clips it asks about, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from aig.core.tasks import PAPER_FOLDERS, TaskSpec
from aig.generators.closed_ended.facts import Answer, Facts
from aig.prompts.banks import Bank, bank, load_bank

__all__ = ["Task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(TaskSpec):
    """A task whose answers follow by rule.

    Attributes:
        needs: fields of `Clip` or `Features` without which a clip is not asked; `text|transcript` is one of the two,
            `sounds` those annotated or, where nobody annotated any, a tagger's.
        answers: from what is known of a clip to its answers: none, one, or several where there is more than one thing
            to ask.
        bank: of its questions: a name in `prompts/data/closed_ended`, or the path of a file; its own name where empty.
        scale: name of the scale whose words end its answers, as in a levels file.
        copies: whether a dataset may have each of its questions drawn several times (captions).
    """

    needs: tuple[str, ...]
    answers: Callable[[Facts], Iterator[Answer]]
    bank: str | Path = ""
    scale: str = ""
    copies: bool = False

    @property
    def in_paper(self) -> bool:
        """Whether LTU and LTU-AS have it: a dataset then says whether it is asked, as in the papers' table."""
        return self.folder in PAPER_FOLDERS

    @property
    def spec(self) -> TaskSpec:
        """What published rows have of it."""
        return TaskSpec(**{each.name: getattr(self, each.name) for each in fields(TaskSpec)})

    @property
    def questions(self) -> Bank:
        """Its question bank.

        Raises:
            UsageError: there is none, or its file is wrong.
        """
        return load_bank(self.name, self.bank) if isinstance(self.bank, Path) else bank(self.bank or self.name)
