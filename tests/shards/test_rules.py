"""Rules of published rows and their lineage that the catalogue of damages does not cover."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.shards.rules import broken_lineage


@pytest.mark.parametrize(
    ("choices", "index", "good"),
    [
        (("dog", "cat"), 1, True),
        (None, None, True),
        (("dog", "cat"), 2, False),
        (("dog", "cat"), -1, False),
        (("dog", "cat"), None, False),
        (None, 0, False),
        ((), 0, False),
    ],
)
def test_the_right_option_is_one_of_the_options(choices, index, good):
    pair = make_pair(
        instruction="Which?",
        input="",
        audio_id="d/1",
        dataset="d",
        task="choice_label",
        output="(B) cat",
        prompt="choice_label@1",
        prompt_sha256="a" * 64,
        choices=choices,
        answer_index=index,
    )
    found = list(broken_lineage(to_table([pair], QAPair), pa.scalar("rule")))
    assert [broken.code for broken in found] == ([] if good else ["lineage_value"])
