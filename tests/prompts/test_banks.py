"""The question banks: a hundred ways to ask and more, all to the point, and drawn by seed."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.extractors.levels import Levels
from aig.prompts.banks import bank, banks, parse, problems

TASKS = banks()


def test_a_bank_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no question bank"):
        bank("cla_labels")


@pytest.mark.parametrize("task", TASKS)
def test_at_least_a_hundred_different_questions_without_fault(task):
    questions = list(bank(task).paraphrases())
    assert len(questions) >= 100
    assert len({" ".join(question.lower().split()) for question in questions}) == len(questions)
    assert list(problems(bank(task).file)) == []
    assert not any("{" in question for question in questions)


def test_no_bank_asks_what_another_asks():
    owner: dict[str, str] = {}
    for task in TASKS:
        for base in bank(task).file.bases:
            assert owner.setdefault(base, task) == task


SCALES = [name for name in TASKS if name.removeprefix("choice_") in {*Levels.model_fields, "noise", "sentiment"}]


@pytest.mark.parametrize("task", SCALES)
def test_no_question_about_a_level_offers_others_than_its_options(task):
    """`Is it narrow or wide?` does not go with the options `very narrow` and `medium`."""
    for base in bank(task).file.bases:
        offered = re.search(r"\bor\b", base) and not re.search(r"How \w+ or \w+|positive, (?:a )?negative or", base)
        assert not offered, base


BANK = """
version: 3
asks: the colour
about: colou?r
slots: [label]
clip: [the clip, this clip]
bases:
  - What colour has {label} in {clip}?
  - Name the color of {label} in {clip}.
instructions:
  - Be brief.
  - Answer with one word.
"""


def test_parts_are_joined_as_people_would():
    assert list(parse("colour", BANK).paraphrases({"label": "it"})) == [
        "What colour has it in the clip?",
        "What colour has it in the clip? Be brief.",
        "What colour has it in the clip? Answer with one word.",
        "Name the color of it in the clip.",
        "Name the color of it in the clip, be brief.",
        "Name the color of it in the clip, answer with one word.",
    ]


def test_a_style_ends_the_question():
    questions = parse("colour", BANK)
    drawn = {questions.question(random.Random(n), {"label": "it"}, style="Clotho") for n in range(50)}
    assert "What colour has it in this clip, in Clotho style" in drawn
    assert "Name the color of it in the clip, be brief, in Clotho style" in drawn


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Name the color, of {label} in {clip}.", "is a duplicate of"),
        ("Name the taste of {label} in {clip}.", "does not ask for the colour"),
        ("Name the color of {clip}.", "should hold the slots"),
        ("Name the color of {label} and {other}.", "should hold the slots"),
        ("Name the color of {label}", "should end in"),
    ],
)
def test_a_line_that_does_not_belong_is_named(line, problem):
    with pytest.raises(UsageError, match=problem):
        parse("colour", BANK.replace("instructions:", f"  - {line}\ninstructions:"))


def test_a_wrong_key_is_named():
    with pytest.raises(UsageError, match="basis"):
        parse("colour", BANK.replace("bases:", "basis:"))


@given(st.text(), st.integers())
def test_slots_are_filled_once_with_plain_text(text, seed):
    question = parse("colour", BANK).question(random.Random(seed), {"label": text + "{clip}{label}"})
    assert text + "{clip}{label}" in question


def test_a_bank_is_named_by_task_version_and_content():
    first, second = parse("colour", BANK), parse("colour", BANK.replace("Be brief", "Be short"))
    assert first.id == "colour@3"
    assert first.sha256 != second.sha256
    assert parse("colour", BANK + "\n# a remark\n").sha256 == first.sha256
