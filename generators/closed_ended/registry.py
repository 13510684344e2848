"""The closed-ended tasks by name: those of this package, in groups, and tasks of one's own."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.plugins import is_reference, load_object
from aig.core.tasks import COMPARISON, OPEN_ENDED
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.age_cla import AGE_CLA
from aig.generators.closed_ended.tasks.asr import ASR
from aig.generators.closed_ended.tasks.band_limited import BAND_LIMITED
from aig.generators.closed_ended.tasks.caption import CAPTION
from aig.generators.closed_ended.tasks.choice_age import CHOICE_AGE
from aig.generators.closed_ended.tasks.choice_bandwidth import CHOICE_BANDWIDTH
from aig.generators.closed_ended.tasks.choice_caption import CHOICE_CAPTION
from aig.generators.closed_ended.tasks.choice_count import CHOICE_COUNT
from aig.generators.closed_ended.tasks.choice_emotion import CHOICE_EMOTION
from aig.generators.closed_ended.tasks.choice_first import CHOICE_FIRST
from aig.generators.closed_ended.tasks.choice_gender import CHOICE_GENDER
from aig.generators.closed_ended.tasks.choice_genre import CHOICE_GENRE
from aig.generators.closed_ended.tasks.choice_key import CHOICE_KEY
from aig.generators.closed_ended.tasks.choice_label import CHOICE_LABEL
from aig.generators.closed_ended.tasks.choice_language import CHOICE_LANGUAGE
from aig.generators.closed_ended.tasks.choice_last import CHOICE_LAST
from aig.generators.closed_ended.tasks.choice_longest import CHOICE_LONGEST
from aig.generators.closed_ended.tasks.choice_loudest import CHOICE_LOUDEST
from aig.generators.closed_ended.tasks.choice_noise import CHOICE_NOISE
from aig.generators.closed_ended.tasks.choice_order import CHOICE_ORDER
from aig.generators.closed_ended.tasks.choice_pitch import CHOICE_PITCH
from aig.generators.closed_ended.tasks.choice_quietest import CHOICE_QUIETEST
from aig.generators.closed_ended.tasks.choice_reverberation import CHOICE_REVERBERATION
from aig.generators.closed_ended.tasks.choice_sentiment import CHOICE_SENTIMENT
from aig.generators.closed_ended.tasks.choice_speed import CHOICE_SPEED
from aig.generators.closed_ended.tasks.choice_volume import CHOICE_VOLUME
from aig.generators.closed_ended.tasks.choice_words import CHOICE_WORDS
from aig.generators.closed_ended.tasks.cla_label import CLA_LABEL
from aig.generators.closed_ended.tasks.cla_label_des import CLA_LABEL_DES
from aig.generators.closed_ended.tasks.clipped import CLIPPED
from aig.generators.closed_ended.tasks.compare_only_first import COMPARE_ONLY_FIRST
from aig.generators.closed_ended.tasks.compare_pitch import COMPARE_PITCH
from aig.generators.closed_ended.tasks.compare_sound import COMPARE_SOUND
from aig.generators.closed_ended.tasks.compare_speed import COMPARE_SPEED
from aig.generators.closed_ended.tasks.compare_volume import COMPARE_VOLUME
from aig.generators.closed_ended.tasks.count import COUNT
from aig.generators.closed_ended.tasks.duration import DURATION
from aig.generators.closed_ended.tasks.emotion_bin import EMOTION_BIN
from aig.generators.closed_ended.tasks.emotion_cla import EMOTION_CLA
from aig.generators.closed_ended.tasks.emotion_detail import EMOTION_DETAIL
from aig.generators.closed_ended.tasks.emotion_score import EMOTION_SCORE
from aig.generators.closed_ended.tasks.energy_cla import ENERGY_CLA
from aig.generators.closed_ended.tasks.gender_cla import GENDER_CLA
from aig.generators.closed_ended.tasks.gender_emotion_cla import GENDER_EMOTION_CLA
from aig.generators.closed_ended.tasks.genre_cla import GENRE_CLA
from aig.generators.closed_ended.tasks.interval import INTERVAL
from aig.generators.closed_ended.tasks.label_caption import LABEL_CAPTION
from aig.generators.closed_ended.tasks.next_word import NEXT_WORD
from aig.generators.closed_ended.tasks.noisy import NOISY
from aig.generators.closed_ended.tasks.overlap import OVERLAP
from aig.generators.closed_ended.tasks.pitch_cla import PITCH_CLA
from aig.generators.closed_ended.tasks.presence import PRESENCE
from aig.generators.closed_ended.tasks.reasoning_count import REASONING_COUNT
from aig.generators.closed_ended.tasks.reasoning_order import REASONING_ORDER
from aig.generators.closed_ended.tasks.reasoning_overlap import REASONING_OVERLAP
from aig.generators.closed_ended.tasks.reverberant import REVERBERANT
from aig.generators.closed_ended.tasks.same_speaker import SAME_SPEAKER
from aig.generators.closed_ended.tasks.speed_cla import SPEED_CLA
from aig.generators.closed_ended.tasks.temporal import TEMPORAL
from aig.generators.closed_ended.tasks.temporal_order import TEMPORAL_ORDER
from aig.generators.closed_ended.tasks.temporal_order_not_exist import TEMPORAL_ORDER_NOT_EXIST
from aig.generators.closed_ended.tasks.temporal_single import TEMPORAL_SINGLE
from aig.generators.closed_ended.tasks.temporal_single_not_exist import TEMPORAL_SINGLE_NOT_EXIST
from aig.generators.closed_ended.tasks.word_count import WORD_COUNT
from aig.generators.closed_ended.tasks.word_said import WORD_SAID
from aig.prompts.kind_registry import BY_MODEL, TASK_KINDS

__all__ = ["GROUPS", "PAPER", "TASKS", "resolve", "tasks_version"]

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        CLA_LABEL,
        CLA_LABEL_DES,
        GENDER_CLA,
        AGE_CLA,
        PITCH_CLA,
        SPEED_CLA,
        ENERGY_CLA,
        EMOTION_CLA,
        EMOTION_BIN,
        EMOTION_SCORE,
        EMOTION_DETAIL,
        GENDER_EMOTION_CLA,
        GENRE_CLA,
        CAPTION,
        LABEL_CAPTION,
        TEMPORAL,
        TEMPORAL_SINGLE,
        TEMPORAL_SINGLE_NOT_EXIST,
        TEMPORAL_ORDER,
        TEMPORAL_ORDER_NOT_EXIST,
        ASR,
        CHOICE_LABEL,
        CHOICE_CAPTION,
        CHOICE_FIRST,
        CHOICE_LAST,
        CHOICE_LONGEST,
        CHOICE_LOUDEST,
        CHOICE_QUIETEST,
        CHOICE_ORDER,
        CHOICE_COUNT,
        CHOICE_PITCH,
        CHOICE_SPEED,
        CHOICE_VOLUME,
        CHOICE_GENDER,
        CHOICE_AGE,
        CHOICE_EMOTION,
        CHOICE_SENTIMENT,
        CHOICE_WORDS,
        CHOICE_LANGUAGE,
        CHOICE_GENRE,
        CHOICE_KEY,
        CHOICE_NOISE,
        CHOICE_REVERBERATION,
        CHOICE_BANDWIDTH,
        PRESENCE,
        COUNT,
        DURATION,
        OVERLAP,
        INTERVAL,
        WORD_COUNT,
        NEXT_WORD,
        WORD_SAID,
        CLIPPED,
        NOISY,
        BAND_LIMITED,
        REVERBERANT,
        REASONING_ORDER,
        REASONING_COUNT,
        REASONING_OVERLAP,
        COMPARE_PITCH,
        COMPARE_SPEED,
        COMPARE_VOLUME,
        SAME_SPEAKER,
        COMPARE_SOUND,
        COMPARE_ONLY_FIRST,
    )
}
"""The tasks of this package by name. A new one is a file in `tasks/` and a line here."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "paper": tuple(name for name, task in TASKS.items() if task.in_paper),
    "modern": tuple(name for name, task in TASKS.items() if not task.in_paper),
    "choice": tuple(name for name, task in TASKS.items() if task.folder == "choice"),
    "reasoning": tuple(name for name, task in TASKS.items() if task.folder == "reasoning"),
    "comparison": tuple(name for name, task in TASKS.items() if task.folder == COMPARISON),
}
"""Names for many tasks: those of LTU and LTU-AS, all others, and those of a folder."""


