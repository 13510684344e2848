"""The shapes in which question-answer pairs stand in a JSON value, and the names by which models call the two."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["ROLE_NAME", "pairs_in", "role"]

Pair = tuple[str, str]

_ROLES = {
    "q": ("q", "question", "questions", "query", "instruction", "ques"),
    "a": ("a", "answer", "answers", "response", "reply", "output", "ans"),
}
_ROLE = {name: role for role, names in _ROLES.items() for name in names}
ROLE_NAME = rf"(?:{'|'.join(sorted(_ROLE, key=len, reverse=True))})(?:[ _]?text)?[ _-]?\d{{0,3}}"
"""Regular expression of the names of either side, numbered or not; letters in any case."""

_DEEPEST = 50
_ASKS = re.compile(r"[?？؟]\W{0,5}$")
_KEY = re.compile(r"\W*([a-z]+(?:[ _]text)?)[ _-]*(\d*)\W*", re.IGNORECASE)


def role(key: str) -> tuple[str, str]:
    """What a key names, `q`, `a` or nothing (``""``), and its number: `Question_2` is `("q", "2")`."""
    match = _KEY.fullmatch(key)
    if not match:
        return "", ""
    name = match[1].lower().removesuffix("text").rstrip(" _")
    return _ROLE.get(name, ""), match[2]


def pairs_in(value: Any, depth: int = 0) -> tuple[list[Pair], int]:
    """The pairs within a decoded JSON value, in order, and how many lack a question or an answer.

    Known shapes: objects with both (also numbered, several to an object), lists `[question, answer]`, objects whose
    keys are the questions, two lists side by side; within up to 50 other arrays and objects.
    """
    if depth > _DEEPEST:
        return [], 0
    if isinstance(value, dict):
        return _in_object(value, depth)
    if not isinstance(value, list):
        return [], 0
    if len(value) == 2 and all(isinstance(item, str) for item in value):
        return ([(value[0], value[1])], 0) if _ASKS.search(value[0]) else ([], 0)
    return _together(value, depth)


def _in_object(value: dict[str, Any], depth: int) -> tuple[list[Pair], int]:
    sides: dict[str, dict[str, Any]] = {}
    others: list[Any] = []
    for key, item in value.items():
        name, number = role(key)
        if name:
            sides.setdefault(number, {})[name] = item
        elif isinstance(item, str) and _ASKS.search(key):
            sides.setdefault(key, {}).update(q=key, a=item)
        else:
            others.append(item)
    pairs: list[Pair] = []
    incomplete = 0
    for side in sides.values():
        question, answer = side.get("q", ()), side.get("a", ())
        if isinstance(question, list) and isinstance(answer, list) and len(question) == len(answer):
            found = [(_text(q), _text(a)) for q, a in zip(question, answer, strict=True)]
        else:
            found = [(_text(question), _text(answer))]
        pairs += [(q, a) for q, a in found if q is not None and a is not None]
        incomplete += sum(q is None or a is None for q, a in found)
    nested, missing = _together(others, depth)
    return pairs + nested, incomplete + missing


def _together(values: list[Any], depth: int) -> tuple[list[Pair], int]:
    found = [pairs_in(item, depth + 1) for item in values]
    return [pair for pairs, _ in found for pair in pairs], sum(missing for _, missing in found)


def _text(value: Any) -> str | None:
    """A value as text; `None` where it holds no single text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return None
