"""The registry of closed-ended tasks: forms and examples agree, names resolve, tasks of one's own are checked."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from aig.core.errors import UsageError
from aig.generators.closed_ended.registry import GROUPS, TASKS, resolve, tasks_version
from aig.shards.answer_format import malformed
from aig.shards.paper_tasks import paper_tasks

OWN = """
from pathlib import Path
from aig.generators.closed_ended.facts import Answer
from aig.generators.closed_ended.task import Task

def answers(facts):
    yield Answer(f"Words: {len(facts.transcript.split())}.")

WORDS = Task(
    name="own_words", folder="own", about="voice", asks="how many words are said", needs=("transcript",),
    answers=answers, bank=Path(__file__).with_name("own_words.yaml"), pattern=r"Words: \\d+\\.", example="Words: 7.",
)
"""
BANK = """
version: 1
asks: how many words are said
about: words
bases:
  - How many words does the speaker say?
  - Count the spoken words.
instructions:
  - Answer with a number.
"""


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_example_of_a_task_has_its_form(task):
    assert re.fullmatch(task.form, task.example, re.DOTALL)
    assert list(malformed(task.spec, pa.array([task.example]))) == []
    assert list(malformed(task.spec, pa.array(["What?"])))
    assert len(list(task.questions.paraphrases())) >= 100


def test_the_papers_tasks_are_those_a_set_without_tasks_in_its_manifest_is_checked_by():
    papers = [TASKS[name].spec for name in GROUPS["paper"]]
    assert papers == [spec for spec in paper_tasks().values() if spec.folder != "open"]


def test_questions_about_absent_sounds_are_worded_like_the_others():
    assert TASKS["temporal_single_not_exist"].questions == TASKS["temporal_single"].questions
    assert TASKS["temporal_order_not_exist"].questions == TASKS["temporal_order"].questions


def test_names_and_groups_resolve_to_tasks_each_once_in_a_fixed_order():
    assert [task.name for task in resolve(("ASR", "cla_label", "ASR"))] == ["cla_label", "ASR"]
    assert [task.name for task in resolve(("paper",))] == list(GROUPS["paper"])
    assert set(GROUPS["paper"]) | set(GROUPS["modern"]) == set(TASKS)
    with pytest.raises(UsageError, match="'cla_lable' is not a task, did you mean 'cla_label'"):
        resolve(("cla_lable",))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a module with a task; gives `module:object`. Each test's module has a name of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, source: str = OWN, bank: str = BANK) -> str:
        (tmp_path / f"{name}.py").write_text(source)
        (tmp_path / "own_words.yaml").write_text(bank)
        return f"{name}:WORDS"

    return write


def test_a_task_of_ones_own_stands_behind_the_packages(own):
    reference = own("own_good")
    tasks = resolve(("ASR", reference))
    assert [task.name for task in tasks] == ["ASR", "own_words"]
    assert tasks[1].questions.id == "own_words@1"
    assert tasks_version(tasks) != tasks_version(resolve(("ASR",)))


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("own_taken", 'name="own_words"', 'name="ASR"', "as another task is"),
        ("own_open", 'name="own_words"', 'name="open-ended question"', "as another task is"),
        ("own_folder", 'folder="own"', 'folder="closed"', "holds the papers' tasks alone"),
        ("own_no_folder", 'folder="own"', 'folder="mine"', "is not one of classification"),
        ("own_example", "Words: 7.", "Seven words.", "does not match its own form"),
        ("own_pattern", r"Words: \d+\.", "Words: (", "is not valid"),
        ("own_name", 'name="own_words"', 'name="word/../count"', "is not a task name"),
    ],
)
def test_a_task_of_ones_own_that_cannot_work_is_refused_with_the_reason(own, name, old, new, told):
    source = OWN.replace(old, new)
    assert source != OWN
    with pytest.raises(UsageError, match=re.escape(told)):
        resolve((own(name, source),))


def test_a_bank_of_ones_own_is_checked(own):
    with pytest.raises(UsageError, match=r"question bank own_words.*does not ask for"):
        resolve((own("own_bank", bank=BANK.replace("about: words", "about: syllables")),))
