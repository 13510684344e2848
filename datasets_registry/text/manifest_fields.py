"""The fields of a clip as a manifest gives them: their names, and how a value is read and checked."""

from __future__ import annotations

import ast
import dataclasses
import io
import itertools
import json
import math
import re
import tokenize
from decimal import Decimal
from typing import Any

from aig.core.records import Clip, Event
from aig.core.source_keys import parse_key
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["ANNOTATIONS", "LISTS", "NAMES", "cell", "events", "value"]

NAMES = tuple(field.name for field in dataclasses.fields(Clip) if field.name not in {"stamp", "parents"})
"""Every field of a clip that its owner may give, in order."""

ANNOTATIONS = NAMES[NAMES.index("labels") :]
"""The fields that carry what is annotated."""

_SEPARATED = {"labels", "genres"}
LISTS = {*_SEPARATED, "captions"}
_NUMBERS = {"start_s", "end_s"}
_WHOLE = {"age": (0, 130), "sentiment": (-3, 3), "channel": (0, 63)}
_NAMES_AS_NUMBERS = {"speaker_id", "audio_id", "title", "text", "split"}
"""Texts that are often written as numbers, which then are their digits."""

_GENDERS = {
    **dict.fromkeys(("m", "male", "man", "masculine", "male_masculine", "männlich", "homme", "masculino"), "male"),
    **dict.fromkeys(("f", "w", "female", "woman", "feminine", "female_feminine", "weiblich", "femme"), "female"),
    **dict.fromkeys(("u", "unk", "unknown", "n/a", "na", "none", "not_specified", "unspecified"), None),
    **dict.fromkeys(("do_not_wish_to_say", "prefer_not_to_say", "undisclosed"), None),
}
"""How genders are spelt in the wild (Common Voice, Lhotse, Kaldi); what says nothing is absent."""


def cell(name: str, text: str) -> Any:
    """What a CSV cell holds for a field: `None` where it is empty, a list where the field is one.

    A list may be JSON, or as Python prints one, which is how pandas writes a column of lists.

    Raises:
        MalformedRowError: a list that begins like one and is not.
    """
    text = text.strip()
    if not text:
        return None
    if name == "events" or (name in LISTS and text.startswith("[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return _python_list(name, text)
    if name in _SEPARATED:
        return [part.strip() for part in text.split(";") if part.strip()]
    return [text] if name in LISTS else text


def _python_list(name: str, text: str) -> Any:
    """A list of plain values as Python prints it; nothing in it is ever run.

    Raises:
        MalformedRowError: it is not one. An array as NumPy prints it, `['Dog' 'Cat']`, is refused: Python would join
            its texts into one.
    """
    wrong = MalformedRowError(
        f"{name} is not a list: {text if len(text) <= 60 else text[:57] + '...'}",
        column=name,
        advice='Write lists as JSON, `["Dog", "Cat"]`; pandas: `frame[column].map(json.dumps)`.',
    )
    try:
        value = ast.literal_eval(text)
        kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError, tokenize.TokenError):
        raise wrong from None
    strings = [kind for kind in kinds if kind != tokenize.NL]
    if (tokenize.STRING, tokenize.STRING) in itertools.pairwise(strings) or not isinstance(value, list):
        raise wrong
    return value


def value(name: str, given: Any) -> Any:
    """A field's value checked and in its record's type; `None` where it is empty.

    Raises:
        MalformedRowError: it is of another type, or out of range.
    """
    if name == "events":
        return events(given)
    if name in LISTS:
        if not isinstance(given, list | tuple) or not all(isinstance(item, str | None) for item in given):
            raise MalformedRowError(f"{name} must be a list of texts", column=name)
        return tuple(text for item in given if item and (text := _text(name, item))) or None
    if name in _NUMBERS:
        seconds = _number(name, given)
        if seconds < 0:
            raise MalformedRowError(f"{name} is negative", column=name)
        return seconds
    if name in _WHOLE:
        whole, (low, high) = _number(name, given), _WHOLE[name]
        if whole != int(whole) or not low <= whole <= high:
            raise MalformedRowError(
                f"{name} must be a whole number from {low} to {high}, is {_shown(given)}", column=name
            )
        return int(whole)
    text = _text(name, given)
    if name == "gender":
        return _gender(text)
    if name == "source_key" and text:
        try:
            parse_key(text)
        except ValueError as error:
            raise MalformedRowError(str(error), column=name) from None
    return (text.lower() if name == "emotion" else text) or None


def _gender(text: str) -> str | None:
    plain = re.sub(r"[\s-]+", "_", text.lower().strip(" ."))
    return _GENDERS.get(plain, plain) or None


def _text(name: str, given: Any) -> str:
    if isinstance(given, bytes):
        try:
            given = given.decode()
        except UnicodeDecodeError:
            raise MalformedRowError(f"{name} is not UTF-8 text", column=name) from None
    if name in _NAMES_AS_NUMBERS and isinstance(given, int | float | Decimal) and not isinstance(given, bool):
        number = _number(name, given)
        given = str(given) if isinstance(given, int) else f"{number:.15g}"
    if not isinstance(given, str):
        raise MalformedRowError(f"{name} must be text, is {type(given).__name__}", column=name)
    if "\0" in given and name != "path":
        raise MalformedRowError(f"{name} holds a NUL character", column=name)
    try:
        given.encode()
    except UnicodeEncodeError:
        raise MalformedRowError(f"{name} holds half of a surrogate pair", column=name) from None
    return given.strip()


def events(given: Any) -> tuple[Event, ...] | None:
    """Events ordered by onset, ties as they are listed, from a list of `{"label", "onset_s", "offset_s"}`.

    Three lists of one length, `{"label": [...], ...}`, are as good: so Hugging Face `datasets` keeps such lists.

    Raises:
        MalformedRowError: another shape, a time that is not a number or negative, or an offset before its onset.
    """
    if isinstance(given, dict) and given and all(isinstance(values, list) for values in given.values()):
        if len({len(values) for values in given.values()}) != 1:
            raise MalformedRowError("events has lists of different lengths", column="events")
        given = [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]
    if not isinstance(given, list):
        raise MalformedRowError("events must be a list", column="events")
    found = []
    for item in given:
        if not isinstance(item, dict) or set(item) != {"label", "onset_s", "offset_s"}:
            raise MalformedRowError("each of the events must have exactly label, onset_s and offset_s", column="events")
        onset, offset = _number("onset_s", item["onset_s"]), _number("offset_s", item["offset_s"])
        label = item["label"] and _text("label", item["label"])
        if not label:
            raise MalformedRowError("an event has no label", column="events")
        if not 0 <= onset <= offset:
            raise MalformedRowError(f"an event lasts from {onset} to {offset} s", column="events")
        found.append(Event(label, onset, offset))
    return tuple(sorted(found, key=lambda event: event.onset_s)) or None


def _number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal | str):
        raise MalformedRowError(f"{name} must be a number, is {type(given).__name__}", column=name)
    try:
        # Python reads 1_000 as a thousand; in a table it is more likely a mistake.
        number = math.nan if isinstance(given, str) and "_" in given else float(given)
    except (ValueError, OverflowError):
        raise MalformedRowError(f"{name} must be a number, is {_shown(given)}", column=name) from None
    if not math.isfinite(number):
        raise MalformedRowError(f"{name} must be a finite number, is {_shown(given)}", column=name)
    return number


def _shown(given: Any) -> str:
    try:
        text = repr(given)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:37]}..."
