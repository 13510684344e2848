"""The file for MMAU's evaluation, held against the rule by which its script scores replies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.core.tasks import TaskSpec
from aig.generators.closed_ended.registry import TASKS
from aig.shards.export.audio_copies import Place
from aig.shards.export.export import export
from aig.shards.export.form import Options
from aig.shards.manifest import Build, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.writer.writer import publish

KEYS = [
    "id", "audio_id", "question", "choices", "answer", "dataset", "task", "category", "sub-category", "difficulty",
    "split",
]  # fmt: skip


def scored_right(reply: str, record: dict[str, Any]) -> bool:
    """The rule of MMAU's script: all words of the answer, and none that other options alone have."""

    def words(text: str) -> set[str]:
        return set(re.findall(r"\b\w+\b", text.lower()))

    answer = words(record["answer"])
    wrong = {word for choice in record["choices"] if words(choice) != answer for word in words(choice) - answer}
    said = words(reply)
    return bool(said) and answer <= said and not said & wrong


class Hum:
    def place(self, audio_id: str) -> Place | None:
        return Place(Path("/nowhere.wav"), True, audio_id)

    def read(self, audio_id: str) -> np.ndarray | None:
        return np.zeros(800, np.float32)


def row(task: str, choices: tuple[str, ...], index: int, difficulty: str | None = "advanced") -> QAPair:
    options = "".join(f"\n({letter}) {text}" for letter, text in zip("ABCDE", choices, strict=False))
    return make_pair(
        instruction=f"Which is it?{options}", input="", audio_id="d/a", dataset="d", task=task,
        output=f"({'ABCDE'[index]}) {choices[index]}", prompt=f"{task}@1", prompt_sha256="a" * 64, choices=choices,
        answer_index=index, skill=TASKS[task].skill, difficulty=difficulty,
    )  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Callable[[list[QAPair]], tuple[list[dict[str, Any]], dict[str, int]]]:
    def write(rows: list[QAPair]) -> tuple[list[dict[str, Any]], dict[str, int]]:
        specs: tuple[TaskSpec, ...] = tuple(task.spec for task in TASKS.values())
        build = Build(code="c", levels="l", sources={"d": SourceDataset(title="d", licence="none")}, tasks=specs)
        publish(to_table(rows, QAPair).to_batches(), str(tmp_path / "set"), PublishSettings(), build)
        done = export(str(tmp_path / "set"), "mmau", tmp_path / "m.json", Options(config="all"), audio=Hum())
        return json.loads((tmp_path / "m.json").read_text()), done.left_out

    return write


def test_the_script_scores_the_right_option_alone(written: Any) -> None:
    rows = [
        row("choice_label", ("Church bell", "Dog", "Dog, barking"), 1),
        row("choice_volume", ("high", "very high", "low"), 0, "basic"),
        row("choice_genre", ("Hip-Hop", "Rock"), 0, None),
        row("choice_words", ("Who is there?", "There is nobody here.", "Come in."), 2, "intermediate"),
        row("choice_order", ("Dog, then Bell", "Bell, then Dog"), 0),
        row("choice_order", ("Dog, then Bell", "Car, then Dog"), 0),
    ]
    records, left_out = written(rows)
    assert left_out == {"has options of the same words": 1}
    assert len(records) == 5
    for record in records:
        assert list(record) == KEYS
        assert record["task"] in ("sound", "speech", "music")
        assert record["difficulty"] in ("easy", "medium", "hard")
        assert record["question"] == "Which is it?"
        place = record["choices"].index(record["answer"])
        assert scored_right(record["answer"], record)
        if not any(letter in " ".join(record["choices"]).lower().split() for letter in "abcde"):
            assert scored_right(f"({'ABCDE'[place]}) {record['answer']}", record)
        for choice in record["choices"]:
            assert scored_right(choice, record) == (choice == record["answer"])
    by_category = {record["category"]: record for record in records}
    assert by_category["event recognition"]["sub-category"] == "event recognition"
    assert (by_category["spoken content"]["task"], by_category["genre"]["task"]) == ("speech", "music")
    assert (by_category["paralinguistics"]["difficulty"], by_category["genre"]["difficulty"]) == ("easy", "medium")
