"""The names of feature files are LTU-AS's, and every clip whose name another has is found."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.hashing import row_keys
from aig.shards.feature_names import SharedKeys, feature_name, folded, ltu_as_name, name_keys

IDS = st.lists(st.text("ab./_AÉé\u0301ß猫", min_size=1, max_size=12), min_size=1, max_size=30, unique=True)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/audioset/-0BIyqJj9ZU", "_data_audioset_"),  # no dot, no stem: a folder shares one file
        ("/data/audioset/-0BIyqJj9ZU.flac", "_data_audioset_-0BIyqJj9ZU"),
        ("clotho/development/river.01.wav", "clotho_development_river.01"),
        ("a/b/c/d/e.wav", "b_c_d_e"),
        ("e.wav", "e"),
    ],
)
def test_the_trainer_s_own_name(path: str, name: str) -> None:
    assert ltu_as_name(path) == name


@pytest.mark.parametrize(
    ("audio_id", "name"),
    [
        ("audioset/-0BIyqJj9ZU", "audioset_-0BIyqJj9ZU"),
        ("clotho/development/river.01", "clotho_development_river.01"),
        ("my_calls/a/b/c.WAV", "my_calls_a_b_c"),
        ("my_calls/.wav", "my_calls_.wav"),
        ("a/b/c/d/e", "b_c_d_e"),
    ],
)
def test_an_id_is_named_as_the_file_an_export_makes_of_it(audio_id: str, name: str) -> None:
    assert feature_name(audio_id) == name
    assert ltu_as_name(f"{audio_id.removesuffix('.WAV')}.flac") == name or audio_id.endswith(".wav")


@settings(deadline=None)
@given(IDS)
def test_columns_have_the_names_of_their_rows(ids: list[str]) -> None:
    keys = name_keys(pa.array(ids))
    for column, name in enumerate((feature_name, folded, str)):
        assert (keys[:, column] == row_keys(pa.array([name(each) for each in ids]), 0)).all()


@settings(deadline=None)
@given(IDS, st.integers(1, 7))
def test_every_shared_name_is_found(ids: list[str], chunk: int) -> None:
    names = SharedKeys()
    for start in range(0, len(ids), chunk):
        names.add(name_keys(pa.array(ids[start : start + chunk]))[:, [0, 2]])
        names.add(name_keys(pa.array(ids[start : start + 1]))[:, [0, 2]])
    clips_of: dict[str, set[str]] = {}
    for each in ids:
        clips_of.setdefault(feature_name(each), set()).add(each)
    shared = pa.array(sorted(name for name, clips in clips_of.items() if len(clips) > 1), pa.string())
    assert np.array_equal(names.shared(), np.unique(row_keys(shared, 0)))
