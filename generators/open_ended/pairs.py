"""Open-ended pairs: a request per clip, and from the model's reply to judged rows.

Both directions are pure: the same clip, prompt and settings give the same request, and the same reply the same rows,
so a changed parser or filter reads the kept replies again and pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aig.core.qa_id import make_pair
from aig.core.records import Clip, Dropped, Measured, QAPair
from aig.filters.answers.filter import FilterResult, Pair, filter_pairs
from aig.filters.answers.refusal import is_refusal
from aig.filters.answers.settings import AnswerFilterSettings
from aig.generators.chat import ChatRequest, Reply
from aig.generators.empty_reply import why_empty
from aig.generators.open_ended.forms.draft import Draft, Given, Refused
from aig.generators.open_ended.forms.registry import FORMS
from aig.generators.open_ended.items import read_items
from aig.generators.open_ended.parse import parse_reply
from aig.generators.settings import GenerateSettings
from aig.prompts.absent import plainly_absent
from aig.prompts.kind_registry import kind_of
from aig.prompts.open_ended import Prompt, render, response_schema
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.reply_form import NEGATIVE

__all__ = ["HOLDS_NOTHING", "TASK", "chat_request", "pairs"]

TASK = "open-ended question"
"""Task name of every open-ended row."""

HOLDS_NOTHING = ("refusal", "token_limit", "content_filter", "empty_reply", "no_pairs", "cut", "malformed")
"""Rules by which a reply may have given no pair at all."""

_SHOWN = 100
_LONGEST_REFUSAL = 400


def chat_request(
    item: Measured,
    prompt: Prompt,
    settings: GenerateSettings,
    *,
    pairs: int | None = None,
    seed: int = 0,
) -> ChatRequest | None:
    """What the model is asked about a clip; `None` where the clip has nothing that the prompt's kind is about.

    Args:
        item: the clip, and what was measured on it.
        prompt: what is asked.
        settings: model and parameters; what is set there overrides the prompt's own parameters.
        pairs: pairs the dataset wants at once; `settings.questions.pairs` overrides it; it overrides the prompt's own.
        seed: of the configuration.

    Raises:
        UsageError: the prompt names something that is not there.
    """
    wanted = settings.questions.pairs or pairs
    messages = render(
        prompt,
        item.clip,
        item.features,
        transcript=item.spoken,
        pairs=wanted,
        seed=seed,
        description_file=settings.questions.description_file,
    )
    if not messages:
        return None
    structured = settings.response_format == "json_schema"
    return ChatRequest(
        model=settings.model,
        messages=messages,
        parameters=_parameters(prompt, settings),
        schema=response_schema(prompt, wanted) if structured else None,
        dataset=item.clip.dataset,
        prompt=prompt.id,
    )


def _parameters(prompt: Prompt, settings: GenerateSettings) -> dict[str, Any]:
    parameters = dict(prompt.head.parameters)
    limit = parameters.pop("max_tokens", settings.max_tokens)
    parameters[settings.max_tokens_name] = settings.max_tokens if "max_tokens" in settings.model_fields_set else limit
    for name in ("temperature", "top_p"):
        if (value := getattr(settings, name)) is not None:
            parameters[name] = value
    if settings.response_format == "json_object":
        parameters["response_format"] = {"type": "json_object"}
    return parameters


def pairs(
    reply: Reply,
    item: Measured,
    prompt: Prompt,
    settings: AnswerFilterSettings,
    *,
    audio_input: bool = True,
    seed: int = 0,
) -> tuple[list[QAPair], list[Dropped]]:
    """The rows of a reply, and what was left out with the reason: every pair the model wrote is in one of the two.

    A reply that holds no pair is left out as a whole, so that none vanishes without a trace.

    Args:
        reply: as kept in the ledger.
        item: the clip that was asked about.
        prompt: what was asked.
        settings: of the answer filters.
        audio_input: whether rows about sounds carry the transcript as `input`.
        seed: of the configuration.
    """
    kind = kind_of(prompt.head.kind)
    if kind.form.name in FORMS:
        return _rows_of_form(reply, item, prompt, settings, kind, seed)
    parsed = parse_reply(reply.content, reply.finish_reason)
    clip, features = item.clip, item.features
    results = _filtered([Pair(question, answer) for question, answer in parsed.pairs], item, prompt, settings)
    rows: list[QAPair] = []
    dropped = [_dropped(clip, prompt, "cut", _cut(reply))] * parsed.cut
    dropped += [_dropped(clip, prompt, "malformed", "not readable without loss")] * parsed.malformed
    if not parsed.pairs and not dropped:
        dropped.append(_dropped(clip, prompt, *_nothing(reply)))
    for result in results:
        if result.rule:
            dropped.append(_dropped(clip, prompt, result.rule, result.reason, result.pair))
            continue
        rows.append(
            make_pair(
                instruction=result.pair.question,
                input=item.spoken if prompt.kind != "audio" or audio_input else "",
                audio_id=clip.audio_id,
                dataset=clip.dataset,
                task=TASK,
                output=result.pair.answer,
                prompt=prompt.id,
                prompt_sha256=prompt.sha256,
                model=reply.model,
                request_id=reply.key,
                finish_reason=reply.finish_reason,
                answerable=result.answerable,
                source="model",
                split=clip.split,
                extractor=features.extractor if features else "",
                seed=seed,
                annotated_by="tagger" if item.tagged and prompt.kind in ("audio", "joint") else None,
            )
        )
    return rows, dropped


def _rows_of_form(
    reply: Reply, item: Measured, prompt: Prompt, settings: AnswerFilterSettings, kind: PromptKind, seed: int
) -> tuple[list[QAPair], list[Dropped]]:
    """The rows of a reply whose items are more than questions and answers, and what was left out."""
    form, clip = FORMS[kind.form.name], item.clip
    parsed = read_items(reply.content, kind.form.keys, reply.finish_reason)
    dropped = [_dropped(clip, prompt, "cut", _cut(reply))] * parsed.cut
    dropped += [_dropped(clip, prompt, "malformed", "not readable without loss")] * parsed.malformed
    if not parsed.items and not dropped:
        dropped.append(_dropped(clip, prompt, *_nothing(reply)))
    drafts: list[tuple[int, Draft]] = []
    for number, found in zip(parsed.places, parsed.items, strict=True):
        draft = form.draft(found, Given(item=item, seed=seed, number=number))
        if isinstance(draft, Refused):
            dropped.append(_dropped(clip, prompt, draft.rule, draft.reason, _shown(found)))
        else:
            drafts.append((number, draft))
    results = _filtered([draft.checked for _, draft in drafts], item, prompt, settings)
    kept: list[tuple[int, Draft]] = []
    for (number, draft), result in zip(drafts, results, strict=True):
        if result.rule:
            dropped.append(_dropped(clip, prompt, result.rule, result.reason, draft.checked))
        else:
            kept.append((number, draft))
    whole = [draft for _, draft in kept]
    if form.join:
        whole, refused = form.join(kept, len(parsed.items) + parsed.malformed)
        dropped += [_dropped(clip, prompt, each.rule, each.reason) for each in refused]
    return [_row(draft, reply, item, prompt, kind, seed) for draft in whole], dropped


def _shown(found: dict[str, Any]) -> Pair:
    """An item as a question and an answer, for people who look at what was dropped."""
    return Pair(str(found.get("q", "")), str(found.get("a") or found.get("caption") or ""))


def _row(draft: Draft, reply: Reply, item: Measured, prompt: Prompt, kind: PromptKind, seed: int) -> QAPair:
    clip, features = item.clip, item.features
    return make_pair(
        instruction=draft.instruction,
        input="",
        audio_id=clip.audio_id,
        dataset=clip.dataset,
        task=kind.task.name,
        output=draft.output,
        prompt=prompt.id,
        prompt_sha256=prompt.sha256,
        model=reply.model,
        request_id=reply.key,
        finish_reason=reply.finish_reason,
        answerable=not is_refusal(draft.checked.answer) or kind.form.name == "negative",
        source="model",
        split=clip.split,
        extractor=features.extractor if features else "",
        seed=seed,
        choices=draft.choices or None,
        answer_index=draft.answer_index,
        skill=kind.task.skill or None,
        difficulty=draft.difficulty or None,
        annotated_by="tagger" if item.tagged and kind.task.about == "sound" else None,
    )


def _filtered(
    found: Sequence[Pair], item: Measured, prompt: Prompt, settings: AnswerFilterSettings
) -> list[FilterResult]:
    """What becomes of some pairs of a reply by the answer filters."""
    annotated = item.sounds if (item.clip.labels or item.clip.events) and not item.tagged else ()
    if kind_of(prompt.head.kind).form is NEGATIVE:
        annotated = ()  # the answers name what is missing in order to deny it
    absent = plainly_absent(annotated) if settings.contradiction else frozenset()
    return filter_pairs(
        found,
        item.clip,
        item.features,
        settings,
        min_words=prompt.head.min_answer_words,
        absent=absent,
        prompt=prompt.body,
    )


def _dropped(clip: Clip, prompt: Prompt, rule: str, reason: str, pair: Pair | None = None) -> Dropped:
    return Dropped(
        audio_id=clip.audio_id,
        dataset=clip.dataset,
        rule=rule,
        reason=reason,
        prompt=prompt.id,
        question=pair.question if pair else None,
        answer=pair.answer if pair else None,
    )


def _nothing(reply: Reply) -> tuple[str, str]:
    """Why a reply holds no pair: a rule and a reason."""
    if empty := why_empty(reply):
        return empty.rule, empty.reason
    text = " ".join(reply.content.split())
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    rule = "refusal" if len(text) <= _LONGEST_REFUSAL and is_refusal(text) else "no_pairs"
    return rule, f"the reply holds no question-answer pair: {shown}"


def _cut(reply: Reply) -> str:
    return f"the reply ended within this pair (finish reason: {reply.finish_reason or 'not reported'})"
