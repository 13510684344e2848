"""Pairs recovered from malformed replies, beside the released scripts' method and json-repair alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import json_repair

from aig.generators.open_ended.json_shapes import pairs_in
from aig.generators.open_ended.parse import parse_reply
from benchmarks.figures import Figure
from benchmarks.malformed_replies import Case, corpus, damaged, released_method

Pairs = Iterable[tuple[str, str]]


def _repaired(text: str) -> Pairs:
    return pairs_in(json_repair.loads(text))[0]


def _score(cases: list[Case], read: Callable[[str], Pairs]) -> tuple[float, int]:
    """Share of the recoverable pairs that a method finds, and how many it returns that nobody wrote."""
    wanted = found = corrupted = 0
    for case in cases:
        want, got = Counter(map(_normal, case.pairs)), Counter(map(_normal, read(case.text)))
        wanted += want.total()
        found += (want & got).total()
        corrupted += (got - want).total()
    return found / wanted, corrupted


def _normal(pair: tuple[str, str]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in pair)


def run() -> Iterator[Figure]:
    """The figures."""
    cases = list(corpus(per_fault=20, seed=1))
    ours, corrupted = _score(cases, lambda text: parse_reply(text).pairs)
    released, _ = _score(cases, released_method)
    repaired, invented = _score(cases, _repaired)
    what = f"pairs recovered of {len(cases)} malformed replies"
    yield Figure(f"{what}, released scripts beside", 100 * ours, 100 * released, "%", ours, 0.99)
    yield Figure(f"{what}, json-repair beside", 100 * ours, 100 * repaired, "%", ours, 0.99)
    yield Figure(
        "pairs returned that nobody wrote, json-repair beside", corrupted, invented, "pairs", corrupted, 0, False
    )
    hurt = list(damaged(2_000))
    ours, corrupted = _score(hurt, lambda text: parse_reply(text).pairs)
    repaired, invented = _score(hurt, _repaired)
    what = f"pairs recovered of {len(hurt)} replies with a damaged mark"
    yield Figure(f"{what}, json-repair beside", 100 * ours, 100 * repaired, "%", ours, 0.9)
    yield Figure("of these, pairs returned that nobody wrote", corrupted, invented, "pairs", corrupted, 0, False)
    started = time.perf_counter()
    for case in cases:
        parse_reply(case.text)
    own = time.perf_counter() - started
    started = time.perf_counter()
    for case in cases:
        json_repair.loads(case.text)
    other = time.perf_counter() - started
    rates = len(cases) / own, len(cases) / other
    yield Figure("malformed replies read, json-repair beside", *rates, "replies/s", rates[0] / rates[1], 1)
