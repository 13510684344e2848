"""Rules of published rows and their lineage that the catalogue of damages does not cover."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.core.tasks import TaskSpec
from aig.shards.manifest import SourceDataset
from aig.shards.rules import broken_lineage, broken_rows


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


TALK = "User: What is heard?\nAssistant: A dog.\nUser: Why does it bark?"


@pytest.mark.parametrize(
    ("task", "question", "good"),
    [
        ("dialogue", TALK, True),
        ("dialogue", "What is heard?", False),
        ("dialogue", TALK.removeprefix("User: "), False),
        ("dialogue", f"{TALK}\nAssistant: Because.", False),
        ("dialogue", TALK.replace("\n", " "), False),
        ("style_caption", "How does the voice sound?", True),
        ("style_caption", "User: How does the voice sound?", False),
    ],
)
def test_a_dialogue_holds_its_turns(task, question, good):
    pair = make_pair(
        instruction=question, input="", audio_id="d/1", dataset="d", task=task, output="Somebody comes home.",
        prompt="dialogue@1", prompt_sha256="a" * 64,
    )  # fmt: skip
    spec = TaskSpec(name=task, folder="dialogue", about="sound", asks="more", example="So.", source="model")
    sources = {"d": SourceDataset(title="D", licence="CC0-1.0")}
    found = list(broken_rows(to_table([pair], QAPair), sources, {task: spec}))
    assert [broken.code for broken in found] == ([] if good else ["malformed_dialogue"])
