"""The chat model's endpoint, where it is and with what key: the one module that knows the openai client.

The client is imported where it is used, because its import takes a second that most commands need not spend.

Requests go through the client's low-level `post` over its aiohttp transport, with the body encoded by us: the typed
`chat.completions.create` spends more time on turning dictionaries over than the network takes at a few hundred requests
a second. Retries, limits and money are not its business: one call here is one request on the wire.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from aig.core.errors import UsageError
from aig.generators.chat import ChatRequest
from aig.generators.settings import GenerateSettings

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai.types import Batch

__all__ = [
    "Answer",
    "BatchState",
    "Endpoint",
    "StatusError",
    "TransportError",
    "api_key",
    "base_url",
    "is_loopback",
    "request_body",
]

_T = TypeVar("_T")
_JOB = "aig_job"
_FILE_RETRIES = 6
_CLOCKS_DIFFER_S = 3600
_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the wire: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class BatchState:
    """The state of a batch.

    Attributes:
        name: the provider's.
        status: `validating`, `in_progress`, `finalizing`, `cancelling`, or one of the final ones.
        output: file of good replies, `None` without.
        errors: file of requests that failed, `None` without.
        faults: (code, message) of why the whole batch was refused.
    """

    name: str
    status: str
    output: str | None
    errors: str | None
    faults: tuple[tuple[str, str], ...]

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self.status in {"completed", "failed", "expired", "cancelled"}


class StatusError(Exception):
    """A call about files or batches was answered with an error status."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class TransportError(Exception):
    """No whole answer came back.

    Attributes:
        reason: what happened, in a few words, free of the request's content.
        sent: whether the request left at all: without a connection it did not.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


def base_url(settings: GenerateSettings) -> str:
    """The setting, else `OPENAI_BASE_URL`, else OpenAI.

    Raises:
        UsageError: it is not an http address.
    """
    url = (settings.base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI).rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise UsageError(f"generate.base_url: {url!r} is not an http address", "Write it as https://HOST/v1.")
    return url


def is_loopback(url: str) -> bool:
    """Whether the endpoint is on this machine, so that it needs neither key nor price."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def api_key(settings: GenerateSettings) -> str:
    """The key from the environment; empty where there is none and the endpoint is on this machine.

    Raises:
        UsageError: the endpoint is elsewhere and the environment holds no key.
    """
    key = os.environ.get(settings.api_key_env, "").strip()
    if not key and not is_loopback(base_url(settings)):
        raise UsageError(
            f"no API key for {base_url(settings)}: the environment variable {settings.api_key_env} is not set",
            f"Export {settings.api_key_env}=..., or name another variable in generate.api_key_env, "
            "or set generate.open_ended to false to build the closed-ended part without a model.",
        )
    return key


