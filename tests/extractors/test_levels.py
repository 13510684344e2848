"""Five levels: a value on a bound belongs to the level above, genders without bounds have no rank."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.extractors.calibrate import Quantiles, fit, to_yaml
from aig.extractors.levels import load_levels

LEVELS = load_levels()


@pytest.mark.parametrize("scale", ["pitch", "speed", "speed_by_syllables", "volume"])
def test_a_value_on_a_bound_belongs_to_the_level_above(scale: str) -> None:
    levels = getattr(LEVELS, scale)
    for index, bound in enumerate(levels.bounds):
        assert levels.level(bound) == levels.words[index + 1]
        assert levels.level(bound - 1e-9) == levels.words[index]
    assert levels.level(None) is None
    assert (levels.level(float("-inf")), levels.level(float("inf"))) == (levels.words[0], levels.words[4])


@given(a=st.floats(-100, 700), b=st.floats(-100, 700))
def test_levels_rise_with_the_value(a: float, b: float) -> None:
    for scale in (LEVELS.pitch, LEVELS.speed, LEVELS.volume):
        low, high = (scale.words.index(scale.level(value) or "") for value in sorted((a, b)))
        assert low <= high


def test_rank_within_the_gender() -> None:
    rank = LEVELS.pitch_rank.level
    assert rank(94.9, "male") == "very low"
    assert rank(95, "male") == "relatively low"
    assert rank(120, "male") == "medium"
    assert rank(135, "male") == "relatively high"
    assert rank(180, "male") == "very high"
    assert rank(180, "female") == "relatively low"
    assert rank(270, "female") == "very high"


@pytest.mark.parametrize("gender", [None, "", "other", "nonbinary", "Female", "f", "unknown"])
def test_other_and_unknown_genders_have_no_rank(gender: str | None) -> None:
    assert LEVELS.pitch_rank.level(150, gender) is None


def test_three_words_per_second_are_fast() -> None:
    assert LEVELS.speed.level(3.0) == "fast"


def test_a_fitted_file_is_read_back_the_same(tmp_path: Path) -> None:
    many = Quantiles(1000, (1.234, 2.5, 3.75, 5.0))
    fitted = fit(
        LEVELS, {"speed": many, "volume": Quantiles(3, (1, 2, 3, 4))}, {"female": many, "other": many}, ["mine"]
    )
    assert fitted.levels.speed.bounds == (1.23, 2.5, 3.75, 5.0)
    assert fitted.levels.speed.source == "Quintiles of 1,000 clips of mine."
    assert fitted.levels.volume == LEVELS.volume
    assert fitted.kept["volume"] == "3 values, fewer than 50"
    assert "speed" not in fitted.kept
    assert fitted.levels.pitch_rank.bounds["male"] == (95, 120, 135, 180)
    assert fitted.levels.pitch_rank.bounds["other"] == (1, 2, 4, 5)
    file = tmp_path / "levels.yaml"
    file.write_text(to_yaml(fitted.levels), encoding="utf-8")
    assert load_levels(str(file)) == fitted.levels


def test_values_too_close_together_keep_the_earlier_bounds() -> None:
    fitted = fit(LEVELS, {"volume": Quantiles(100, (-20.01, -20.02, -19, -18))}, {}, ["mine"])
    assert fitted.levels.volume == LEVELS.volume
    assert "too close together" in fitted.kept["volume"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("pitch: [", "not YAML"),
        ("version: x", "pitch"),
        (to_yaml(LEVELS).replace("- 2.5", "- 9.5"), "speed.bounds"),
        (to_yaml(LEVELS).replace("version:", "verson:"), "version"),
        (to_yaml(LEVELS) + "extra: 1\n", "extra"),
        ("- 1", "the file"),
    ],
)
def test_a_wrong_file_is_refused_by_key(tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "levels.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=where):
        load_levels(str(file))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load_levels("nowhere.yaml")
