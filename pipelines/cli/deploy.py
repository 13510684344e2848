"""`aig deploy`: the deployments, queues and automations on a Prefect server."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("deploy")(deploy)


def deploy(
    config: ConfigArgument,
    notify: Annotated[
        str | None,
        typer.Option(metavar="TYPE/NAME", help="A notification block that is told, such as slack-webhook/ops."),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(metavar="HOURS", min=0.1, help="A run is cancelled after so long; 36 if not given.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Creates the nightly build, its stages, their queues and automations on the server at PREFECT_API_URL.

    Whatever is there is brought up to date. Workers are started separately: `prefect worker start --pool aig`.
    """
    from aig.core.extras import need
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.prefect_server import prefect_api

    need("run")
    configuration = load(config)
    if not os.environ.get("PREFECT_API_URL"):
        raise UsageError(
            "PREFECT_API_URL is not set, so nobody knows on which Prefect server to deploy",
            "Start one (`prefect server start`) and set PREFECT_API_URL=http://127.0.0.1:4200/api.",
        )
    with prefect_api(configuration.workspace):
        from aig.pipelines.runtime import deploying

        made = deploying.deploy(str(config.resolve()), notify, time_limit and time_limit * 3600)
    if json:
        print_json(made)
        return
    typer.echo(f"Deployments: {', '.join(made['deployments'])}")
    typer.echo(f"Automations: {', '.join(made['automations'])}" + ("" if notify else " (they tell nobody: --notify)"))
    for queue in made["queues"]:
        say(f"A worker for the queue {queue}: prefect worker start --pool {made['pool']} --work-queue {queue}")
    say("Run it now: prefect deployment run aig-build/nightly")
