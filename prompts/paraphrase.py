"""Extending the prompts' data through a model: more ways to ask, and acoustic descriptions of further sounds.

What a model writes is a proposal: it passes the same gates as what people wrote, each refusal has its reason, and the
rest goes into a file that a person reviews.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from aig.prompts.banks import Bank, BankFile, problems

__all__ = [
    "LINES_SCHEMA",
    "bank_text",
    "clean_descriptions",
    "description_messages",
    "extend_bank",
    "question_messages",
]

LINES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"type": "string"}}},
    "required": ["lines"],
    "additionalProperties": False,
}
"""Both kinds of reply: `{"lines": ["...", "..."]}`."""

Messages = tuple[dict[str, str], ...]


def question_messages(bank: Bank, count: int, part: str) -> Messages:
    """Asks for `count` more `bases` or `instructions` of a bank, with those it has as examples."""
    slots = [f"{{{slot}}}" for slot in (*bank.file.slots, "clip")]
    rule = (
        f"Each asks for {bank.file.asks}, ends in a full stop or a question mark, and holds these names in braces "
        f"exactly as written, each once: {', '.join(slots)}."
        if part == "bases"
        else f"Each is a plain sentence, ends in a full stop, and says how to answer when asked for {bank.file.asks}."
    )
    existing = bank.file.bases if part == "bases" else bank.file.instructions
    examples = "\n".join(existing)
    system = (
        f"You paraphrase what people ask about audio. Write {count} new lines, as different from each other and from "
        f'the given ones as natural speech allows. {rule} Reply with JSON only: {{"lines": ["...", "..."]}}'
    )
    return ({"role": "system", "content": system}, {"role": "user", "content": f"Lines so far:\n{examples}"})


def extend_bank(bank: Bank, part: str, lines: Iterable[str]) -> tuple[BankFile, list[str]]:
    """Adds the lines that pass the bank's gates, as its next version; also returns each refusal with its reason."""
    file = bank.file.model_copy(update={"version": bank.file.version + 1})
    refused = []
    for line in (" ".join(line.split()) for line in lines):
        longer = (*getattr(file, part), line)
        candidate = file.model_copy(update={part: longer})
        if not 3 <= len(line) <= 200:
            refused.append(f"{line!r} is {len(line)} characters long")
        elif found := next(problems(candidate), None):
            refused.append(found)
        else:
            file = candidate
    return file, refused


def bank_text(file: BankFile) -> str:
    """A bank as the text of its file."""
    content = file.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=200)


def description_messages(label: str, count: int = 10) -> Messages:
    """Asks for `count` acoustic descriptions of a sound class."""
    system = (
        f"Describe what a class of sounds sounds like: pitch, timbre, rhythm, loudness, texture. Write {count} "
        "descriptions of two to six words each, all different, in lower case, without a full stop. Do not name the "
        'source, nor use a word of its name. Reply with JSON only: {"lines": ["low and resonant", "..."]}'
    )
    return ({"role": "system", "content": system}, {"role": "user", "content": f"Sound class: {label}"})


_COMMON = frozenset(("and", "the", "for", "with", "other", "sound", "noise", "music", "small", "large"))


def _stem(word: str) -> str:
    """What a word has in common with its other forms: `barking`, `barks` and `bark` are one."""
    return re.sub(r"(?<=...)(?:ings?|ed|ers?|s)$", "", word)


def clean_descriptions(label: str, lines: Sequence[str], most: int = 10) -> tuple[tuple[str, ...], list[str]]:
    """Descriptions fit for use, at most `most`, and what was refused with the reason.

    Numbering, quotes, line breaks, double spaces and a closing full stop go; the first letter becomes small. A text
    that is incomplete, is too short or long, repeats another, or names the sound is refused.
    """
    kept: dict[str, None] = {}
    refused = []
    names = {_stem(word) for word in re.findall(r"[a-z]{3,}", label.lower())} - _COMMON
    for line in lines:
        text = re.sub(r"^\W*\d+\s*[.):]\s*|^\W+|[\s\"'“”.;,]+$", "", " ".join(line.split()))
        text = text[:1].lower() + text[1:]
        words = re.findall(r"[a-z]+", text.lower())
        if not 2 <= len(words) <= 10:
            refused.append(f"{text!r} has {len(words)} words, not 2 to 10")
        elif text.endswith("-") or words[-1] in ("and", "or", "with", "a", "an", "the", "of", "to", "in", "but"):
            refused.append(f"{text!r} is incomplete")
        elif named := [word for word in words if _stem(word) in names]:
            refused.append(f"{text!r} names the sound: {named[0]}")
        elif text in kept:
            refused.append(f"{text!r} is a duplicate")
        else:
            kept[text] = None
    return tuple(kept)[:most], refused
