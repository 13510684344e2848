"""Keys of recordings: written, read back, and held against lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.source_keys import KeyList, freesound_key, parse_key, youtube_key

VIDEO = "abcdefghij_"


def test_keys_say_place_id_and_times():
    assert youtube_key(VIDEO, 30, 40.5) == "youtube:abcdefghij_@30-40.5"
    assert youtube_key(VIDEO) == "youtube:abcdefghij_"
    assert freesound_key(123) == "freesound:123"
    assert parse_key("fma:000002") == ("fma:000002", None)


@given(st.integers(0, 10**7), st.integers(1, 10**6))
def test_times_come_back_to_the_millisecond(start, length):
    key = youtube_key(VIDEO, start / 1000, (start + length) / 1000)
    assert parse_key(key) == (f"youtube:{VIDEO}", (start / 1000, (start + length) / 1000))


@pytest.mark.parametrize(
    "wrong", ["", "abcdefghij_", "youtube:short", "freesound:12a", "youtube:abcdefghij_@40-30", "youtube:a b", "x:1@2"]
)
def test_what_is_not_a_key_is_refused(wrong):
    with pytest.raises(ValueError, match=r"valid|ends"):
        parse_key(wrong)


def test_parts_of_a_video_overlap_where_they_share_time():
    tests = KeyList.of("own/test", [youtube_key(VIDEO, 30, 40), youtube_key(VIDEO, 90, 100)])
    assert len(tests) == 2
    assert "30 to 40 s of the list own/test" in (tests.overlap(youtube_key(VIDEO, 39, 49)) or "")
    assert "90 to 100 s" in (tests.overlap(youtube_key(VIDEO, 85, 95)) or "")
    assert tests.overlap(youtube_key(VIDEO, 40, 50)) is None
    assert tests.overlap(youtube_key(VIDEO, 40, 50), same_recording=True)
    assert tests.overlap(youtube_key("0bcdefghij_", 30, 40)) is None


def test_without_times_the_whole_recording_overlaps():
    timed, whole = KeyList.of("a", [youtube_key(VIDEO, 30, 40)]), KeyList.of("b", [youtube_key(VIDEO)])
    assert timed.overlap(youtube_key(VIDEO))
    assert whole.overlap(youtube_key(VIDEO, 900, 910))
    both = KeyList.of("c", [youtube_key(VIDEO, 30, 40), youtube_key(VIDEO)])
    assert both.overlap(youtube_key(VIDEO, 900, 910))
    assert KeyList.of("d", ["freesound:7"]).overlap("freesound:7") == "freesound:7 is on the list d"
