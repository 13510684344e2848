"""From a clip to its closed-ended rows. Everything is drawn by seed, clip and task, so rows do not depend on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from aig.core.qa_id import make_pair
from aig.core.records import Clip, Measured, QAPair
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.temporal import within
from aig.generators.settings import QuestionSettings
from aig.prompts.descriptions import descriptions, known_labels
from aig.prompts.metadata import sounds
from aig.prompts.seeded_random import rng_for

__all__ = ["ClosedEnded", "closed_pairs", "undescribed"]

PREFIX = "Closed-ended question: "

_REDRAWS = 100
"""A copy of a question is drawn again until it differs from the copies before it, at most this often."""


class ClosedEnded(Protocol):
    """What is needed to know of a dataset: the tasks that apply, and how often its captions are asked for."""

    @property
    def closed_tasks(self) -> tuple[str, ...] | None:
        """The papers' tasks that apply; `None`: all of them."""

    @property
    def copies(self) -> int:
        """How often each caption question is drawn again, to weigh a small dataset."""


def closed_pairs(
    item: Measured,
    dataset: ClosedEnded,
    seed: int,
    settings: QuestionSettings,
    vocabulary: Sequence[str] = (),
    tasks: Sequence[Task] = tuple(TASKS.values()),
) -> Iterator[QAPair]:
    """The closed-ended rows of a clip: those of the tasks whose fields it has.

    The papers' tasks are asked where the dataset names them, all others wherever a clip has what they need. A clip
    with a sound that nobody described gets `cla_label` instead of `cla_label_des` (see `undescribed`).

    Args:
        item: the clip, and what was measured on it.
        dataset: its tasks and copies.
        seed: of the configuration.
        settings: of the questions.
        vocabulary: labels that the dataset uses, for questions about sounds that are not there; without one, all the
            classes that have acoustic descriptions.
        tasks: those that are asked.

    Raises:
        KeyError: the dataset names a task that does not exist.
    """
    clip, heard = item.clip, item.sounds
    if clip.events and item.features:
        clip = replace(clip, events=within(clip.events, item.features.duration_s) or None)
        heard = sounds(clip)
    facts = Facts(clip, item.features, item.spoken, heard, tuple(vocabulary) or known_labels(), seed, settings)
    for task in _tasks(clip, dataset.closed_tasks, facts, tasks):
        if facts.has(task.needs):
            copies = settings.copies.get(clip.dataset, dataset.copies) if task.copies else 1
            for number, answer in enumerate(task.answers(facts)):
                yield from _rows(facts, task, number, answer, copies)


def undescribed(labels: Sequence[str], settings: QuestionSettings) -> tuple[str, ...]:
    """The sounds that have no acoustic description."""
    return tuple(label for label in labels if not descriptions(label, settings.description_file))


def _tasks(clip: Clip, of_dataset: Sequence[str] | None, facts: Facts, tasks: Sequence[Task]) -> Iterator[Task]:
    """The tasks asked about this clip; each of the papers' is one that its dataset names, or replaces one."""
    asked = {task.name: task for task in tasks}
    wanted = [name for name in (GROUPS["paper"] if of_dataset is None else of_dataset) if TASKS[name].name in asked]
    both = "gender_cla" in wanted and "gender_emotion_cla" in wanted and clip.gender and clip.emotion
    rng = rng_for(facts.seed, clip.audio_id, "gender_emotion_cla")
    left_out = (
        ("gender_cla" if rng.random() < facts.settings.gender_emotion_share else "gender_emotion_cla") if both else ""
    )
    for name in wanted:
        if name == "cla_label_des" and undescribed(facts.sounds, facts.settings):
            if "cla_label" not in wanted:
                yield TASKS["cla_label"]
        elif name != left_out:
            yield asked[name]
    yield from (task for task in tasks if not task.in_paper)


def _rows(facts: Facts, task: Task, number: int, answer: Answer, copies: int) -> Iterator[QAPair]:
    clip, settings = facts.clip, facts.settings
    questions = task.questions
    rng = rng_for(facts.seed, clip.audio_id, task.name, number)
    style = questions.file.styles.get(clip.dataset)
    asked: dict[str, None] = {}
    for _ in range(_REDRAWS * copies):
        styled = style if rng.random() < settings.style_share else None
        question = questions.question(rng, answer.slots, instruction_share=settings.instruction_share, style=styled)
        prefixed = task.in_paper and task.about == "sound" and rng.random() < settings.prefix_share
        asked[f"{PREFIX}{question}" if prefixed else question] = None
        if len(asked) == copies:
            break
    spoken = facts.transcript if task.about != "sound" or settings.audio_input else ""
    for instruction in asked:
        yield make_pair(
            instruction=instruction,
            input=spoken,
            audio_id=clip.audio_id,
            dataset=clip.dataset,
            task=task.name,
            output=answer.output,
            prompt=questions.id,
            prompt_sha256=questions.sha256,
            split=clip.split,
            extractor=facts.features.extractor if facts.features else "",
            seed=facts.seed,
        )
