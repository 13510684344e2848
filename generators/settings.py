"""Settings of the generate stage: which model is asked, how fast, for how much money (`generate:` in the YAML)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from aig.core.settings import NameOrFile, RelativePath, Strict

__all__ = [
    "BatchSettings",
    "BlindSettings",
    "GenerateSettings",
    "JudgeSettings",
    "PriceSettings",
    "QuestionSettings",
    "SecondModelSettings",
]

Dollars = Annotated[Decimal, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class PriceSettings(Strict):
    """US dollars per million tokens of a model, instead of the table in `generators/client/data/prices.yaml`.

    Attributes:
        input: per million input tokens.
        output: per million output tokens.
        batch_discount: share taken off by the Batch API, 0 to 1.
    """

    input: Dollars
    output: Dollars
    batch_discount: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.5")


class BatchSettings(Strict):
    """How requests are submitted in `mode: batch`. OpenAI takes 50,000 requests and 200 MB in a file.

    Attributes:
        requests_per_file: most requests in one batch.
        bytes_per_file: most bytes in one batch's file.
        batches_in_flight: most batches submitted and not finished at a time.
        completion_window: time the provider gives itself.
        poll_s: seconds between two looks at a batch's state.
    """

    requests_per_file: Annotated[int, Field(ge=1, le=50_000)] = 50_000
    bytes_per_file: Annotated[int, Field(ge=1_000, le=200_000_000)] = 100_000_000
    batches_in_flight: Annotated[int, Field(ge=1)] = 8
    completion_window: str = "24h"
    poll_s: Annotated[float, Field(gt=0)] = 30.0


class QuestionSettings(Strict):
    """What is asked about a clip.

    Attributes:
        prefix_share: share of the audio tasks' closed-ended questions that begin with `Closed-ended question: `.
        style_share: share of caption questions that end in the dataset's caption style, `, in Clotho style`.
        instruction_share: share of closed-ended questions that say how to answer after what is asked.
        gender_emotion_share: where a dataset has both gender_cla and gender_emotion_cla, share of its clips that are
            asked the latter instead of the former; IEMOCAP's 845 of 4,290.
        not_exist_share: share of the clips with timed sounds that are asked about a sound, or a pair of sounds, that is
            not there, instead of one that is.
        copies: by dataset, how often each caption question is drawn again, instead of the dataset's own number.
        recognised_asr: whether a clip without an annotated text is asked for the recogniser's words instead.
        audio_input: whether rows about sounds carry the transcript as `input` (LTU-AS) or leave it empty (LTU).
        prompts: by kind, the open-ended prompt instead of the default one: `{joint: joint@2}`.
        prompt_folder: folder with your own prompts.
        kinds: your own prompt kinds as `module:object`; a clip of your own data is asked with the first that suits it,
            before those of this package.
        description_file: JSON Lines file with your own acoustic descriptions of sounds (`aig prompts describe`).
        pairs: open-ended pairs asked for at once, instead of the dataset's own number.
    """

    prefix_share: Share = 0.5
    style_share: Share = 0.5
    instruction_share: Share = 0.75
    gender_emotion_share: Share = 0.197
    not_exist_share: Share = 0.5
    copies: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    recognised_asr: bool = False
    audio_input: bool = True
    prompts: dict[str, str] = Field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    prompt_folder: RelativePath | None = None
    description_file: RelativePath | None = None
    pairs: Annotated[int, Field(ge=1, le=100)] | None = None


class SecondModelSettings(Strict):
    """A second model that is asked about pairs; what is not said here is as for the first one.

    Attributes:
        model: name the server knows the model by.
        base_url: of its endpoint.
        api_key_env: environment variable that holds its key.
        response_format: see `GenerateSettings`.
        max_tokens: most output tokens per reply.
        temperature: sampling temperature; `None`: the server's own.
        prompt: its instructions: a name, `name@version`, or a text file.
        sample: share of the clips whose pairs it is asked about, 0 to 1, drawn by a hash of the clip.
    """

    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    response_format: Literal["json_schema", "json_object", "text"] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 1024
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    prompt: NameOrFile
    sample: Annotated[float, Field(gt=0, le=1)] = 1.0


class JudgeSettings(SecondModelSettings):
    """A model that judges each pair: supported, answerable by listening, not given away, well formed.

    Attributes:
        min_score: pairs below it are not published: share of these four that hold, 0 where it is not supported.
        votes: how often the judge is asked; the majority counts. More than one need a temperature above 0.
    """

    prompt: NameOrFile = "judge"
    min_score: Share = 1.0
    votes: Annotated[int, Field(ge=1, le=15)] = 1

    @model_validator(mode="after")
    def _votes_can_differ(self) -> Self:
        if self.votes > 1 and self.temperature == 0:
            raise ValueError("several votes at temperature 0 are the same vote: give a temperature, such as 0.7")
        return self


class BlindSettings(SecondModelSettings):
    """A model that answers the bare questions; a pair whose answer it guesses needs no hearing."""

    prompt: NameOrFile = "blind"


class GenerateSettings(Strict):
    """How question-answer pairs are generated.

    Attributes:
        open_ended: ask a chat model; false: closed-ended pairs only, no model needed.
        model: name the server knows the model by.
        base_url: of an OpenAI-compatible endpoint, ending in `/v1`; `None`: OpenAI's, or `OPENAI_BASE_URL`.
        api_key_env: environment variable that holds the key. An endpoint on this machine needs none.
        max_tokens: most output tokens per reply.
        max_tokens_name: what the endpoint calls that: newer OpenAI models want `max_completion_tokens`.
        temperature: sampling temperature; `None`: the server's own.
        top_p: nucleus sampling; `None`: the server's own.
        response_format: `json_schema` where the server enforces a schema, `json_object` where it only promises JSON,
            `text` where it knows neither.
        mode: `live` requests, or the provider's Batch API (half the price, within a day).
        concurrency: requests in flight at a time.
        requests_per_minute: never more than these; `None`: what the server's headers say.
        tokens_per_minute: input and output tokens, never more than these; `None`: what the server's headers say.
        shared_rate: name of a global concurrency limit of Prefect's server, for one rate over several machines.
        max_cost_usd: hard limit on what the ledger's replies may cost together; `None`: no limit.
        prices: by model, instead of the table that comes with this version.
        connect_timeout_s: for a connection to be made.
        read_timeout_s: between two pieces of a reply.
        timeout_s: for a whole request.
        max_attempts: how often one request is sent before it counts as failed.
        outage_s: how long every request may fail before the run stops.
        batch: used in `mode: batch`.
        tasks: closed-ended tasks that are asked: names of tasks, `paper` for those of LTU and LTU-AS, `modern` for all
            others, and tasks of your own as `module:object`; and tasks that the model answers beside the open-ended
            questions: `open_choice`, `open_reasoning`, `dialogue`, `negative`, `style_caption`, or `by_model` for all
            five, each a request more a clip that it suits.
        questions: what is asked, closed- and open-ended.
        judge: a second model that judges the pairs of the first; `None`: nobody does.
        blind: a model that answers the questions without the clip; `None`: nobody does.
    """

    open_ended: bool = True
    model: str = "gpt-3.5-turbo"
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    max_tokens: Annotated[int, Field(ge=1)] = 1024
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    response_format: Literal["json_schema", "json_object", "text"] = "json_object"
    mode: Literal["live", "batch"] = "live"
    concurrency: Annotated[int, Field(ge=1, le=4096)] = 64
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    shared_rate: str | None = None
    max_cost_usd: Dollars | None = None
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
    connect_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    read_timeout_s: Annotated[float, Field(gt=0)] = 120.0
    timeout_s: Annotated[float, Field(gt=0)] = 300.0
    max_attempts: Annotated[int, Field(ge=1)] = 8
    outage_s: Annotated[float, Field(ge=0)] = 300.0
    batch: BatchSettings = BatchSettings()
    tasks: tuple[str, ...] = ("paper",)
    questions: QuestionSettings = QuestionSettings()
    judge: JudgeSettings | None = None
    blind: BlindSettings | None = None
