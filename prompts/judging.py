"""What a second model is asked about question-answer pairs, and what a model is asked that hears nothing.

Both are versioned files below `data/`, a system message each with the placeholders of `string.Template`; the user
message is made here. Texts of clips and pairs go in as data: numbered, on lines of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError

__all__ = [
    "CRITERIA",
    "JudgingPrompt",
    "blind_message",
    "blind_schema",
    "judge_message",
    "judge_schema",
    "load_judging",
]

CRITERIA = ("supported", "audible", "not_given_away", "well_formed")
"""What a judge says yes or no to: the answer follows from what is known; listening is enough to give it; the question
does not hold it; both are whole, clear sentences that fit each other."""


@dataclass(frozen=True, slots=True)
class JudgingPrompt:
    """One version of a system message.

    Attributes:
        id: name and version, `judge@1`.
        text: the message.
    """

    id: str
    text: str

    @property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_judging(name: str) -> JudgingPrompt:
    """A system message by its name (its newest version), by `name@version`, or by the path of a text file.

    Raises:
        UsageError: there is no such message.
    """
    if Path(name).suffix:
        try:
            return JudgingPrompt(Path(name).stem, Path(name).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the prompt {name} cannot be read: {error}", "Check the path; it is a text file."
            ) from None
    found = [prompt for key, prompt in _packaged().items() if name in (key, key.partition("@")[0])]
    if not found:
        raise UsageError(f"there is no judging prompt {name!r}", f"There are: {', '.join(_packaged())}.")
    return found[-1]


@cache
def _packaged() -> dict[str, JudgingPrompt]:
    folder = resources.files("aig.prompts") / "data" / "judging"
    files = [file for file in folder.iterdir() if re.fullmatch(r"[a-z_]+@\d+\.txt", file.name)]
    names = sorted(
        (file.name.removesuffix(".txt") for file in files),
        key=lambda n: (n.partition("@")[0], int(n.partition("@")[2])),
    )
    return {name: JudgingPrompt(name, (folder / f"{name}.txt").read_text(encoding="utf-8").strip()) for name in names}


def judge_message(facts: str, pairs: Sequence[tuple[str, str]], guesses: Sequence[str | None] = ()) -> str:
    """What is known of a clip and its numbered pairs, as the user message to a judge.

    Args:
        facts: the sentence that the writer of the pairs was told.
        pairs: questions and answers.
        guesses: by pair, what a model answered that heard nothing; absent where nobody was asked.
    """
    lines = [f"Known of the clip: {_line(facts)}"]
    for number, (question, answer) in enumerate(pairs, 1):
        lines += ["", f"{number}. Question: {_line(question)}", f"   Answer: {_line(answer)}"]
        if guesses and (guess := guesses[number - 1]):
            lines.append(f"   Guess: {_line(guess)}")
    return "\n".join(lines)


def blind_message(questions: Sequence[str]) -> str:
    """Numbered questions alone, as the user message to a model that hears nothing."""
    return "\n".join(f"{number}. {_line(question)}" for number, question in enumerate(questions, 1))


def judge_schema(pairs: int, *, guesses: bool) -> dict[str, Any]:
    """JSON schema of a judge's reply about some pairs."""
    flag = {"type": "boolean"}
    names = (*CRITERIA, "same_as_guess") if guesses else CRITERIA
    properties = {"n": {"type": "integer"}, "reason": {"type": "string"}, **dict.fromkeys(names, flag)}
    return _list("verdicts", properties, pairs)


def blind_schema(questions: int) -> dict[str, Any]:
    """JSON schema of the guesses at some questions."""
    return _list("guesses", {"n": {"type": "integer"}, "answer": {"type": "string"}}, questions)


def _list(name: str, properties: dict[str, Any], most: int) -> dict[str, Any]:
    item = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {name: {"type": "array", "items": item, "maxItems": most}},
        "required": [name],
        "additionalProperties": False,
    }


def _line(text: str) -> str:
    return " ".join(text.split())