def request_body(request: ChatRequest) -> dict[str, Any]:
    """The JSON body of `POST /chat/completions` for a request."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [dict(m) for m in request.messages],
        **request.parameters,
    }
    if request.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


class Endpoint:
    """An OpenAI-compatible endpoint. Use as an asynchronous context manager, in one event loop."""

    def __init__(self, settings: GenerateSettings) -> None:
        """Makes the client; nothing is sent.

        Raises:
            UsageError: the endpoint is elsewhere and there is no key, or the address is not valid.
        """
        import httpx2
        import openai

        self.url = base_url(settings)
        self._key = key = api_key(settings)
        self.key_name = settings.api_key_env
        limits = httpx2.Limits(
            max_connections=settings.concurrency + 8,
            max_keepalive_connections=settings.concurrency + 8,
            keepalive_expiry=30,
        )
        timeout = httpx2.Timeout(
            connect=settings.connect_timeout_s, read=settings.read_timeout_s, write=settings.read_timeout_s, pool=None
        )
        self._total_s = settings.timeout_s
        self._chat_url = f"{self.url}/chat/completions"  # whole: the client parses a relative one three times
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=self.url,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAioHttpClient(
                limits=limits,
                timeout=timeout,
                follow_redirects=False,
                trust_env=not is_loopback(self.url),  # a proxy never leads back to this machine
            ),
        )

    async def __aenter__(self) -> Endpoint:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def chat(self, body: bytes) -> Answer:
        """Sends one chat completion request, its JSON encoded already.

        Raises:
            TransportError: no whole answer came back in time.
        """
        import aiohttp
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self._total_s):
                response = await self._client.post(self._chat_url, content=body, cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIError as error:
            raise _transport_error(error) from None
        except TimeoutError:
            raise TransportError(f"no answer within {self._total_s:g} s", sent=True) from None
        except (httpx2.HTTPError, aiohttp.ClientError) as error:
            raise _transport_error(error) from None
        return _answer(response)

    async def upload(self, requests: bytes) -> str:
        """Uploads the requests of a batch, one JSON object a line; returns the file's name."""
        file = ("requests.jsonl", requests)

        async def create(client: openai.AsyncOpenAI) -> str:
            return (await client.files.create(file=file, purpose="batch")).id

        return await self._retried(create)

    async def create_batch(self, file: str, job: str, window: str) -> str:
        """Submits an uploaded file as a batch under our own name `job`; returns the provider's name for it."""
        create = self._client.batches.create  # not repeated by the client: a repeat would be a second batch
        made = await self._translated(
            create(
                input_file_id=file,
                endpoint="/v1/chat/completions",
                completion_window=cast(Any, window),
                metadata={_JOB: job},
            )
        )
        return made.id

    async def batch(self, name: str) -> BatchState:
        """The state of a batch."""

        async def retrieve(client: openai.AsyncOpenAI) -> BatchState:
            return _state(await client.batches.retrieve(name))

        return await self._retried(retrieve)

    async def find_batch(self, job: str, since: float) -> str | None:
        """The provider's name for the batch we submitted as `job` at `since` (seconds since 1970) or later."""

        async def find(client: openai.AsyncOpenAI) -> str | None:
            async for batch in client.batches.list(limit=100):
                if (batch.metadata or {}).get(_JOB) == job:
                    return batch.id
                if batch.created_at < since - _CLOCKS_DIFFER_S:
                    return None
            return None

        return await self._retried(find)

    async def cancel_batch(self, name: str) -> None:
        """Asks for a batch to be ended; what it has done by then can be fetched."""
        await self._retried(lambda client: client.batches.cancel(name))

    async def download(self, file: str, path: Path) -> None:
        """Writes the content of a file of the provider to `path`."""

        async def fetch(client: openai.AsyncOpenAI) -> None:
            async with client.files.with_streaming_response.content(file) as response:
                await response.stream_to_file(path)

        await self._retried(fetch)

    async def _retried(self, call: Callable[[openai.AsyncOpenAI], Awaitable[_T]]) -> _T:
        """A call that may be repeated, so the client retries it where it fails in passing."""
        return await self._translated(call(self._client.with_options(max_retries=_FILE_RETRIES)))

    async def _translated(self, call: Awaitable[_T]) -> _T:
        """The result of a typed call, its errors translated into ours."""
        import aiohttp
        import httpx2
        import openai

        try:
            return await call
        except openai.APIStatusError as error:
            raise StatusError(_answer(error.response)) from None
        except (openai.APIError, httpx2.HTTPError, aiohttp.ClientError) as error:
            raise _transport_error(error) from None
        except (AttributeError, TypeError, ValueError) as error:
            raise TransportError(f"an answer of another shape than expected ({error})", sent=True) from None

    def redacted(self, text: str) -> str:
        """`text` without the key, for what a server repeats in its error messages."""
        return text.replace(self._key, "[key]") if self._key else text


def _answer(response: httpx2.Response) -> Answer:
    # A plain dictionary: the response's own headers decode all of themselves again for every look.
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
    return Answer(response.status_code, headers, response.content)


def _state(batch: Batch) -> BatchState:
    faults = getattr(batch.errors, "data", None) or []
    return BatchState(
        name=batch.id,
        status={"canceled": "cancelled", "error": "failed"}.get(batch.status, batch.status),
        output=batch.output_file_id,
        errors=batch.error_file_id,
        faults=tuple((str(getattr(f, "code", "") or ""), str(getattr(f, "message", f) or "")) for f in faults),
    )


def _transport_error(error: BaseException) -> TransportError:
    """What happened on the wire, by the innermost exception: the layers above call a dropped connection a time-out."""
    import aiohttp

    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, aiohttp.ClientConnectorError):
            return TransportError(f"no connection: {inner.os_error.strerror or inner.os_error}", sent=False)
        if isinstance(inner, aiohttp.ConnectionTimeoutError):
            return TransportError("no connection within the time-out", sent=False)
        if isinstance(inner, aiohttp.ServerTimeoutError):
            return TransportError("nothing read within the time-out", sent=True)
        if isinstance(inner, aiohttp.ClientResponseError):
            return TransportError(f"the answer is not HTTP that can be read: {inner.message[:100]}", sent=True)
        if isinstance(inner, aiohttp.ClientError | OSError):
            return TransportError(f"connection lost ({type(inner).__name__})", sent=True)
        inner = inner.__cause__ or inner.__context__
    return TransportError(f"connection lost ({type(error).__name__})", sent=True)
