"""Licences have one name each, however their owners write them; a rule about them lets nothing else through."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.licences import allowed, forbids_changes, forbids_sales, licence_name

NAMES = {
    "CC BY 4.0": "CC-BY-4.0",
    "cc by-nc 4.0": "CC-BY-NC-4.0",
    "CC BY-NC-ND 3.0 US": "CC-BY-NC-ND-3.0",
    "Attribution": "CC-BY",
    "Attribution Noncommercial": "CC-BY-NC",
    "Attribution 3.0 Unported": "CC-BY-3.0",
    "Attribution-Noncommercial-Share Alike 3.0 United States": "CC-BY-NC-SA-3.0",
    "Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International": "CC-BY-NC-ND-3.0",
    "Creative Commons Attribution 4.0 International License": "CC-BY-4.0",
    "http://creativecommons.org/licenses/by/3.0/": "CC-BY-3.0",
    "https://creativecommons.org/licenses/by-nc-nd/2.5/ca/": "CC-BY-NC-ND-2.5",
    "http://creativecommons.org/licenses/sampling+/1.0/": "LicenseRef-CC-Sampling-Plus-1.0",
    "http://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "http://creativecommons.org/publicdomain/mark/1.0/": "CC-PDM-1.0",
    "Creative Commons 0": "CC0-1.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "Public Domain": "LicenseRef-Public-Domain",
    "Sampling+": "LicenseRef-CC-Sampling-Plus",
    "Apache License 2.0": "Apache-2.0",
    "CC0-1.0; CC-BY-4.0": "CC-BY-4.0 AND CC0-1.0",
    "not stated": None,
    "labels CC BY 4.0; the audio belongs to the videos' makers": None,
    "CC BY 4.0 as a whole; each recording has a Creative Commons licence of its own": None,
    "academic use only; each recording has a licence of its own": None,
    "FMA-Limited: Download Only": None,
    "": None,
}


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_a_licence_has_one_name(text: str, name: str | None) -> None:
    assert licence_name(text) == name
    assert name is None or licence_name(name) == name


@settings(deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(list(NAMES)), max_size=3).map("; ".join))
def test_names_are_their_own_names(text: str) -> None:
    name = licence_name(text)
    assert name is None or licence_name(name) == name


@pytest.mark.parametrize(
    ("name", "patterns", "may"),
    [
        ("CC-BY-4.0", ["CC0-1.0", "CC-BY-*"], True),
        ("CC0-1.0", ["CC0-1.0", "CC-BY-*"], True),
        ("CC-BY-NC-4.0", ["CC-BY-*"], False),
        ("CC-BY-SA-4.0", ["CC-BY-*"], False),
        ("CC-BY-ND-3.0", ["CC-BY*"], False),
        ("CC-BY-SA-4.0", ["CC-BY-SA-*"], True),
        ("CC-BY-NC-SA-4.0", ["CC-BY-NC-*"], False),
        ("CC-BY-NC-4.0", ["CC-*"], True),
        ("CC-BY", ["CC-BY*"], True),
        ("CC-BY-4.0 AND CC0-1.0", ["CC-BY-*"], False),
        ("CC-BY-4.0 AND CC0-1.0", ["cc0-*", "cc-by-*"], True),
        ("all rights reserved", ["CC-*"], False),
    ],
)
def test_a_pattern_allows_its_own_kind_alone(name: str, patterns: list[str], may: bool) -> None:
    assert allowed(name, patterns) is may


def test_what_licences_forbid() -> None:
    assert [forbids_sales(name) for name in ("CC-BY-NC-4.0", "CC-BY-4.0")] == [True, False]
    assert [forbids_changes(name) for name in ("CC-BY-NC-ND-4.0", "CC-BY-SA-4.0")] == [True, False]
