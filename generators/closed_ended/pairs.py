"""From a clip to its closed-ended rows. Everything is drawn by seed, clip and task, so rows do not depend on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from aig.core.qa_id import make_pair
from aig.core.records import Clip, Measured, QAPair
from aig.generators.closed_ended.answers import ANSWERS, AUDIO_TASKS, CAPTION_TASKS, Answer, Facts
from aig.generators.closed_ended.temporal import within
from aig.generators.settings import QuestionSettings
from aig.prompts.banks import bank
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
    def closed_tasks(self) -> tuple[str, ...]:
        """Tasks that apply."""

    @property
    def copies(self) -> int:
        """How often each caption question is drawn again, to weigh a small dataset."""


def closed_pairs(
    item: Measured,
    dataset: ClosedEnded,
    seed: int,
    settings: QuestionSettings,
    vocabulary: Sequence[str] = (),
) -> Iterator[QAPair]:
    """The closed-ended rows of a clip: those of its dataset's tasks whose fields it has.

    A clip with a sound that nobody described gets `cla_label` instead of `cla_label_des` (see `undescribed`).

    Args:
        item: the clip, and what was measured on it.
        dataset: its tasks and copies.
        seed: of the configuration.
        settings: of the questions.
        vocabulary: labels that the dataset uses, for questions about sounds that are not there; without one, all the
            classes that have acoustic descriptions.

    Raises:
        KeyError: the dataset names a task that does not exist.
    """
    clip, heard = item.clip, item.sounds
    if clip.events and item.features:
        clip = replace(clip, events=within(clip.events, item.features.duration_s) or None)
        heard = sounds(clip)
    facts = Facts(clip, item.features, item.spoken, heard, tuple(vocabulary) or known_labels(), seed, settings)
    for task in _tasks(clip, dataset.closed_tasks, facts):
        copies = settings.copies.get(clip.dataset, dataset.copies) if task in CAPTION_TASKS else 1
        for number, answer in enumerate(ANSWERS[task](facts)):
            yield from _rows(facts, task, number, answer, copies)


def undescribed(labels: Sequence[str], settings: QuestionSettings) -> tuple[str, ...]:
    """The sounds that have no acoustic description."""
    return tuple(label for label in labels if not descriptions(label, settings.description_file))


def _tasks(clip: Clip, wanted: Sequence[str], facts: Facts) -> Iterator[str]:
    """The tasks asked about this clip; each is one that the dataset wants, or replaces one."""
    both = "gender_cla" in wanted and "gender_emotion_cla" in wanted and clip.gender and clip.emotion
    rng = rng_for(facts.seed, clip.audio_id, "gender_emotion_cla")
    left_out = (
        ("gender_cla" if rng.random() < facts.settings.gender_emotion_share else "gender_emotion_cla") if both else ""
    )
    for task in wanted:
        if task == "cla_label_des" and undescribed(facts.sounds, facts.settings):
            if "cla_label" not in wanted:
                yield "cla_label"
        elif task != left_out:
            yield task


def _rows(facts: Facts, task: str, number: int, answer: Answer, copies: int) -> Iterator[QAPair]:
    clip, settings = facts.clip, facts.settings
    questions = bank(task)
    rng = rng_for(facts.seed, clip.audio_id, task, number)
    style = questions.file.styles.get(clip.dataset)
    asked: dict[str, None] = {}
    for _ in range(_REDRAWS * copies):
        styled = style if rng.random() < settings.style_share else None
        question = questions.question(rng, answer.slots, instruction_share=settings.instruction_share, style=styled)
        prefixed = task in AUDIO_TASKS and rng.random() < settings.prefix_share
        asked[f"{PREFIX}{question}" if prefixed else question] = None
        if len(asked) == copies:
            break
    spoken = facts.transcript if task not in AUDIO_TASKS or settings.audio_input else ""
    for instruction in asked:
        yield make_pair(
            instruction=instruction,
            input=spoken,
            audio_id=clip.audio_id,
            dataset=clip.dataset,
            task=task,
            output=answer.output,
            prompt=questions.id,
            prompt_sha256=questions.sha256,
            split=clip.split,
            extractor=facts.features.extractor if facts.features else "",
            seed=facts.seed,
        )