PAPER = tuple(TASKS[name] for name in GROUPS["paper"])
"""The tasks of LTU and LTU-AS."""


@lru_cache(maxsize=64)
def resolve(names: tuple[str, ...]) -> tuple[Task, ...]:
    """The tasks that a configuration names, each once, in the order of `TASKS`, then those of one's own.

    Args:
        names: of tasks, of `GROUPS`, and tasks of one's own as `module:object`; those that a model answers
            (`aig.prompts.kind_registry.TASK_KINDS`) are no tasks by rule and left out.

    Raises:
        UsageError: a name is not known, an object is not a task, has a name that is taken, or an example that its own
            form refuses, or its question bank is not valid.
    """
    known: dict[str, Task] = {}
    own: dict[str, Task] = {}
    for name in names:
        if name == BY_MODEL or name in TASK_KINDS:
            continue
        if is_reference(name):
            task = load_object(name, Task)
            _check(task, name, own)
            own[task.name] = task
        elif name in GROUPS:
            known |= {each: TASKS[each] for each in GROUPS[name]}
        elif name in TASKS:
            known[name] = TASKS[name]
        else:
            known_names = (*GROUPS, BY_MODEL, *TASKS, *TASK_KINDS)
            near = difflib.get_close_matches(name, known_names, n=1)
            raise UsageError(
                f"generate.tasks: {name!r} is not a task" + (f", did you mean {near[0]!r}?" if near else ""),
                f"Name one of {', '.join(known_names)}, or one of your own as module:object.",
            )
    return (*(task for name, task in TASKS.items() if name in known), *own.values())


