"""Closed-ended question banks: for each task, ways to ask (bases) and ways to say how to answer (instructions).

A question is a base, and most often an instruction behind it: a base that ends in `?` is joined by `? `, another by
`, `. Bases may hold `{clip}`, for which one of the bank's names for a clip is drawn, and the slots of their task,
such as `{label}`. Slots are filled in one pass with plain text: a label that holds braces stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from aig.core.errors import UsageError
from aig.core.settings import Strict
from aig.core.yaml_text import YamlError, read_yaml
from aig.prompts.seeded_random import pick

__all__ = ["Bank", "BankFile", "bank", "banks", "load_bank"]

_SLOT = re.compile(r"\{([a-z]+)\}")
_Line = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^\S.*\S$")]


class BankFile(Strict):
    """A bank as written in `prompts/data/closed_ended/<task>.yaml`.

    Attributes:
        version: raised when anything below changes.
        asks: what the task answers, for people and for the model that writes more questions.
        about: regular expression that every base matches, so that none asks for something else.
        slots: names in braces that every base holds.
        clip: names for the clip.
        styles: by dataset, whose caption style a question may ask for.
        bases: what is asked.
        instructions: how to answer.
    """

    version: Annotated[int, Field(ge=1)]
    asks: str
    about: str
    slots: tuple[str, ...] = ()
    clip: tuple[_Line, ...] = ("the audio",)
    styles: dict[str, str] = Field(default_factory=dict)
    bases: Annotated[tuple[_Line, ...], Field(min_length=1)]
    instructions: Annotated[tuple[_Line, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Bank:
    """The questions of one task.

    Attributes:
        task: its name; most often that of the task that asks it.
        file: what is in the bank.
        sha256: of its content.
    """

    task: str
    file: BankFile
    sha256: str

    @property
    def id(self) -> str:
        """Name and version, `cla_label@1`."""
        return f"{self.task}@{self.file.version}"

    def question(
        self,
        rng: random.Random,
        values: Mapping[str, str] | None = None,
        *,
        instruction_share: float = 0.75,
        style: str | None = None,
    ) -> str:
        """Draws a question.

        Args:
            rng: decides everything that is drawn.
            values: text for the task's slots.
            instruction_share: how often an instruction follows the base, 0 to 1.
            style: caption style it ends in, such as `Clotho`.
        """
        base = pick(rng, self.file.bases)
        clip = pick(rng, self.file.clip)
        instruction = pick(rng, self.file.instructions)
        text = _joined(base, instruction if rng.random() < instruction_share else None)
        text = _filled(text, {**(values or {}), "clip": clip})
        return f"{text.rstrip('.?')}, in {style} style" if style else text

    def paraphrases(self, values: Mapping[str, str] | None = None) -> Iterator[str]:
        """Every base with every instruction and without one, the clip called by its first name; slots filled."""
        values = {**(values or {slot: f"<{slot}>" for slot in self.file.slots}), "clip": self.file.clip[0]}
        for base in self.file.bases:
            for instruction in (None, *self.file.instructions):
                yield _filled(_joined(base, instruction), values)


def banks() -> tuple[str, ...]:
    """The names of the banks that come with this package, in alphabetical order."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml")))


@cache
def bank(name: str) -> Bank:
    """A bank that comes with this package.

    Raises:
        UsageError: the task has no bank, or its file is not valid.
    """
    if name not in banks():
        raise UsageError(f"there is no question bank {name!r}", f"There are: {', '.join(banks())}.")
    return parse(name, (_folder() / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def load_bank(name: str, file: Path) -> Bank:
    """A bank of one's own.

    Args:
        name: for its id, `<name>@<version>`.
        file: where it lies.

    Raises:
        UsageError: the file cannot be read, or is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"question bank {name}: {file} cannot be read: {error}", "Name a YAML file.") from None
    return parse(name, text)


def parse(task: str, text: str) -> Bank:
    """Reads a bank from the text of its file, and checks that its questions are distinct and to the point.

    Raises:
        UsageError: a key or a base is wrong, or two are duplicates.
    """
    try:
        file = BankFile.model_validate(read_yaml(text))
    except (YamlError, ValidationError) as error:
        raise UsageError(
            f"question bank {task}: {error}", f"Its keys are: {', '.join(BankFile.model_fields)}."
        ) from None
    for problem in problems(file):
        raise UsageError(f"question bank {task}: {problem}", "Fix or remove that line.")
    content = json.dumps(file.model_dump(mode="json"), sort_keys=True)
    return Bank(task, file, hashlib.sha256(content.encode()).hexdigest())


def problems(file: BankFile) -> Iterator[str]:
    """What is wrong with a bank, line by line: the gate that questions by people and by a model both pass."""
    for lines in (file.bases, file.instructions):
        seen: dict[str, str] = {}
        for line in lines:
            same = seen.setdefault(_essence(line), line)
            if same is not line:
                yield f"{line!r} is a duplicate of {same!r}"
    for base in file.bases:
        slots = set(_SLOT.findall(base)) - {"clip"}
        if slots != set(file.slots):
            yield f"{base!r} should hold the slots {sorted(file.slots)} and holds {sorted(slots)}"
        if base[-1] not in ".?":
            yield f"{base!r} should end in a full stop or a question mark"
        if not re.search(file.about, base, re.IGNORECASE):
            yield f"{base!r} does not ask for {file.asks}"
    for line in file.instructions:
        if line[-1] != "." or _SLOT.search(line):
            yield f"{line!r} should be a plain sentence that ends in a full stop"


def _essence(line: str) -> str:
    return " ".join(re.findall(r"[\w{}'-]+", line.casefold()))


def _joined(base: str, instruction: str | None) -> str:
    if instruction is None:
        return base
    if base.endswith("?"):
        return f"{base} {instruction}"
    return f"{base.removesuffix('.')}, {instruction[0].lower()}{instruction[1:]}"


def _filled(text: str, values: Mapping[str, str]) -> str:
    filled = _SLOT.sub(lambda slot: values[slot[1]], text)
    return filled[0].upper() + filled[1:]


def _folder() -> resources.abc.Traversable:
    return resources.files("aig.prompts") / "data" / "closed_ended"
