"""The fields of a clip as a manifest gives them: their names, and how a value is read and checked."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from aig.core.records import Clip, Event
from aig.core.source_keys import parse_key
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["ANNOTATIONS", "NAMES", "cell", "events", "value"]

NAMES = tuple(field.name for field in dataclasses.fields(Clip) if field.name not in {"stamp", "parents"})
"""Every field of a clip that its owner may give, in order."""

ANNOTATIONS = NAMES[NAMES.index("labels") :]
"""The fields that carry what is annotated."""

_SEPARATED = {"labels", "genres"}
_LISTS = {*_SEPARATED, "captions"}
_NUMBERS = {"start_s", "end_s"}
_LOWER = {"gender", "emotion"}


def cell(name: str, text: str) -> Any:
    """What a CSV cell holds for a field: `None` where it is empty, a list where the field is one.

    Raises:
        MalformedRowError: a list that begins like JSON and is not.
    """
    text = text.strip()
    if not text:
        return None
    if name == "events" or (name in _LISTS and text.startswith("[")):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise MalformedRowError(f"{name} is not a JSON list: {error}", column=name) from None
    if name in _SEPARATED:
        return [part.strip() for part in text.split(";") if part.strip()]
    return [text] if name in _LISTS else text


def value(name: str, given: Any) -> Any:
    """A field's value checked and in its record's type; `None` where it is empty.

    Raises:
        MalformedRowError: it is of another type, or out of range.
    """
    if name == "events":
        return events(given)
    if name in _LISTS:
        if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
            raise MalformedRowError(f"{name} must be a list of texts", column=name)
        return tuple(given) or None
    if name in _NUMBERS:
        seconds = _number(name, given)
        if seconds < 0:
            raise MalformedRowError(f"{name} is negative", column=name)
        return seconds
    if name in ("age", "sentiment"):
        whole = _number(name, given)
        low, high = (0, 130) if name == "age" else (-3, 3)
        if whole != int(whole) or not low <= whole <= high:
            raise MalformedRowError(f"{name} must be a whole number from {low} to {high}, is {given!r}", column=name)
        return int(whole)
    if not isinstance(given, str):
        if name in ("speaker_id", "audio_id") and isinstance(given, int):
            return str(given)
        raise MalformedRowError(f"{name} must be text, is {type(given).__name__}", column=name)
    text = given.strip()
    if name == "source_key" and text:
        try:
            parse_key(text)
        except ValueError as error:
            raise MalformedRowError(str(error), column=name) from None
    return (text.lower() if name in _LOWER else text) or None


def events(given: Any) -> tuple[Event, ...] | None:
    """Events ordered by onset, ties as they are listed, from a list of `{"label", "onset_s", "offset_s"}`.

    Raises:
        MalformedRowError: another shape, a time that is no number or negative, or an offset before its onset.
    """
    if not isinstance(given, list):
        raise MalformedRowError("events must be a list", column="events")
    found = []
    for item in given:
        if not isinstance(item, dict) or set(item) != {"label", "onset_s", "offset_s"}:
            raise MalformedRowError("each of the events must have exactly label, onset_s and offset_s", column="events")
        onset, offset = _number("onset_s", item["onset_s"]), _number("offset_s", item["offset_s"])
        if not isinstance(item["label"], str) or not item["label"]:
            raise MalformedRowError("an event has no label", column="events")
        if not 0 <= onset <= offset:
            raise MalformedRowError(f"an event lasts from {onset} to {offset} s", column="events")
        found.append(Event(item["label"], onset, offset))
    return tuple(sorted(found, key=lambda event: event.onset_s)) or None


def _number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise MalformedRowError(f"{name} must be a number, is {type(given).__name__}", column=name)
    try:
        number = float(given)
    except ValueError:
        raise MalformedRowError(f"{name} must be a number, is {given!r}", column=name) from None
    if not math.isfinite(number):
        raise MalformedRowError(f"{name} must be a finite number, is {given!r}", column=name)
    return number
