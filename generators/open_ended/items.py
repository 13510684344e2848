"""The items of a reply that holds more than questions and answers: objects with the keys that a form asks for.

Valid JSON is taken wherever it is, as with pairs; what is not valid is not repaired but counted, since a piece that was
guessed (a wrong option, a turn) would not be noticed.
"""

from __future__ import annotations

import re
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
_LISTS = frozenset(("wrong", "options", "evidence", "missing"))
"""Keys whose value may be a list of texts; of a question, an answer or a caption only one text is asked for."""

_BROKEN = re.compile(r"\{[^{}]*?[\"'](\w+)[\"']\s*:")
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Items:
    """What a reply held.

    Attributes:
        items: by the keys of the form, in the reply's order: text, or a list of texts.
        places: of the items, from 0, among them and what is malformed.
        cut: items that the reply broke off in: 0 or 1.
        malformed: objects that lack a key of the form, and pieces that are not JSON.
    """

    items: tuple[dict[str, Any], ...]
    places: tuple[int, ...] = ()
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
    places: list[int] = []
    malformed, end = 0, 0
    for value, start, position in json_values(text):
        malformed += any(_name(match[1]) in keys for match in _BROKEN.finditer(text[end:start]))
        end = position
        for found in _objects(value, keys):
            named = _named(found)
            if all(named.get(key) or (key == "wrong" and named.get("options")) for key in keys):
                places.append(len(items) + malformed)
                items.append(named)
            elif any(_name(key) in keys for key in found):
                malformed += 1
    broken = "{" in text[end:]
    cut = int(finish_reason == "length" and broken)
    return Items(tuple(items), tuple(places), cut, malformed + (broken and not cut))


def _objects(value: Any, keys: Collection[str], depth: int = 0) -> Iterator[dict[str, Any]]:
    """The innermost objects of a value, and those with two keys of the form, whatever they hold."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, keys, depth + 1)
    elif isinstance(value, dict):
        inner = [
            item
            for item in value.values()
            if isinstance(item, dict) or (isinstance(item, list) and any(isinstance(each, dict) for each in item))
        ]
        if inner and len({_name(key) for key in value} & set(keys)) < 2:
            yield from _objects(inner, keys, depth + 1)
        elif value:
            yield value


def _named(found: dict[str, Any]) -> dict[str, Any]:
    """An object's texts by the names of the form; other keys and other values are left out."""
    named: dict[str, Any] = {}
    for key, value in found.items():
        name = _name(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            value = _text(str(value))
        elif name in _LISTS and isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
            value = [_text(str(each)) for each in value]
        else:
            continue
        if name:
            named.setdefault(name, value)
    return named


def _name(key: str) -> str:
    """What a key is called in the form; empty where it is none of the form's."""
    return role(key)[0] or _KEY.get(key.strip().casefold().replace(" ", "_"), "")


def _text(value: str) -> str:
    """A text on one line, halves of a character replaced."""
    return " ".join(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
