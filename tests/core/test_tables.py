import dataclasses

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.records import Clip, Dropped, Event, Features, QAPair, Quarantined, Word
from aig.core.tables import SCHEMAS, from_batch, to_table

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
seconds = st.floats(0, 100)
clips = st.builds(
    Clip,
    audio_id=text,
    dataset=text,
    path=st.none() | text,
    start_s=st.none() | seconds,
    labels=st.none() | st.lists(text, max_size=3).map(tuple),
    events=st.none() | st.lists(st.builds(Event, text, seconds, seconds), max_size=3).map(tuple),
    age=st.none() | st.integers(0, 120),
    sentiment=st.none() | st.integers(-3, 3),
)
features = st.builds(
    Features,
    audio_id=text,
    duration_s=seconds,
    sample_rate=st.integers(1, 48_000),
    silent=st.booleans(),
    words=st.none() | st.lists(st.builds(Word, text, seconds, seconds), max_size=2).map(tuple),
)


@given(st.lists(clips, max_size=5), st.lists(features, max_size=5))
def test_records_come_back_from_a_table_as_they_were(some_clips, some_features):
    assert list(from_batch(to_table(some_clips, Clip), Clip)) == some_clips
    assert list(from_batch(to_table(some_features, Features), Features)) == some_features


@pytest.mark.parametrize("kind", [Clip, Features, QAPair, Dropped, Quarantined])
def test_record_and_schema_are_in_step(kind):
    assert [field.name for field in dataclasses.fields(kind)] == SCHEMAS[kind].names


def test_a_required_value_that_is_missing_is_refused():
    with pytest.raises(pa.ArrowInvalid, match=r"Clip\.dataset"):
        to_table([Clip(audio_id="a", dataset=None)], Clip)
