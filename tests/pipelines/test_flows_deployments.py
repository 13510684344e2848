"""`prefect.yaml` deploys what is there: entrypoints that are flows, parameters they take, queues that workers serve."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from aig.core.errors import DataError, UsageError
from helpers import ROOT

FILE = ROOT / "pipelines" / "deployments" / "prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]

WATCHED = ("failed", "crashed", "late", "budget", "quarantine", "silent", "too-long")

by_name = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])


def flow_of(deployment: dict[str, Any]) -> Any:
    from prefect.flows import load_flow_from_entrypoint  # as a worker finds it: in the installed package, not a clone

    return load_flow_from_entrypoint(deployment["entrypoint"])


@by_name
def test_a_deployment_names_a_flow_and_parameters_it_takes(deployment: dict[str, Any]) -> None:
    from prefect import Flow

    flow = flow_of(deployment)
    assert isinstance(flow, Flow)
    schema = flow.parameters
    assert set(deployment["parameters"]) <= set(schema.properties)
    assert set(schema.required) <= set(deployment["parameters"])  # a schedule runs with nobody to fill in a form


@by_name
def test_the_form_for_a_run_explains_every_parameter(deployment: dict[str, Any]) -> None:
    for name, field in flow_of(deployment).parameters.properties.items():
        assert field.get("description"), f"{deployment['name']}: {name}"


def test_the_build_is_nightly_and_its_stages_are_a_choice() -> None:
    (nightly,) = (deployment for deployment in DEPLOYMENTS if deployment.get("schedules"))
    assert nightly["entrypoint"].endswith(".build")
    schema = flow_of(nightly).parameters.model_dump()
    stages = ["index", "extract", "select", "generate", "publish"]
    assert schema["properties"]["until"]["enum"] == stages
    assert schema["properties"]["until"]["default"] == "publish"


def test_a_clone_and_the_installed_package_deploy_the_same() -> None:
    assert (ROOT / "prefect.yaml").resolve() == FILE


def test_the_nightly_build_measures_in_the_queue_of_the_stage_that_measures() -> None:
    (nightly,) = (deployment for deployment in DEPLOYMENTS if deployment.get("schedules"))
    flow_name, _, name = nightly["parameters"]["extract_deployment"].partition("/")
    (measuring,) = (deployment for deployment in DEPLOYMENTS if deployment["name"] == name)
    assert flow_of(measuring).name == flow_name
    assert measuring["work_pool"]["work_queue_name"] == "gpu"
    assert {"configuration_file", "only", "configuration"} <= set(flow_of(measuring).parameters.properties)


def test_automations_name_events_that_come_and_tell_whom_they_are_told_to() -> None:
    from aig.pipelines.runtime import prefect_events
    from aig.pipelines.runtime.deploying import automations

    plain = {automation.name: automation for automation in automations()}
    assert set(plain) == {f"aig-{what}" for what in WATCHED}
    assert plain["aig-budget"].trigger.expect == {prefect_events.BUDGET}
    assert plain["aig-quarantine"].trigger.expect == {prefect_events.QUARANTINE}
    block = uuid.uuid4()
    silent = plain.pop("aig-silent")
    for automation in automations(block, time_limit_s=7200):
        if automation.name == silent.name:  # what it does to a run is what aig-crashed tells of
            assert automation.actions == silent.actions
            assert automation.actions[0].state == "CRASHED"
            continue
        (told,) = (action for action in automation.actions if action.type == "send-notification")
        assert told.block_document_id == block
        assert {action.type for action in automation.actions} - {"send-notification"} == {
            action.type for action in plain[automation.name].actions
        } - {"do-nothing"}
    assert automations(time_limit_s=7200)[-1].trigger.within.total_seconds() == 7200


@pytest.mark.slow
def test_a_second_deploy_leaves_what_somebody_paused_and_what_is_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aig.pipelines.runtime.prefect_server import prefect_api

    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    with prefect_api(str(tmp_path / "workspace")):
        from prefect import get_client

        from aig.pipelines.runtime.deploying import deploy

        with get_client(sync_client=True) as client:
            deploy("/srv/aig.yaml")
            nightly = client.read_deployment_by_name("aig-build/nightly")
            assert [schedule.active for schedule in nightly.schedules] == [True]
            client.update_deployment_schedule(nightly.id, nightly.schedules[0].id, active=False)
            (late,) = client.read_automations_by_name("aig-late")
            client.pause_automation(late.id)
            response = client.request("POST", "/automations/filter", json={})
            before = {each["name"]: each["updated"] for each in response.json()}
            deploy("/srv/aig.yaml", time_limit_s=7200)
            nightly = client.read_deployment_by_name("aig-build/nightly")
            assert [schedule.active for schedule in nightly.schedules] == [False]
            assert not client.read_automations_by_name("aig-late")[0].enabled
            response = client.request("POST", "/automations/filter", json={})
            after = {each["name"]: each["updated"] for each in response.json()}
    assert set(before) == {f"aig-{what}" for what in WATCHED}
    assert {name for name in after if after[name] != before[name]} == {"aig-too-long"}


@pytest.mark.slow
def test_what_stages_meet_is_told_once_and_of_the_run_that_was_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aig.generators.client.budget import BudgetUsedUpError
    from aig.pipelines.runtime.prefect_server import prefect_api

    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    with prefect_api(str(tmp_path / "workspace")):
        from prefect import flow, tags

        from aig.pipelines.runtime import prefect_events
        from aig.pipelines.runtime.prefect_events import tell, telling

        told: list[tuple[str, str, list[str], str]] = []

        def emit(event: str, resource: dict[str, str], related: list[dict[str, str]], payload: dict[str, Any]) -> None:
            found = [each["prefect.resource.id"] for each in related]
            told.append((event, resource["prefect.resource.name"], found, payload["message"]))

        monkeypatch.setattr(prefect_events, "emit_event", emit)

        @flow(flow_run_name="stage", persist_result=False)
        def stage() -> None:
            with telling():
                tell(prefect_events.QUARANTINE, "mine", "mine: 2 of 15", {"items": 2})
                tell(prefect_events.QUARANTINE, "theirs", "theirs: 3 of 15", {"items": 3})

        @flow(flow_run_name="build", persist_result=False)
        def whole() -> None:
            with telling():
                stage()
                stage()
                raise BudgetUsedUpError("$5 are spent", "Raise generate.max_cost_usd.")

        with tags("aig"), pytest.raises(BudgetUsedUpError):
            whole()
    ours = ["prefect.tag.aig"]
    assert told == [
        (prefect_events.QUARANTINE, "build", ours, "mine: 2 of 15"),
        (prefect_events.QUARANTINE, "build", ours, "theirs: 3 of 15"),
        (prefect_events.BUDGET, "build", ours, "$5 are spent"),
    ]


@pytest.mark.slow
def test_a_stage_that_nobody_starts_ends_the_build_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aig.pipelines.runtime.prefect_server import prefect_api

    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    with prefect_api(str(tmp_path / "workspace")):
        from prefect import flow, get_client

        from aig.pipelines.runtime import elsewhere

        monkeypatch.setattr(elsewhere, "_POLL_S", 0.1)

        @flow(persist_result=False)
        def outer(deployment: str) -> None:
            elsewhere.run_elsewhere(deployment, {"configuration_file": "x.yaml"}, start_within_s=0.2)

        with pytest.raises(UsageError, match="no deployment 'aig-extract/extract'"):
            outer("aig-extract/extract")
        with get_client(sync_client=True) as client:
            flow_id = client.create_flow_from_name("aig-extract")
            client.create_deployment(flow_id, "extract", entrypoint="aig.pipelines.flows.extract")
            with pytest.raises(DataError, match="nobody has started aig-extract/extract") as late:
                outer("aig-extract/extract")
            assert "prefect worker start" in late.value.advice
            states = [run.state_name for run in client.read_flow_runs() if run.flow_id == flow_id]
        assert states == ["Cancelled"]  # what waits no longer is not started later


def test_a_job_on_kubernetes_takes_its_keys_from_a_secret_and_time_to_end() -> None:
    template = json.loads((FILE.parent / "kubernetes.json").read_text(encoding="utf-8"))
    configuration, variables = template["job_configuration"], template["variables"]["properties"]
    assert set(re.findall(r"{{ (\w+) }}", json.dumps(configuration))) == set(variables)
    pod = configuration["job_manifest"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= 10
    assert pod["containers"][0]["envFrom"][0]["secretRef"]["name"] == "{{ secret }}"
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "{{ gpus }}"


def test_every_queue_has_a_worker_in_the_walk_through_and_keys_are_nowhere() -> None:
    from aig.pipelines.runtime.deploying import QUEUES

    walk_through = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for queue in {deployment["work_pool"]["work_queue_name"] for deployment in DEPLOYMENTS}:
        assert queue in QUEUES  # `aig deploy` makes it
        assert re.search(rf"prefect worker start --pool aig --work-queue {queue}\b", walk_through)
    assert "API_KEY" not in json.dumps(DEPLOYMENTS)
    for deployment in DEPLOYMENTS:
        assert deployment["work_pool"]["name"] == "aig"
        assert "concurrency_limit" not in deployment  # its lease ends with the server, and the run with its lease
