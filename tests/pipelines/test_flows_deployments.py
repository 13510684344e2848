"""`prefect.yaml` deploys what is there: entrypoints that are flows, parameters they take, queues that workers serve."""

import json
import re
from typing import Any

import pytest
import yaml

from helpers import ROOT

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

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


def test_every_queue_has_a_worker_in_the_walk_through_and_keys_are_nowhere() -> None:
    walk_through = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for queue in {deployment["work_pool"]["work_queue_name"] for deployment in DEPLOYMENTS}:
        assert f"prefect work-queue create {queue} --pool aig" in walk_through
        assert re.search(rf"prefect worker start --pool aig --work-queue {queue}\b", walk_through)
    assert "API_KEY" not in json.dumps(DEPLOYMENTS)
    for deployment in DEPLOYMENTS:
        assert deployment["work_pool"]["name"] == "aig"
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
