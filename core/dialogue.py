"""A conversation of several turns within a row's question and answer, and back.

The question holds the turns before the last, a line each, as `User: ...` and `Assistant: ...`, and the last thing that
is asked; the answer is the last answer. So the six columns stay as they are, a trainer that knows no turns reads the
conversation as it went, and one that does gets each turn back.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["ASSISTANT", "PATTERN", "USER", "joined_turns", "turns_of"]

USER, ASSISTANT = "User: ", "Assistant: "

PATTERN = rf"{USER}[^\n]*\S[^\n]*(?:\n{ASSISTANT}[^\n]*\S[^\n]*\n{USER}[^\n]*\S[^\n]*)+"
"""Regular expression (RE2's dialect) of a question that holds two turns or more."""


def joined_turns(turns: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The question and the answer of a row that holds these turns; line breaks inside a turn become spaces.

    Args:
        turns: questions and answers, in order; at least one.
    """
    flat = [(" ".join(question.split()), " ".join(answer.split())) for question, answer in turns]
    *before, (last, answer) = flat
    lines = [f"{USER}{asked}\n{ASSISTANT}{told}\n" for asked, told in before]
    return f"{''.join(lines)}{USER}{last}" if before else last, answer


def turns_of(instruction: str, output: str) -> list[tuple[str, str]]:
    """The turns of a row; one where its question holds no conversation."""
    lines = instruction.split("\n")
    asked, told = lines[::2], lines[1::2]
    if (
        len(lines) < 3
        or len(asked) != len(told) + 1
        or not all(line.startswith(USER) for line in asked)
        or not all(line.startswith(ASSISTANT) for line in told)
    ):
        return [(instruction, output)]
    answers = [*(line.removeprefix(ASSISTANT) for line in told), output]
    return [(line.removeprefix(USER), answer) for line, answer in zip(asked, answers, strict=True)]
