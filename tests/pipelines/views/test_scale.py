"""The model of a build on other machines follows from how long earlier runs took."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.pipelines.configuration import Configuration
from aig.pipelines.views.scale import (
    DEFAULTS,
    FORK_S,
    PLACES,
    START_S,
    Rates,
    build_model,
    measured_rates,
    parse_fleet,
    parse_seconds,
)

CONFIGURATION = Configuration.model_validate(
    {"workspace": "/w", "datasets": {"mine": {"manifest": "/m.jsonl"}}, "generate": {"model": "mock"}}
)


def record(workers: int, cores: int | None, **steps: tuple[int, float]) -> dict[str, Any]:
    titles = {title.replace("__", " "): {"done": done, "seconds": s} for title, (done, s) in steps.items()}
    return {"workers": workers, "cores": cores, "steps": titles}


def stages(model: dict[str, Any]) -> dict[str, Any]:
    return {stage["stage"]: stage for stage in model["stages"]}


def test_rates_are_of_the_latest_run_of_each_piece_of_work_and_of_one_core() -> None:
    rates = measured_rates(
        [
            record(4, 2, extract__a=(100, 10.0), publish=(900, 1.0), level=(5, 1.0)),  # four workers on two cores
            record(8, None, extract__a=(100, 99.0), extract__b=(300, 10.0), closed__a=(100, 1.0)),
            record(2, 2, ask=(50, 5.0), open_audio__a=(40, 1.0), open_speech__a=(10, 4.0), extract__c=(0, 3.0)),
        ]
    )
    # The start of a stage's workers is taken off its first dataset, and no more than half of what that one took.
    four_start = START_S["extract"] + FORK_S * 4 / 2
    seconds = {"extract": ((10 - four_start) * 2 + 10 * 8) / 400, "closed": 1.0 / 2 * 8 / 100}
    assert rates.seconds == pytest.approx({**seconds, "publish": 1 / 900, "ask": 0.1, "open": 5 * 2 / 50})
    assert rates.rows_per_clip == 9
    assert rates.requests_per_clip == 0.5


def test_a_build_is_modelled_stage_by_stage_with_hours_and_dollars() -> None:
    rates = Rates({"extract": 3.6, "publish": 0.001, "ask": 0.01}, rows_per_clip=10, requests_per_clip=0.5)
    fleet = parse_fleet(None, ["4x16@0.50", "extract=100x1@2.5"])
    model = build_model(CONFIGURATION, 1_000_000, rates, fleet)
    of = stages(model)
    assert (model["workers"], list(of)) == (64, list(PLACES))
    start = (START_S["extract"] + FORK_S) / 3600
    assert of["extract"]["hours"] == pytest.approx(10.0 + start)
    assert of["extract"]["dollars"] == pytest.approx((10 + start) * 100 * 2.5)
    assert (of["extract"]["known_from"], of["closed"]["known_from"]) == ("earlier runs", "defaults")
    assert of["closed"]["hours"] == pytest.approx(
        (1_000_000 * DEFAULTS["closed"] / 64 + START_S["closed"] + FORK_S) / 3600
    )
    assert of["publish"]["hours"] == pytest.approx(10_000_000 * 0.001 / 3600)
    assert of["publish"]["dollars"] == pytest.approx(of["publish"]["hours"] * 0.5)  # one machine of the four
    assert of["ask"]["hours"] == pytest.approx(500_000 * 0.01 / 3600)
    assert model["hours"] == pytest.approx(sum(stage["hours"] for stage in model["stages"]))


def test_seconds_that_are_given_count_instead_of_measured_ones() -> None:
    rates = Rates({"extract": 5.0}, given={"extract": 0.5})
    extract = stages(build_model(CONFIGURATION, 7200, rates, parse_fleet(1, [])))["extract"]
    assert (extract["hours"], extract["known_from"]) == (pytest.approx(1.0, rel=0.01), "given")


def test_a_build_of_a_minute_is_told_that_its_workers_start_first() -> None:
    rates = Rates({"extract": 0.03, "closed": 0.003})
    one, sixteen = (stages(build_model(CONFIGURATION, 1_600, rates, parse_fleet(n, []))) for n in (1, 16))
    assert 3600 * one["extract"]["hours"] == pytest.approx(48 + 4.4)
    assert 3600 * sixteen["extract"]["hours"] == pytest.approx(3 + 4.4)
    nothing = stages(build_model(CONFIGURATION, 0, rates, parse_fleet(16, [])))
    assert nothing["extract"]["hours"] == nothing["closed"]["hours"] == 0


def test_asking_is_never_reckoned_faster_than_the_configured_rate() -> None:
    generate = CONFIGURATION.generate.model_copy(update={"requests_per_minute": 60.0})
    slow = CONFIGURATION.model_copy(update={"generate": generate})
    asked = stages(build_model(slow, 3600, Rates({"ask": 0.001}, requests_per_clip=1), parse_fleet(1, [])))["ask"]
    assert asked["hours"] == pytest.approx(1.0)


@given(st.integers(1, 3_000_000), st.integers(1, 500), st.integers(1, 500))
def test_more_workers_never_take_longer_and_no_work_is_lost(clips: int, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    rates = Rates({"extract": 0.7, "closed": 0.002})
    one, other = (build_model(CONFIGURATION, clips, rates, parse_fleet(n, [])) for n in (fewer, more))
    assert other["hours"] <= one["hours"] * (1 + 1e-9)
    for model, workers in ((one, fewer), (other, more)):
        for stage in model["stages"]:
            if stage["place"] == "workers":
                assert stage["hours"] * 3600 * workers >= stage["items"] * stage["seconds_each"] * (1 - 1e-9)


@pytest.mark.parametrize("text", ["", "16", "16@", "0@1", "flying=4@1", "4 x 1@2", "x4@1"])
def test_what_does_not_name_machines_is_refused_with_the_form_that_does(text: str) -> None:
    with pytest.raises(UsageError, match="does not name machines") as error:
        parse_fleet(None, [text])
    assert "extract=8x1@2.50" in error.value.advice


def test_seconds_of_a_stage_can_be_given() -> None:
    assert parse_seconds(["extract=0.05"]) == {"extract": 0.05}
    with pytest.raises(UsageError, match="how long"):
        parse_seconds(["extract"])
