"""Names of sounds as nouns in a sentence: `Bark` as `a bark`, `Rain` as `rain`, `dog barking` as `a dog barking`.

Where a name gives several, any of them may be meant: `Chicken, rooster` is `a chicken or a rooster`. Rules decide by a
name's words; `data/noun_phrases.yaml` holds what cannot be counted and the names that are no nouns (`Run`). Questions
put the phrase behind a verb, or behind "the sound of", so that its number never has to agree with a verb.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from aig.core.settings import Strict
from aig.core.yaml_text import read_yaml
from aig.prompts.metadata import one_line

__all__ = ["noun_phrase"]

_BETWEEN = re.compile(r"(?:,\s*(?:and\s+|or\s+)?|\s+and\s+)(?![^(]*\))")
_DETERMINED = re.compile(r"(?:an?|the|some|any|no|his|her|its|their|my|our|your|two|three|several|many|\d+)\b", re.I)
_BEHIND_NOUN = re.compile(r" (?:of|on|in|with|for|from|at|by|to|near|under|over|through|into|or)\b| \(")
_SOUND = re.compile(r"(?:sounds? of )?(.+?)(?: sounds?)?", re.IGNORECASE)
_GERUND = re.compile(r"[\w'-]*[aeiouy][\w'-]*ing")
_AN = re.compile(r"(?!uk|uni|us[aeiu]|ut[ei]|eu|one\b|once\b)[aeiou]|hour|honest|heir|[AEFHILMNORSX](?=[A-Z]|-)")


class _Words(Strict):
    """The lists of `noun_phrases.yaml`, which says what each is for."""

    mass: frozenset[str]
    plural: frozenset[str]
    singular: frozenset[str]
    activities: frozenset[str]
    things: frozenset[str]
    intransitive: frozenset[str]
    names: tuple[str, ...]
    phrases: dict[str, str]


@cache
def noun_phrase(label: str) -> str:
    """A sound's name within a sentence, with the article that it needs.

    Args:
        label: a name of any data set, `_` for a blank or not; kept as it is but for article, case, and commas that
            become `or`.
    """
    text = one_line(label.replace("_", " "))
    if not text:
        return text
    if known := _words().phrases.get(text.casefold()):
        return known
    parts = [_phrase(part) for part in map(str.strip, _BETWEEN.split(text)) if part] or [text]
    return " or ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _phrase(name: str) -> str:
    """One name without commas."""
    lists = _words()
    if known := lists.phrases.get(name.casefold()):
        return known
    first, *rest = _without_sound(name).split()
    first = first if first[:2].isupper() else first[:1].lower() + first[1:]
    proper = {each.casefold(): each for each in lists.names}
    words = [proper.get(word.casefold(), word) for word in (first, *rest)]
    plain = [word.casefold() for word in words]
    gerund = next((place for place, word in enumerate(plain) if _is_gerund(word)), len(plain))
    attribute = len(plain) > 1 and (plain[0] in lists.intransitive or " ".join(plain[:2]) in lists.things)
    if gerund == len(plain) or attribute or _behind_noun(plain[:gerund]):
        return _with_article(words)
    doer, action, done_to = words[:gerund], words[gerund], words[gerund + 1 :]
    if doer and " ".join(plain[gerund - 1 : gerund + 1]) not in lists.activities:
        doer = [_with_article(doer)]
    if done_to and not _behind_noun(done_to[:1]) and not done_to[0].startswith("("):
        done_to = [_phrase(" ".join(done_to))]
    return " ".join((*doer, action, *done_to))


def _without_sound(name: str) -> str:
    """`Bathroom sounds` as `Bathroom`: the question speaks of a sound itself."""
    matched = _SOUND.fullmatch(name)
    return matched[1] if matched else name


def _with_article(words: Sequence[str]) -> str:
    """A noun and what belongs to it, with an article where it can be counted and is one."""
    text = " ".join(words)
    noun = _BEHIND_NOUN.split(text.casefold(), maxsplit=1)[0].split() or [""]
    lists = _words()
    alone = noun[-1] in lists.mass or _is_plural(noun[-1]) or noun[0] in lists.plural or _DETERMINED.match(text)
    return text if alone else f"{'an' if _AN.match(text) else 'a'} {text}"


def _is_gerund(word: str) -> bool:
    return _GERUND.fullmatch(word) is not None and word not in _words().singular


def _is_plural(word: str) -> bool:
    lists = _words()
    in_s = word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in lists.singular
    return in_s or word in lists.plural


def _behind_noun(words: Sequence[str]) -> bool:
    """Whether a preposition or `or` is among the words, so that no noun of the name itself follows."""
    return _BEHIND_NOUN.search(f" {' '.join(words)} ") is not None


@cache
def _words() -> _Words:
    text = (resources.files("aig.prompts") / "data" / "noun_phrases.yaml").read_text(encoding="utf-8")
    return _Words.model_validate(read_yaml(text))
