"""Asks one prompt's questions again and sets the result beside the prompt in use.

With a sample nothing but the ledger grows: a prompt can be tried on fifty clips before it is paid for a million.
Without one the pairs of the prompt's kind are rewritten; every other file of the workspace stays as it is.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aig.core.errors import DataError, UsageError
from aig.core.records import QAPair
from aig.generators.client.ask import Summary, ask
from aig.generators.ledger.ledger import Ledger
from aig.generators.open_ended.pairs import pairs
from aig.pipelines.configuration import Configuration
from aig.pipelines.regeneration.compare import Outcome, PromptFigures, compare
from aig.pipelines.runtime.shared_rate import shared_rate
from aig.pipelines.runtime.shutdown import run_to_its_end
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.generate.plan import Question, plan_pairs, questions
from aig.pipelines.stages.generate.write import forget_outdated, write_bucket
from aig.pipelines.workspace.buckets import buckets, joined, selected_in
from aig.pipelines.workspace.qa_kinds import qa_kinds
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.open_ended import Prompt, load, load_all

__all__ = ["COMPARED", "Beside", "Regenerated", "regenerate"]

COMPARED = 200
"""Clips that are compared where no sample is asked for."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A clip's pairs by both prompts.

    Attributes:
        audio_id: the clip's.
        facts: what the model was told of it.
        before: pairs by the prompt in use; `None` where it was never asked.
        after: pairs by the new prompt; `None` where it got no reply.
    """

    audio_id: str
    facts: str
    before: list[QAPair] | None
    after: list[QAPair] | None


@dataclass(frozen=True, slots=True)
class Regenerated:
    """What came of it.

    Attributes:
        before: figures of the prompt in use.
        after: figures of the new one, on the same clips.
        clips: clips that the new prompt was asked about.
        clips_before: compared clips that the ledger holds a reply of the prompt in use for.
        beside: the compared clips with their pairs.
        summary: requests, tokens and cost of this run.
        written: pairs written to the workspace; `None` where only a sample was tried.
    """

    before: PromptFigures
    after: PromptFigures
    clips: int
    clips_before: int
    beside: list[Beside]
    summary: Summary
    written: int | None


def regenerate(
    configuration: Configuration,
    workspace: Workspace,
    reference: str,
    *,
    sample: int | None = None,
    on_progress: Callable[[Summary], None] | None = None,
) -> Regenerated:
    """Asks a prompt about the clips of its kind, and compares it with the one in use.

    Args:
        configuration: of the build.
        workspace: of the build; its clips are measured.
        reference: the prompt, as in `aig.prompts.open_ended.load`.
        sample: try it on this number of clips, always the same ones, and write nothing; `None`: on all, and write
            the pairs.
        on_progress: called with the running figures.

    Raises:
        UsageError: there is no such prompt, it has nothing to follow, or no clip is of its kind.
        DataError: no request was answered; see also `aig.generators.client.ask.ask`.
    """
    new = load(reference, configuration.generate.questions.prompt_folder)
    old = _followed(configuration, new)
    changed, unchanged = _with_prompt(configuration, new), _with_prompt(configuration, old)
    chosen, clips = _chosen(changed, workspace, new.kind, sample or COMPARED)
    if not chosen:
        raise UsageError(
            f"no measured clip of the workspace gets questions of the kind {new.kind}",
            "aig run CONFIG --until select; `aig datasets NAME` says which kinds a dataset has",
        )
    asked = chosen if sample else _questions(changed, workspace, new.kind)
    shared = configuration.generate.shared_rate
    rate = shared_rate(shared) if shared else None
    with Ledger(workspace.url("responses")) as ledger:
        requests = (question.request for question in asked)
        summary = run_to_its_end(lambda: ask(requests, ledger, configuration.generate, on_progress, shared_limit=rate))
        beside, before, after = _compared(changed, unchanged, ledger, chosen)
    if all(clip.after is None for clip in beside):
        failure = summary.failures[0] if summary.failures else None
        raise DataError(
            f"{new.id}: no request was answered{f': {failure.message}' if failure else ''}",
            failure.advice if failure else "Run the same command again.",
        )
    written = None if sample else _write(changed, workspace, new.kind, summary)
    figures_before, figures_after = compare(before, after)
    return Regenerated(
        figures_before,
        figures_after,
        clips=len(chosen) if sample else clips,
        clips_before=before.replies,
        beside=beside,
        summary=summary,
        written=written,
    )


def _followed(configuration: Configuration, new: Prompt) -> Prompt:
    """The prompt that a new one is held against: the one in use, or the version before where that is the new one."""
    questions = configuration.generate.questions
    used = load(questions.prompts.get(new.kind, new.kind), questions.prompt_folder)
    if used != new:
        return used
    earlier = [
        prompt
        for prompt in load_all(questions.prompt_folder).values()
        if prompt.head.name == new.head.name and prompt.head.version < new.head.version
    ]
    if not earlier:
        raise UsageError(
            f"{new.id} is in use, and there is no version before it to hold it against",
            f"Write a new one: aig prompts new {new.head.name}.",
        )
    return max(earlier, key=lambda prompt: prompt.head.version)


def _with_prompt(configuration: Configuration, prompt: Prompt) -> Configuration:
    """The configuration with this prompt for its kind."""
    questions = configuration.generate.questions
    questions = questions.model_copy(update={"prompts": {**questions.prompts, prompt.kind: prompt.id}})
    return configuration.model_copy(
        update={"generate": configuration.generate.model_copy(update={"questions": questions})}
    )


def _names(configuration: Configuration, kind: str) -> list[str]:
    folder = f"open_{kind}"
    return [name for name in configuration.datasets if folder in qa_kinds(configuration, name)]


def _questions(configuration: Configuration, workspace: Workspace, kind: str) -> Iterator[Question]:
    """What is asked about each clip of a kind."""
    for name in _names(configuration, kind):
        database = joined(configuration, workspace, name, selected=True)
        for _, items in selected_in(dataset_of(configuration, name), database, buckets(database)):
            yield from questions(configuration, f"open_{kind}", items)


def _chosen(configuration: Configuration, workspace: Workspace, kind: str, count: int) -> tuple[list[Question], int]:
    """This many clips by the hash of their ids, which is always the same draw, and how many there are to draw from."""
    clips = 0

    def keyed() -> Iterator[tuple[bytes, str, Question]]:
        nonlocal clips
        for question in _questions(configuration, workspace, kind):
            clips += 1
            audio_id = question.item.measured.clip.audio_id
            key = hashlib.blake2b(f"{configuration.seed} {audio_id}".encode(), digest_size=8).digest()
            yield key, audio_id, question

    drawn = heapq.nsmallest(count, keyed(), key=lambda item: item[:2])
    return [question for _, _, question in drawn], clips


def _compared(
    changed: Configuration, unchanged: Configuration, ledger: Ledger, chosen: list[Question]
) -> tuple[list[Beside], Outcome, Outcome]:
    """The chosen clips with their pairs by either prompt, as far as the ledger holds replies, and both outcomes."""
    outcomes: list[Outcome] = []
    made: list[list[list[QAPair] | None]] = []
    for configuration in (unchanged, changed):
        rows: list[list[QAPair] | None] = []
        outcome = Outcome("")
        for question in chosen:
            (asked,) = questions(configuration, f"open_{question.prompt.kind}", [question.item])
            outcome.prompt = asked.prompt.id
            rows.append(_read(configuration, ledger, asked, outcome))
        outcomes.append(outcome)
        made.append(rows)
    beside = [
        Beside(question.item.measured.clip.audio_id, question.request.messages[-1]["content"], before, after)
        for question, before, after in zip(chosen, *made, strict=True)
    ]
    return beside, outcomes[0], outcomes[1]


def _read(configuration: Configuration, ledger: Ledger, asked: Question, outcome: Outcome) -> list[QAPair] | None:
    """The pairs of the ledger's reply to a question, counted in; `None` where it holds none."""
    reply = ledger.get(asked.request.key)
    if reply is None:
        return None
    rows, dropped = pairs(
        reply,
        asked.item.measured,
        asked.prompt,
        configuration.answers,
        audio_input=configuration.generate.questions.audio_input,
        seed=configuration.seed,
    )
    outcome.add(rows, dropped)
    return rows


def _write(configuration: Configuration, workspace: Workspace, kind: str, summary: Summary) -> int:
    """Rewrites the pairs of a kind; returns how many."""
    failures = {failure.key: failure for failure in summary.failures}
    written = 0
    for name in _names(configuration, kind):
        plan = plan_pairs(configuration, workspace, name, f"open_{kind}")
        for job in plan.jobs(failures):
            written += write_bucket(configuration, workspace, job)["pairs"]
        forget_outdated(workspace, plan)
    return written
