"""Looking for words first finds what looking for the pattern does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aig.filters.answers import circular, contradiction, invented, refusal, source
from aig.filters.answers.seldom import Seldom, letters

DATA = Path(__file__).parent / "data"


def found() -> dict[str, Seldom]:
    """All such patterns of the filters, by name."""
    modules = (circular, contradiction, invented, refusal, source)
    patterns = {name: each for module in modules for name, each in vars(module).items() if isinstance(each, Seldom)}
    for name, several in contradiction._LEVEL_PATTERNS.items():
        patterns |= {f"{name} {number}": each for number, each in enumerate(several)}
    return patterns


PATTERNS = found()


def alternatives(pattern: re.Pattern[str]) -> list[str]:
    """What stands between the bars outside all brackets."""
    parts, depth, start, at, text = [], 0, 0, 0, pattern.pattern
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            at = text.index("]", at + 2)
        elif text[at] in "()":
            depth += 1 if text[at] == "(" else -1
        elif text[at] == "|" and not depth:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


CASES = [(name, part) for name, each in PATTERNS.items() for part in alternatives(each.pattern)]


@pytest.mark.parametrize(("name", "part"), CASES, ids=range(len(CASES)))
def test_no_text_that_an_alternative_matches_is_passed_over(name: str, part: str) -> None:
    @given(text=st.from_regex(re.compile(part, re.IGNORECASE)), around=st.sampled_from(["", " ", "é", "it's ", ".\n"]))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
    def holds(text: str, around: str) -> None:
        text = f"{around}{text}{around}"
        assert PATTERNS[name].may_be_in(text) or not PATTERNS[name].pattern.search(text), text

    holds()


@pytest.mark.parametrize("name", PATTERNS)
def test_written_sentences_are_found_as_by_the_pattern_and_most_are_passed_over(name: str) -> None:
    texts = [line for file in DATA.glob("*.txt") for line in file.read_text().splitlines()]
    texts += [text.upper() for text in texts]
    seldom = PATTERNS[name]
    for text in texts:
        assert [m.span() for m in seldom.finditer(text)] == [m.span() for m in seldom.pattern.finditer(text)], text
    assert sum(map(seldom.may_be_in, texts)) < 0.75 * len(texts)


def test_a_letter_that_a_pattern_takes_for_another_is_not_passed_over() -> None:
    letter = re.compile("[a-z]", re.IGNORECASE)
    odd = [chr(code) for code in range(128, sys.maxunicode + 1) if letter.match(chr(code))]
    assert len(odd) >= 3
    for other in odd:
        for small in filter(lambda small: re.match(small, other, re.IGNORECASE), "abcdefghijklmnopqrstuvwxyz"):
            assert Seldom(re.compile(f"x{small}x", re.IGNORECASE), f"x{small}x").search(f"a x{other}x"), other


def test_a_text_is_cut_at_all_but_latin_letters() -> None:
    assert letters("Isn't it F0, née X_Y?") == {"isn", "t", "it", "f", "n", "e", "x", "y"}