def _check(task: Task, reference: str, own: Mapping[str, Task]) -> None:
    if task.name in TASKS or task.name in own or task.name in (OPEN_ENDED.name, *TASK_KINDS):
        raise UsageError(
            f"generate.tasks: {reference} is called {task.name!r}, as another task is", "Give it a name of its own."
        )
    if task.in_paper:
        raise UsageError(
            f"generate.tasks: {reference} has the folder {task.folder!r}, which holds the papers' tasks alone",
            "Use the folder 'own', or choice, reasoning, comparison or dialogue.",
        )
    try:
        fits = re.fullmatch(task.form, task.example, re.DOTALL) if task.form else True
    except re.error as error:
        raise UsageError(f"generate.tasks: the pattern of {reference} is not valid: {error}", "Correct it.") from None
    if not fits:
        raise UsageError(
            f"generate.tasks: the example of {reference}, {task.example!r}, does not match its own form {task.form!r}",
            "Correct one of the two.",
        )
    _ = task.questions


def tasks_version(tasks: Iterable[Task]) -> str:
    """Hash of which tasks are asked and, of one's own, of the files that define them and their questions."""
    content = hashlib.sha256()
    for task in tasks:
        content.update(f"{task.name}\0".encode())
        if TASKS.get(task.name) is not task:
            content.update(Path(inspect.getfile(task.answers)).read_bytes())
            content.update(task.questions.sha256.encode())
    return content.hexdigest()[:16]
