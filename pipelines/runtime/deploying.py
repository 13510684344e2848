"""The deployments and automations that AIG ships, made on a Prefect server; a second call brings them up to date."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any, cast

import yaml
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.variables import Variable

from aig.core.errors import AigError, UsageError

__all__ = ["POOL", "QUEUES", "automations", "deploy", "deployments"]

POOL = "aig"
QUEUES = ("cpu", "gpu")
VARIABLE = "aig_configuration"

_FOLDER = resources.files("aig.pipelines").joinpath("deployments")


def deployments() -> list[dict[str, Any]]:
    """The deployments of `prefect.yaml`."""
    content: dict[str, Any] = yaml.safe_load(_FOLDER.joinpath("prefect.yaml").read_text(encoding="utf-8"))
    return cast(list[dict[str, Any]], content["deployments"])


def automations(notify: Any = None, time_limit_s: float | None = None) -> list[AutomationCore]:
    """The automations of `automations.yaml`.

    Args:
        notify: id of a notification block, by which each also tells somebody; but for the one that ends a run as
            crashed, of which another tells.
        time_limit_s: how long a run may take; as in the file where absent.
    """
    content: dict[str, Any] = yaml.safe_load(_FOLDER.joinpath("automations.yaml").read_text(encoding="utf-8"))
    found = [AutomationCore.model_validate(each) for each in content["automations"]]
    for automation in found:
        if time_limit_s and automation.name == "aig-too-long":
            cast(EventTrigger, automation.trigger).within = _seconds(time_limit_s)
        if notify is not None and not any(each.type == "change-flow-run-state" for each in automation.actions):
            actions = [action for action in automation.actions if action.type != "do-nothing"]
            body = f"{automation.description}\n\n{_BODY}"
            told = SendNotification(block_document_id=notify, subject=f"{automation.name}: {_RUN}", body=body)
            automation.actions = [*actions, told]
    return found


_RUN = "{{ flow_run.name }}"
_BODY = """\
{{ flow_run.name }} is {{ flow_run.state.name }}.
{{ event.payload.message or flow_run.state.message or "" }}

{{ flow_run|ui_url }}"""


def _seconds(seconds: float) -> Any:
    from datetime import timedelta

    return timedelta(seconds=seconds)


def deploy(configuration_file: str, notify: str | None = None, time_limit_s: float | None = None) -> dict[str, Any]:
    """Makes the work pool, its queues, the variable with the configuration's path, deployments and automations.

    Args:
        configuration_file: absolute path, the same on every worker.
        notify: `<type>/<name>` of a notification block, such as `slack-webhook/ops`.
        time_limit_s: how long a run may take before it is cancelled.

    Returns:
        Names: `pool`, `queues`, `deployments`, `automations`, and the `configuration`'s path.

    Raises:
        UsageError: the server has no such notification block.
        AigError: Prefect refused something; the message is Prefect's.
    """
    with get_client(sync_client=True) as client:
        block = _block(client, notify) if notify else None
        try:
            client.read_work_pool(POOL)
        except ObjectNotFound:
            _prefect("work-pool", "create", POOL, "--type", "process")
        for queue in QUEUES:
            with contextlib.suppress(ObjectAlreadyExists):
                client.create_work_queue(queue, work_pool_name=POOL)
        Variable.set(VARIABLE, configuration_file, overwrite=True)
        with resources.as_file(_FOLDER.joinpath("prefect.yaml")) as file, _paused_schedules_kept(client):
            _prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(file))
        made = automations(block, time_limit_s)
        for automation in made:
            _bring_up_to_date(client, automation)
    return {
        "pool": POOL,
        "queues": list(QUEUES),
        "configuration": configuration_file,
        "deployments": [f"{_flow(each)}/{each['name']}" for each in deployments()],
        "automations": [automation.name for automation in made],
    }


@contextlib.contextmanager
def _paused_schedules_kept(client: SyncPrefectClient) -> Iterator[None]:
    """Pauses again after the block what was paused before: `prefect deploy` creates each schedule again, and active."""
    names = [f"{_flow(each)}/{each['name']}" for each in deployments() if each.get("schedules")]
    paused = []
    for name in names:
        with contextlib.suppress(ObjectNotFound):
            if any(not schedule.active for schedule in client.read_deployment_by_name(name).schedules):
                paused.append(name)
    yield
    for name in paused:
        deployment = client.read_deployment_by_name(name)
        for schedule in deployment.schedules:
            client.update_deployment_schedule(deployment.id, schedule.id, active=False)


def _bring_up_to_date(client: SyncPrefectClient, automation: AutomationCore) -> None:
    """Makes an automation, or changes one that is not so yet; one that somebody has disabled stays disabled.

    A change makes the server forget which runs the automation watches, so one that is up to date is left alone.
    """
    known = client.read_automations_by_name(automation.name)
    if not known:
        client.create_automation(automation)
        return
    automation.enabled = known[0].enabled
    if AutomationCore.model_validate(known[0].model_dump()) != automation:
        client.update_automation(known[0].id, automation)


def _flow(deployment: dict[str, Any]) -> str:
    return "aig-" + str(deployment["entrypoint"]).rpartition(".")[2]


def _block(client: SyncPrefectClient, name: str) -> Any:
    kind, _, block = name.partition("/")
    try:
        return client.read_block_document_by_name(block, kind).id
    except ObjectNotFound:
        raise UsageError(
            f"Prefect's server has no notification block {name!r}",
            "Make it on the page Blocks, and name it as TYPE/NAME, such as slack-webhook/ops.",
        ) from None


def _prefect(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - Prefect's own command
        [sys.executable, "-m", "prefect", *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise AigError(f"`prefect {' '.join(arguments)}` failed: {said[-500:]}", "See that the server is well.")
