"""Licences by one name each, that of the SPDX list where it has one, from however owners write them.

`CC BY 4.0`, `Attribution 4.0 International` and `https://creativecommons.org/licenses/by/4.0/` are all `CC-BY-4.0`.
Versions that are not given stay away (`CC-BY`); the country of a ported licence does too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

__all__ = ["allowed", "forbids_changes", "forbids_sales", "licence_name", "of_both"]

_AND = " AND "
_URL = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<kind>by(?:-nc)?(?:-nd|-sa)?|nc-sampling\+|sampling\+)|publicdomain/(?P<domain>zero|mark))"
    r"/(?P<version>\d\.\d)(?:/.*)?"
)
_CC = re.compile(
    r"(?:cc|creative commons)?[ -]?(?:by|attribution)(?P<nc>[ -]*(?:nc|non[ -]?commercial))?"
    r"(?P<rest>[ -]*(?:(?P<sa>sa|share[ -]?alike)|nd|no[ -]?deriv(?:ative)?s?(?: works)?))?"
    r"(?:[ -]*v?(?P<version>\d(?:\.\d)?))?"
)
_ZERO = re.compile(r"(?:cc|creative commons)[ -]?(?:0|zero)(?:[ -]*v?1\.0)?(?: universal)?|cc0(?: universal)?")
_NOISE = re.compile(
    r"\b(?:licen[cs]ed? (?:under|as)|licen[cs]es?|unported|international|generic|public domain dedication|deed|"
    r"aka music sharing)\b|\(|\)"
)
_PORTED = re.compile(
    r"(?<=\d)[ :-]+(?:[a-z]{2}|united states|united kingdom|france|germany|spain|italy|netherlands|belgium|canada|"
    r"australia|new zealand|brazil|japan|scotland|england and wales|poland|sweden|switzerland|austria|denmark|portugal|"
    r"[a-z ]{4,20})$"
)
_OTHERS = {
    "mit": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "gpl-3.0": "GPL-3.0-only",
    "public domain": "LicenseRef-Public-Domain",
    "sampling+": "LicenseRef-CC-Sampling-Plus",
    "nc-sampling+": "LicenseRef-CC-NC-Sampling-Plus",
    "noncommercial sampling+": "LicenseRef-CC-NC-Sampling-Plus",
}
_NAMES = re.compile(r"LicenseRef-[A-Za-z0-9.-]+|CC-PDM-1\.0")
_DOMAIN = {"zero": "CC0", "mark": "CC-PDM"}


@lru_cache(maxsize=4096)
def licence_name(text: str) -> str | None:
    """The name of the licence that a text says; `None` where it says none, several at choice, or something else.

    Licences that hold together, with `;`, `AND` or `and` between them, come as `CC-BY-4.0 AND CC0-1.0`.
    """
    parts = [_one(part) for part in re.split(r"\s*;\s*|\s+(?:AND|and)\s+", text.strip()) if part]
    names = sorted({name for name in parts if name is not None})
    return _AND.join(names) if names and None not in parts else None


def _one(text: str) -> str | None:
    if _NAMES.fullmatch(text) or text in _OTHERS.values():
        return text
    plain = " ".join(text.casefold().split()).rstrip(" .")
    if url := _URL.fullmatch(plain):
        if url["domain"]:
            return f"{_DOMAIN[url['domain']]}-{url['version']}"
        sampling = _OTHERS.get(url["kind"])
        return f"{sampling}-{url['version']}" if sampling else f"CC-{url['kind'].upper()}-{url['version']}"
    plain = " ".join(_NOISE.sub(" ", plain).split())
    plain = _PORTED.sub("", plain)
    if _ZERO.fullmatch(plain):
        return "CC0-1.0"
    if plain.removeprefix("creative commons ") in _OTHERS:
        return _OTHERS[plain.removeprefix("creative commons ")]
    if found := _CC.fullmatch(plain):
        kind = "CC-BY" + "-NC" * bool(found["nc"])
        if found["rest"]:
            kind += "-SA" if found["sa"] else "-ND"
        version = found["version"]
        return f"{kind}-{version if '.' in version else f'{version}.0'}" if version else kind
    return None


def of_both(one: str | None, other: str | None) -> str | None:
    """What binds whoever uses two works together; `None` where the licence of one is not known."""
    return None if one is None or other is None else _AND.join(sorted({*one.split(_AND), *other.split(_AND)}))


def forbids_sales(name: str) -> bool:
    """Whether a licence, by its name, is for non-commercial use only."""
    return "-NC" in name


def forbids_changes(name: str) -> bool:
    """Whether a licence, by its name, forbids to pass on what was made of the work."""
    return "-ND" in name


def allowed(name: str, patterns: Sequence[str]) -> bool:
    """Whether a licence's name, or each of several that hold together, matches a pattern such as `CC-BY-*`.

    A kind has no other kinds in it: `CC-BY-*` allows `CC-BY-4.0` and not `CC-BY-NC-4.0`, which `CC-BY-NC-*` allows.
    """
    return all(any(_matches(one, pattern) for pattern in patterns) for one in name.split(_AND))


def _matches(name: str, pattern: str) -> bool:
    if not fnmatchcase(name.upper(), pattern.upper()):
        return False
    wild = pattern.upper().partition("*")[0]
    more = name.upper()[len(wild) :] if name.upper().startswith(wild) else ""
    return not (wild.startswith("CC-BY") and re.match(r"-?(?:NC|ND|SA)\b", more))
