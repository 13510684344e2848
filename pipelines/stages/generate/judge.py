"""Pairs before a second model: guesses of one that hears nothing, then verdicts of a judge; a table of their own.

For each part of pairs there is one of verdicts, named after it and after all that decides about them. As with pairs,
the models are asked first whatever the ledger does not hold, and a second pass reads the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aig.core.clip_pairs import clips_of
from aig.core.hashing import stable_hash
from aig.core.records import Measured, QAPair
from aig.core.tables import from_batch
from aig.core.verdict import Verdict
from aig.generators.chat import ChatRequest
from aig.generators.client.ask import ask
from aig.generators.client.summary import Summary
from aig.generators.closed_ended.registry import resolve
from aig.generators.judging.replies import Opinion, agrees, joined_opinions, read_guesses, read_opinions
from aig.generators.judging.requests import blind_request, judge_requests, second_model
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import SecondModelSettings
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.shared_rate import shared_rate
from aig.pipelines.runtime.shutdown import run_to_its_end
from aig.pipelines.stages.generate.ask import keep_index
from aig.pipelines.stages.generate.plan import Plan
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.qa_kinds import CLOSED
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.judging import load_judging
from aig.prompts.open_ended import load, render

__all__ = ["Judging", "judging", "second_requests", "verdict_part"]

_ASKED = {"model", "max_tokens", "temperature", "response_format", "sample", "votes"}
_INCOMPLETE = "-incomplete.parquet"


@dataclass(frozen=True, slots=True)
class _Clip:
    """The pairs of a clip that second models are asked about.

    Attributes:
        pairs: in the order of their ids, so that the same pairs make the same request.
        facts: what the writer of the pairs was told; empty for pairs made by rule.
    """

    pairs: tuple[QAPair, ...]
    facts: str


@dataclass(frozen=True)
class Judging:
    """What is to be judged; worked out once a run.

    Attributes:
        configuration: of the build.
        workspace: of the build.
        todo: plans, each with the parts of its pairs whose verdicts are missing or out of date.
        plans: all of them.
    """

    configuration: Configuration
    workspace: Workspace
    todo: tuple[tuple[Plan, tuple[str, ...]], ...]
    plans: tuple[Plan, ...]

    def requests(self, *, blind: bool, replies: Ledger | None = None) -> Iterator[ChatRequest]:
        """What a model that hears nothing is asked, or else the judge, whose requests hold the former's guesses.

        Args:
            blind: which of the two.
            replies: where the guesses are; `None`: they are not known yet.
        """
        settings = self.configuration.generate
        if (settings.blind if blind else settings.judge) is None:
            return
        for plan, parts in self.todo:
            for _, clips in self._by_part(plan, parts):
                for clip in clips:
                    if blind:
                        request = self._blind(clip)
                        yield from (request,) if request else ()
                    else:
                        yield from self._judge(clip, self._guesses(clip, replies))

    def ask(self, on_progress: Callable[[Summary], None]) -> list[Summary]:
        """Asks both models all that is out of date and not in the ledger; a signal waits for what is on its way.

        Raises:
            UsageError, DataError: see `aig.generators.client.ask.ask`.
        """
        settings, found = self.configuration.generate, list[Summary]()
        if not self.todo:
            return found
        rate = shared_rate(settings.shared_rate) if settings.shared_rate else None
        with Ledger(self.workspace.url("responses")) as ledger:
            for blind, second in ((True, settings.blind), (False, settings.judge)):
                if second is None:
                    continue
                asked = second_model(settings, second)

                def asking(blind: bool = blind, asked: Any = asked) -> Coroutine[Any, Any, Summary]:
                    requests = self.requests(blind=blind, replies=ledger)
                    return ask(requests, ledger, asked, on_progress, shared_limit=rate)

                found.append(run_to_its_end(asking))
        for summary in found:
            keep_index(self.workspace, summary)
        return found

    def write(self) -> dict[str, int]:
        """Writes the verdicts from the ledger's replies; returns how many pairs were judged, and how many not.

        A part in which a reply is missing is called incomplete, and made again at the next run.
        """
        sums = {"judged": 0, "unreadable": 0, "no_reply": 0}
        if self.todo:
            with Ledger(self.workspace.url("responses")) as replies:
                self._write(replies, sums)
        for plan in self.plans:
            self._forget(plan)
        return sums

    def _write(self, replies: Ledger, sums: dict[str, int]) -> None:
        for plan, parts in self.todo:
            folder = ("verdicts", plan.name, plan.kind)
            for part, clips in self._by_part(plan, parts):
                verdicts = [found for clip in clips for found in self._verdicts(clip, replies)]
                for verdict in verdicts:
                    sums[verdict.error or "judged"] += 1
                name = verdict_part(self.configuration, part)
                if any(verdict.error == "no_reply" for verdict in verdicts):
                    name = name.replace(".parquet", _INCOMPLETE)
                self.workspace.write(verdicts, Verdict, *folder, name)

    def _forget(self, plan: Plan) -> None:
        """Removes the verdicts that belong to no part of pairs any more."""
        stays = {verdict_part(self.configuration, part) for part in plan.parts}
        there = set(self.workspace.parts("verdicts", plan.name, plan.kind))
        for name in there:
            whole = name.replace(_INCOMPLETE, ".parquet")
            if whole not in stays or (name != whole and whole in there):
                self.workspace.remove("verdicts", plan.name, plan.kind, name)

    def _by_part(self, plan: Plan, parts: Collection[str]) -> Iterator[tuple[str, list[_Clip]]]:
        """The clips with pairs, part by part; what their writer was told is worked out in one pass over the clips."""
        if self.configuration.generate.judge is None or plan.kind == CLOSED:
            for part in parts:
                yield part, self._clips(plan, part, {})
            return
        for job in plan.jobs_of(parts):
            known = {item.measured.clip.audio_id: item.measured for item in job.items(self.configuration)}
            yield job.part, self._clips(plan, job.part, known)

    def _clips(self, plan: Plan, part: str, known: Mapping[str, Measured]) -> list[_Clip]:
        by_clip: dict[str, list[QAPair]] = {}
        closed = _closed_forms(self.configuration) if plan.kind == CLOSED else None
        for batch in self.workspace.batches([self.workspace.url("qa", plan.name, plan.kind, part)]):
            for pair in from_batch(batch, QAPair):
                if closed is None or pair.task in closed:
                    by_clip.setdefault(pair.audio_id, []).append(pair)
        return [
            _Clip(
                tuple(sorted(pairs, key=lambda pair: pair.qa_id)),
                _facts(self.configuration, plan.kind, known.get(audio_id)),
            )
            for audio_id, pairs in by_clip.items()
        ]

    def _drawn(self, second: SecondModelSettings, clip: _Clip) -> bool:
        place = stable_hash(f"{self.configuration.seed} {clip.pairs[0].audio_id}") % 2**32
        return place < second.sample * 2**32

    def _blind(self, clip: _Clip) -> ChatRequest | None:
        settings = self.configuration.generate
        if settings.blind is None or not self._drawn(settings.blind, clip):
            return None
        return blind_request(clip.pairs, load_judging(settings.blind.prompt), second_model(settings, settings.blind))

    def _guesses(self, clip: _Clip, replies: Ledger | None) -> tuple[str | None, ...]:
        request = self._blind(clip)
        reply = replies.get(request.key) if request and replies else None
        return tuple(read_guesses(reply.content, len(clip.pairs))) if reply else ()

    def _judge(self, clip: _Clip, guesses: Sequence[str | None]) -> tuple[ChatRequest, ...]:
        settings = self.configuration.generate
        judge = settings.judge
        if judge is None or not clip.facts or not self._drawn(judge, clip):
            return ()
        return judge_requests(
            clip.facts,
            clip.pairs,
            load_judging(judge.prompt),
            second_model(settings, judge),
            guesses=guesses,
            votes=judge.votes,
            seed=self.configuration.seed,
        )

    def _verdicts(self, clip: _Clip, replies: Ledger) -> Iterator[Verdict]:
        settings = self.configuration.generate
        guesses = self._guesses(clip, replies)
        requests = self._judge(clip, guesses)
        answers = [replies.get(request.key) for request in requests]
        there = [answer for answer in answers if answer is not None]
        votes = [read_opinions(answer.content, len(clip.pairs)) for answer in there]
        blind = self._blind(clip)
        blind_reply = replies.get(blind.key) if blind else None
        for place, pair in enumerate(clip.pairs):
            guess = guesses[place] if guesses else None
            opinion = (
                joined_opinions([vote[place] for vote in votes]) if len(there) == len(requests) and votes else None
            )
            error = None if opinion or not requests else "unreadable" if len(there) == len(requests) else "no_reply"
            if blind and blind_reply is None:
                error = "no_reply"
            yield Verdict(
                qa_id=pair.qa_id,
                audio_id=pair.audio_id,
                dataset=pair.dataset,
                prompt=pair.prompt,
                judge_prompt=load_judging(settings.judge.prompt).id if settings.judge and requests else None,
                judge_model=there[0].model if there else None,
                request_id=requests[0].key if requests else None,
                **_criteria(opinion),
                error=error,
                blind_model=blind_reply.model if blind_reply else None,
                blind_answer=guess,
                audio_contribution=_contribution(pair, guess, opinion),
            )


def judging(configuration: Configuration, workspace: Workspace, plans: Iterable[Plan]) -> Judging:
    """Compares the parts of pairs with the parts of verdicts that are there."""
    settings = configuration.generate
    concerned: list[Plan] = []
    todo: list[tuple[Plan, tuple[str, ...]]] = []
    for plan in plans:
        if settings.blind is None and (settings.judge is None or plan.kind == CLOSED):
            continue
        concerned.append(plan)
        there = set(workspace.parts("verdicts", plan.name, plan.kind))
        made = set(workspace.parts("qa", plan.name, plan.kind)) & plan.parts
        missing = tuple(sorted(part for part in made if verdict_part(configuration, part) not in there))
        if missing:
            todo.append((plan, missing))
    return Judging(configuration, workspace, tuple(todo), tuple(concerned))


def second_requests(
    configuration: Configuration, workspace: Workspace, plans: Iterable[Plan], audio_ids: Collection[str]
) -> set[str]:
    """Keys of the requests to second models about some clips, of all parts of pairs that are there."""
    there = [(plan, tuple(sorted(set(workspace.parts("qa", plan.name, plan.kind)) & plan.parts))) for plan in plans]
    every = Judging(configuration, workspace, tuple(there), ())
    keys: set[str] = set()
    with Ledger(workspace.url("responses")) as replies:
        for clip in (clip for plan, parts in there for _, clips in every._by_part(plan, parts) for clip in clips):
            if not set(clips_of(clip.pairs[0].audio_id)).isdisjoint(audio_ids):
                blind = every._blind(clip)
                keys |= {request.key for request in every._judge(clip, every._guesses(clip, replies))}
                keys |= {blind.key} if blind else set()
    return keys


def verdict_part(configuration: Configuration, part: str) -> str:
    """The name of the verdicts on a part of pairs: it follows from all that decides about them."""
    return part.replace(".parquet", f"-{_version(configuration)}.parquet")


def _version(configuration: Configuration) -> str:
    settings = configuration.generate
    made_from: list[Any] = [configuration.seed, code_version("aig.generators.judging", "aig.prompts.judging")]
    for second in (settings.judge, settings.blind):
        if second is not None:
            made_from += [second.model_dump(mode="json", include=_ASKED), load_judging(second.prompt).sha256]
        else:
            made_from.append(None)
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def _forms_of(tasks: tuple[str, ...]) -> frozenset[str]:
    specs = [task.spec for task in resolve(tasks)]
    return frozenset(spec.name for spec in specs if spec.words or spec.folder == "choice")


def _closed_forms(configuration: Configuration) -> frozenset[str]:
    """The tasks by rule whose answer is an option or a level: a guess at it is right or wrong."""
    return _forms_of(tuple(configuration.generate.tasks))


def _facts(configuration: Configuration, kind: str, item: Measured | None) -> str:
    if item is None:
        return ""
    asked = configuration.generate.questions
    name = kind.removeprefix("open_")
    messages = render(
        load(asked.prompts.get(name, name), asked.prompt_folder),
        item.clip,
        item.features,
        transcript=item.spoken,
        seed=configuration.seed,
        description_file=asked.description_file,
        with_topics=False,
    )
    return messages[-1]["content"] if messages else ""


def _criteria(opinion: Opinion | None) -> dict[str, Any]:
    if opinion is None:
        return {}
    supported, audible, not_given_away, well_formed = opinion.criteria
    return {
        "supported": supported,
        "audible": audible,
        "not_given_away": not_given_away,
        "well_formed": well_formed,
        "score": opinion.score,
        "reason": opinion.reason,
    }


def _contribution(pair: QAPair, guess: str | None, opinion: Opinion | None) -> str | None:
    """Whether hearing is needed: exactly for options and levels, by the judge for open answers; `None`: not known."""
    if guess is None:
        return None
    if pair.source == "rule" or pair.choices:
        return "weak" if agrees(guess, pair.output) else "strong"
    if opinion is None or opinion.same_as_guess is None:
        return None
    return "weak" if opinion.same_as_guess else "strong"
