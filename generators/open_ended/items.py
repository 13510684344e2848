"""The items of a reply that holds more than questions and answers: objects with the keys that a form asks for.

Valid JSON is taken wherever it is, as with pairs; what is not valid is not mended but counted, since a piece that was
guessed (a wrong option, a turn) would not be noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from aig.generators.open_ended.json_shapes import role
from aig.generators.open_ended.parse import json_values

__all__ = ["Items", "read_items"]

_NAMES = {
    "wrong": ("wrong", "wrong_options", "distractors", "incorrect", "incorrect_answers", "others"),
    "options": ("options", "choices"),
    "evidence": ("evidence", "reasoning", "reason", "think", "thought", "thinking", "because"),
    "missing": ("missing", "absent", "sound", "not_heard"),
    "caption": ("caption", "description", "sentence", "style"),
}
_KEY = {name: key for key, names in _NAMES.items() for name in names}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Items:
    """What a reply held.

    Attributes:
        items: by the keys of the form, in the reply's order: text, or a list of texts.
        cut: items that the reply broke off in: 0 or 1.
        malformed: objects that lack a key of the form, and pieces that are not JSON.
    """

    items: tuple[dict[str, Any], ...]
    cut: int = 0
    malformed: int = 0


def read_items(text: str, keys: Collection[str], finish_reason: str = "") -> Items:
    """Reads the items of a reply. Never fails.

    Args:
        text: the reply.
        keys: of an item, all of which it has to hold; `wrong` may be `options` instead.
        finish_reason: as the server reported it; `length` says that the reply was cut.
    """
    text = text.removeprefix("\ufeff").strip()
    items: list[dict[str, Any]] = []
    malformed, end = 0, 0
    for value, _, position in json_values(text):
        end = position
        for found in _objects(value):
            named = _named(found)
            if all(named.get(key) or (key == "wrong" and named.get("options")) for key in keys):
                items.append(named)
            elif named.keys() & set(keys):
                malformed += 1
    broken = "{" in text[end:]
    cut = int(finish_reason == "length" and broken)
    return Items(tuple(items), cut, malformed + (broken and not cut))


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The innermost objects of a value."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)
    elif isinstance(value, dict):
        inner = [
            item
            for item in value.values()
            if isinstance(item, dict) or (isinstance(item, list) and any(isinstance(each, dict) for each in item))
        ]
        if inner:
            yield from _objects(inner, depth + 1)
        elif value:
            yield value


def _named(found: dict[str, Any]) -> dict[str, Any]:
    """An object's texts by the names of the form; other keys and other values are left out."""
    named: dict[str, Any] = {}
    for key, value in found.items():
        folded = key.strip().casefold().replace(" ", "_")
        name = role(key)[0] or _KEY.get(folded, "")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            value = _text(str(value))
        elif isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
            value = [_text(str(each)) for each in value]
        else:
            continue
        if name:
            named.setdefault(name, value)
    return named


def _text(value: str) -> str:
    """A text on one line, halves of a character replaced."""
    return " ".join(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
