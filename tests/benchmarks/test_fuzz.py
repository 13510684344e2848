"""The fuzzer's targets hold for their seeds and some changed ones; `python -m benchmarks.fuzz` goes on for hours."""

import random
import time

import pytest

from benchmarks.fuzz import mutated
from benchmarks.fuzz_targets import TARGETS

pytestmark = pytest.mark.slow

INPUTS = 60
SECONDS = 2.0


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_from_outside_is_read_or_refused_with_advice(name: str) -> None:
    target, chance = TARGETS[name](), random.Random(name)
    for seed in target.seeds:
        target.run(seed)
    end = time.monotonic() + SECONDS
    for _ in range(INPUTS):
        if time.monotonic() > end:
            break
        target.run(mutated(chance, target.seeds))
