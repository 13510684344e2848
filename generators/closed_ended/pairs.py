"""From a clip to its closed-ended rows. Everything is drawn by seed, clip and task, so rows do not depend on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Protocol

from aig.core.clip_pairs import pair_id
from aig.core.qa_id import make_pair
from aig.core.records import Measured, QAPair
from aig.generators.closed_ended.choices import LETTERS
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, PAPER, TASKS
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.temporal import audible
from aig.generators.settings import QuestionSettings
from aig.prompts.descriptions import descriptions, known_labels
from aig.prompts.seeded_random import rng_for

__all__ = ["ClosedEnded", "closed_pairs", "undescribed"]

PREFIX = "Closed-ended question: "

_REDRAWS = 100
"""A copy of a question is drawn again until it differs from the copies before it, at most this often."""


_EITHER = (
    ("gender_cla", "gender_emotion_cla", "gender_emotion_share"),
    ("temporal_single", "temporal_single_not_exist", "not_exist_share"),
    ("temporal_order", "temporal_order_not_exist", "not_exist_share"),
)
"""Pairs of tasks of which a clip is asked one, as in the released sets, and the setting with the second one's share."""


_NEEDS_ALL_SOUNDS = frozenset(
    (
        "temporal_single_not_exist", "temporal_order_not_exist", "presence", "count", "choice_count", "choice_label",
        "reasoning_count", "compare_sound", "compare_only_first",
    )
)  # fmt: skip
"""Tasks that say of a sound that it is not there, or how often it is: not asked of what a tagger heard."""


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
    tasks: Sequence[Task] = PAPER,
    peers: Peers | None = None,
    words: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[QAPair]:
    """The closed-ended rows of a clip: those of the tasks whose fields it has.

    The papers' tasks are asked where the dataset names them, all others wherever a clip has what they need. Of two that
    ask for the same, such as about a sound that is there and about one that is not, a clip gets one. A clip with a
    sound that nobody described gets `cla_label` instead of `cla_label_des` (see `undescribed`).

    Args:
        item: the clip, and what was measured on it.
        dataset: its tasks and copies.
        seed: of the configuration.
        settings: of the questions.
        vocabulary: labels that the dataset uses, for questions about sounds that are not there; without one, all the
            classes that have acoustic descriptions.
        tasks: those that are asked.
        peers: clips of the same dataset, this one among them, for wrong options and comparisons.
        words: of the scales of a levels file by name, from low to high, where they are not the default levels'.

    Raises:
        KeyError: the dataset names a task that does not exist.
    """
    item = audible(item)
    clip = item.clip
    known = tuple(vocabulary) or known_labels()
    facts = Facts(
        clip,
        item.features,
        item.spoken,
        item.sounds,
        known,
        seed,
        settings,
        peers or Peers(),
        words or {},
        tagged=item.tagged,
    )
    found = {
        task: list(task.answers(facts))
        for task in _tasks(dataset.closed_tasks, facts, tasks)
        if facts.has(task.needs) and not (facts.tagged and task.name in _NEEDS_ALL_SOUNDS)
    }
    left_out = _left_out(facts, {task.name for task, answers in found.items() if answers})
    for task, answers in found.items():
        if task.name not in left_out:
            copies = settings.copies.get(clip.dataset, dataset.copies) if task.copies else 1
            for number, answer in enumerate(answers):
                yield from _rows(facts, task, number, answer, copies)


def undescribed(labels: Sequence[str], settings: QuestionSettings) -> tuple[str, ...]:
    """The sounds that have no acoustic description."""
    return tuple(label for label in labels if not descriptions(label, settings.description_file))


def _left_out(facts: Facts, answered: Set[str]) -> set[str]:
    """Of two tasks of which a clip is asked one only, and can answer both, the one that the draw is not for."""
    left_out = set()
    for one, other, setting in _EITHER:
        if one in answered and other in answered:
            rng = rng_for(facts.seed, facts.clip.audio_id, other)
            left_out.add(one if rng.random() < getattr(facts.settings, setting) else other)
    return left_out


def _tasks(of_dataset: Sequence[str] | None, facts: Facts, tasks: Sequence[Task]) -> Iterator[Task]:
    """The tasks asked about this clip; each of the papers' is one that its dataset names, or replaces one."""
    asked = {task.name: task for task in tasks}
    wanted = [name for name in (GROUPS["paper"] if of_dataset is None else of_dataset) if TASKS[name].name in asked]
    for name in wanted:
        if name == "cla_label_des" and undescribed(facts.sounds, facts.settings):
            if "cla_label" not in wanted:
                yield TASKS["cla_label"]
        else:
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
    spoken = facts.transcript if task.in_paper and (task.about != "sound" or settings.audio_input) else ""
    options = "".join(f"\n({letter}) {text}" for letter, text in zip(LETTERS, answer.choices, strict=False))
    for instruction in asked:
        yield make_pair(
            instruction=f"{instruction}{options}",
            input=spoken,
            audio_id=pair_id(*answer.clips) if answer.clips else clip.audio_id,
            dataset=clip.dataset,
            task=task.name,
            output=answer.output,
            prompt=questions.id,
            prompt_sha256=questions.sha256,
            split=clip.split,
            extractor=facts.features.extractor if facts.features else "",
            seed=facts.seed,
            choices=answer.choices or None,
            answer_index=answer.answer_index,
            skill=task.skill or None,
            difficulty=answer.difficulty or None,
            annotated_by="tagger" if facts.tagged and task.about == "sound" else None,
        )
