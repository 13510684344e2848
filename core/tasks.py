"""What a published row's task is: its name, its folder, and the form of its answer, as a set's manifest carries them.

How a task's questions and answers are made is said where they are made (`aig.generators`); whoever checks, counts or
reads a published set needs only what is here, and finds it in the set itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["COMPARISON", "FOLDERS", "OPEN_ENDED", "OPTION_LETTERS", "PAPER_FOLDERS", "About", "TaskSpec"]

PAPER_FOLDERS = ("classification", "closed", "open")
"""Folders under `data/` of the tasks of LTU and LTU-AS: what the configs `default` and `stage1` to `stage3` read."""

COMPARISON = "comparison"
"""The folder of rows about two clips, which their `audio_id` names both (`aig.core.clip_pairs`); no other has such."""

FOLDERS = (*PAPER_FOLDERS, "choice", "reasoning", "dialogue", COMPARISON, "own")
"""All folders under `data/`, each but the paper's a config of its own; `own` is for tasks of one's own."""

OPTION_LETTERS = "ABCDE"
"""What the options of a multiple choice are called, in their order, and so the most there can be."""

About = Literal["sound", "voice", "music"]
"""What a task listens to."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ -][A-Za-z0-9_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A task as published rows have it.

    Attributes:
        name: value of the column `task`, such as `pitch_cla`.
        folder: one of `FOLDERS`.
        about: what it listens to.
        asks: what the answer says, in a few words: `the level of the pitch`.
        pattern: regular expression (RE2's dialect) that a whole answer matches; empty where any text is an answer.
        example: an answer that matches.
        words: of a scale, from low to high: an answer ends in one of them and a full stop.
        timed: answers hold time stamps, `[0.0s-1.3s, 3.2s-4.9s]`, in order and within the clip.
        at_most: bound of the number that ends an answer; `None` where there is none.
        source: whether answers follow by `rule`, come from a `model`, or either.
        skill: what a benchmark would file its questions under; empty for the paper's tasks.
    """

    name: str
    folder: str
    about: About
    asks: str
    pattern: str = ""
    example: str
    words: tuple[str, ...] = ()
    timed: bool = False
    at_most: int | None = None
    source: Literal["rule", "model", "either"] = "rule"
    skill: str = ""

    def __post_init__(self) -> None:
        """Refuses what no manifest could hold.

        Raises:
            ValueError: the name or the folder is not one, or the words are fewer than two or not distinct.
        """
        if not _NAME.fullmatch(self.name) or len(self.name) > 64:
            raise ValueError(f"{self.name!r} is not a task name: letters, digits, _, single spaces or hyphens")
        if self.folder not in FOLDERS:
            raise ValueError(f"folder {self.folder!r} of task {self.name} is not one of {', '.join(FOLDERS)}")
        if self.words and len(set(self.words)) < max(2, len(self.words)):
            raise ValueError(f"the words of task {self.name} are not two or more different ones: {self.words}")

    @property
    def form(self) -> str:
        """The regular expression of a whole answer; for a scale, made from its words."""
        if self.words:
            return rf"(?:.* )?(?:{'|'.join(map(re.escape, self.words))})\."
        return self.pattern

    @property
    def says(self) -> str:
        """The form in words, for whoever reads that an answer does not have it."""
        return f"a sentence that ends in one of {', '.join(self.words)}" if self.words else self.example

    def with_words(self, words: tuple[str, ...]) -> TaskSpec:
        """The task with the words of a scale of one's own."""
        example = self.example
        for old, new in zip(self.words, words, strict=False):
            if example.endswith(f" {old}."):
                example = f"{example.removesuffix(f'{old}.')}{new}."
                break
        return replace(self, words=words, example=example)


OPEN_ENDED = TaskSpec(
    name="open-ended question",
    folder="open",
    about="sound",
    asks="whatever the question asks",
    example="Because the voice is low and slow, it is most likely evening.",
    source="model",
)
"""What a chat model asked and answered; its questions are prompts (`aig.prompts.open_ended`), not a bank."""
