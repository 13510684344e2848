"""`aig estimate`, `aig ledger` and `aig mock-server`: what asking the model costs, what it has cost, and a try-out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.options import ConfigArgument, OnlyOption
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from aig.generators.chat import ChatRequest
    from aig.pipelines.configuration import Configuration
    from aig.pipelines.workspace.workspace import Workspace

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("estimate")(estimate)
    app.command("ledger")(ledger)
    app.command("mock-server")(mock_server)


def estimate(
    config: ConfigArgument,
    only: OnlyOption = None,
    json: JsonFlag = False,
) -> None:
    """Calls, tokens and dollars per dataset and prompt, live and by batch, before a cent is spent.

    Counts what `aig generate` would ask now, so the clips have to be selected first (`aig run CONFIG --until select`).
    """
    from aig.generators.client.estimate import estimate_cost, total
    from aig.generators.client.prices import table_date
    from aig.generators.client.tokens import ERROR, counter
    from aig.generators.judging.requests import second_model
    from aig.generators.ledger.ledger import Ledger
    from aig.pipelines.configuration import load
    from aig.pipelines.preflight import chosen_datasets
    from aig.pipelines.workspace.buckets import unselected
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    names = chosen_datasets(configuration, only)
    waiting = [name for name in names if unselected(configuration, workspace, name)]
    with Ledger(workspace.url("responses")) as replies:
        rows = estimate_cost(_planned(configuration, workspace, names), replies, configuration.generate)
        for blind, second in ((True, configuration.generate.blind), (False, configuration.generate.judge)):
            if second is not None:
                asked = _judged(configuration, workspace, names, blind=blind)
                rows += estimate_cost(asked, replies, second_model(configuration.generate, second))
    sums = total(rows)
    exact = counter(configuration.generate.model)[1]
    if json:
        print_json(
            {
                "model": configuration.generate.model,
                "prices_as_of": table_date(),
                "input_tokens_exact": exact,
                "not_selected": waiting,
                "rows": [_fields(row) for row in rows],
                "total": _fields(sums),
            }
        )
        return
    for name in waiting:
        say(f"{name}: its clips are not selected yet, so it is not counted. First: aig run {config} --until select")
    if not rows:
        say("Nothing to ask." if waiting else "Nothing to ask: all is up to date.")
        return
    print_table(
        f"What asking {configuration.generate.model} would cost, in US dollars",
        ("dataset", "prompt", "calls", "cached", "tokens in", "tokens out", "live", "batch", "most"),
        [
            (
                *(row.dataset, row.prompt, row.calls, row.cached, row.input_tokens, row.output_tokens),
                *(_dollars(amount) for amount in (row.live_usd, row.batch_usd, row.most_usd)),
            )
            for row in [*rows, sums]
        ],
    )
    if (configuration.generate.judge or configuration.generate.blind) and any(row.calls for row in rows):
        say("Second models (judge, blind) are counted for the pairs that are there; those of new replies come on top.")
    accuracy = "counted with the model's own tokeniser" if exact else f"estimated, within about {ERROR:.0%}"
    say(
        f"Input tokens are {accuracy}. "
        "Output tokens: mean of this prompt's replies; max_tokens where there are none yet."
    )
    say(f"Prices of {table_date()}, unless generate.prices says otherwise.")
    limit = configuration.generate.max_cost_usd
    if limit is not None and sums.most_usd > limit:
        say(f"The budget generate.max_cost_usd is ${limit}: the run stops there, and continues when it is raised.")


def _planned(configuration: Configuration, workspace: Workspace, names: list[str]) -> Iterator[ChatRequest]:
    """The requests that `aig generate` would look up or send now, in its order."""
    from aig.pipelines.stages.generate.plan import plan_open, requests_of

    return requests_of(configuration, plan_open(configuration, workspace, names))


def _judged(
    configuration: Configuration, workspace: Workspace, names: list[str], *, blind: bool
) -> Iterator[ChatRequest]:
    """The requests to a second model about the pairs that are there."""
    from aig.generators.ledger.ledger import Ledger
    from aig.pipelines.stages.generate.judge import judging
    from aig.pipelines.stages.generate.plan import plan_dataset

    plans = [plan for name in names for plan in plan_dataset(configuration, workspace, name)]
    with Ledger(workspace.url("responses")) as replies:
        yield from judging(configuration, workspace, plans).requests(blind=blind, replies=replies)


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"


def _fields(row: Any) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in type(row).__slots__}
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in fields.items()}


def ledger(
    config: ConfigArgument,
    compact: Annotated[bool, typer.Option("--compact", help="Rewrite it into few files first.")] = False,
    json: JsonFlag = False,
) -> None:
    """What the model has answered and cost so far: size, hit rate, dollars per dataset, prompt and model."""
    from aig.generators.client.batch_jobs import JobStore
    from aig.generators.ledger.compaction import compact as rewrite
    from aig.generators.ledger.costs import read_costs
    from aig.generators.ledger.ledger import Ledger
    from aig.pipelines.configuration import load
    from aig.pipelines.workspace.workspace import Workspace

    url = Workspace(load(config).workspace).url("responses")
    if compact:
        before, after, _ = rewrite(url)
        say(f"{before:,} files are now {after:,}.")
    with Ledger(url) as replies:
        costs = read_costs(replies)
        jobs = JobStore(url).load()
        figures: dict[str, Any] = {
            "replies": len(replies),
            "files": len(replies.segments),
            "bytes": replies.size_bytes,
            "damaged_lines": len(replies.damaged),
            "cost_usd": float(replies.paid_usd),
            "lost_usd": float(replies.lost_usd),
            "hit_rate": costs.hit_rate,
            "requests_in_batches": sum(len(job.accounts) for job in jobs),
        }
    names = ("dataset", "prompt", "model", "mode")
    if json:
        rows = [
            dict(zip(names, kind, strict=True))
            | {"replies": a.replies, "input_tokens": a.input_tokens, "output_tokens": a.output_tokens}
            | {"cost_usd": float(a.cost_usd)}
            for kind, a in costs.by_kind.items()
        ]
        print_json(figures | {"rows": rows})
        return
    print_table(
        "Replies in the ledger",
        (*names, "replies", "tokens in", "tokens out", "cost (USD)"),
        [
            (*kind, a.replies, a.input_tokens, a.output_tokens, _dollars(a.cost_usd))
            for kind, a in costs.by_kind.items()
        ],
    )
    rate = "-" if costs.hit_rate is None else f"{costs.hit_rate:.1%}"
    typer.echo(f"{figures['replies']:,} replies in {figures['files']:,} files, {figures['bytes'] / 1e6:,.1f} MB")
    typer.echo(
        f"Paid: ${figures['cost_usd']:.4f}; lost with broken connections and runs: at most ${figures['lost_usd']:.4f}"
    )
    typer.echo(f"Cache hit rate: {rate}")
    if jobs:
        typer.echo(f"In batches at the provider: {figures['requests_in_batches']:,} requests")
    if figures["damaged_lines"]:
        typer.echo(f"Torn or damaged lines, asked again: {figures['damaged_lines']:,}")


def mock_server(
    port: Annotated[int, typer.Option(help="Port to listen on; 0: any that is free.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    latency: Annotated[float, typer.Option(metavar="SECONDS", help="Time an answer takes.")] = 0.2,
    spread: Annotated[float, typer.Option(metavar="SIGMA", help="Sigma of the latency's log-normal spread.")] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SHARE", help="Share of tries that fail so; may be given more than once."),
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Answer 429 above this.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(help="Answer 429 above this.")] = None,
    batch_seconds: Annotated[float, typer.Option(metavar="SECONDS", help="Time a batch takes.")] = 10.0,
    pairs: Annotated[int, typer.Option(help="Question-answer pairs in an answer without a schema.")] = 5,
    seed: Annotated[int, typer.Option(help="Of answers, latencies and faults.")] = 0,
) -> None:
    """A chat-completions server with made-up answers, to try a build without a key; set its address as base_url.

    Faults: rate_limited, quota, server_error, unavailable, bad_request, dropped, half_body, malformed, wrong_type,
    slow_drip, truncated, slow.
    """
    import signal

    from pydantic import ValidationError

    from aig.generators.mock_server import MockServer, MockSettings

    try:
        settings = MockSettings(
            seed=seed,
            latency_s=latency,
            latency_sigma=spread,
            faults=_shares(fault or []),
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            batch_s=batch_seconds,
            pairs=pairs,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {first['msg'].removeprefix('Value error, ')}", "aig mock-server --help") from None
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before threads start, so that sigwait alone sees them
    try:
        with MockServer(settings, host=host, port=port) as server:
            typer.echo(server.url)
            say("Answers are made up. Stop with Ctrl-C.")
            signal.sigwait(signals)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror}", "Choose another --port; 0 takes any."
        ) from None


def _shares(faults: list[str]) -> dict[str, float]:
    shares = {}
    for text in faults:
        name, _, share = text.partition("=")
        try:
            shares[name] = float(share)
        except ValueError:
            raise UsageError(f"--fault {text!r} is not NAME=SHARE", "Such as --fault rate_limited=0.1.") from None
    return shares
