"""What a judge, and a model that hears nothing, is asked about the pairs of a clip: pure, one request a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aig.core.records import QAPair
from aig.generators.chat import ChatRequest
from aig.generators.settings import GenerateSettings, SecondModelSettings
from aig.prompts.judging import (
    JudgingPrompt,
    blind_message,
    blind_schema,
    judge_message,
    judge_schema,
)

__all__ = ["blind_request", "judge_requests", "second_model"]


def second_model(settings: GenerateSettings, second: SecondModelSettings) -> GenerateSettings:
    """The settings by which a second model is asked: those of the first but for model, endpoint, key and reply."""
    return settings.model_copy(
        update={
            "model": second.model,
            "base_url": second.base_url or settings.base_url,
            "api_key_env": second.api_key_env or settings.api_key_env,
            "response_format": second.response_format or settings.response_format,
            "max_tokens": second.max_tokens,
            "temperature": second.temperature,
            "top_p": None,
        }
    )


def judge_requests(
    facts: str,
    pairs: Sequence[QAPair],
    prompt: JudgingPrompt,
    settings: GenerateSettings,
    *,
    guesses: Sequence[str | None] = (),
    votes: int = 1,
    seed: int = 0,
) -> tuple[ChatRequest, ...]:
    """The requests for verdicts on the pairs of a clip: one, or one for each vote.

    Args:
        facts: what the writer of the pairs was told of the clip.
        pairs: of one clip.
        prompt: the judge's instructions.
        settings: as `second_model` gives them.
        guesses: by pair, the answer of a model that heard nothing; empty where nobody was asked.
        votes: how often the judge is asked, each time with another seed.
        seed: of the configuration.
    """
    message = judge_message(facts, [(pair.instruction, pair.output) for pair in pairs], guesses)
    schema = judge_schema(len(pairs), guesses=bool(guesses))
    return tuple(
        _request(prompt, message, schema, pairs[0], settings, {"seed": seed + vote} if votes > 1 else {})
        for vote in range(votes)
    )


def blind_request(pairs: Sequence[QAPair], prompt: JudgingPrompt, settings: GenerateSettings) -> ChatRequest:
    """The request for guesses at the bare questions of a clip.

    Args:
        pairs: of one clip; their answers are not sent.
        prompt: the instructions.
        settings: as `second_model` gives them.
    """
    message = blind_message([pair.instruction for pair in pairs])
    return _request(prompt, message, blind_schema(len(pairs)), pairs[0], settings, {})


def _request(
    prompt: JudgingPrompt,
    message: str,
    schema: dict[str, Any],
    pair: QAPair,
    settings: GenerateSettings,
    more: dict[str, Any],
) -> ChatRequest:
    parameters: dict[str, Any] = {settings.max_tokens_name: settings.max_tokens, **more}
    if settings.temperature is not None:
        parameters["temperature"] = settings.temperature
    if settings.response_format == "json_object":
        parameters["response_format"] = {"type": "json_object"}
    return ChatRequest(
        model=settings.model,
        messages=({"role": "system", "content": prompt.text}, {"role": "user", "content": message}),
        parameters=parameters,
        schema=schema if settings.response_format == "json_schema" else None,
        dataset=pair.dataset,
        prompt=prompt.id,
    )
