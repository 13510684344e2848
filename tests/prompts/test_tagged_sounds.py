"""A tagger's many names for one sound become one event."""

from aig.core.records import Event, TaggedEvent
from aig.prompts.tagged_sounds import distinct_events

TAGGED = (
    TaggedEvent("Rain", 0.0, 10.0, 0.9),
    TaggedEvent("Animal", 2.0, 2.6, 0.97),
    TaggedEvent("Dog", 2.0, 2.6, 0.95),
    TaggedEvent("Bark", 2.1, 2.6, 0.7),
    TaggedEvent("Animal", 6.0, 7.0, 0.6),
)


def test_the_narrowest_name_stays_and_other_sounds_are_left_alone():
    assert distinct_events(TAGGED) == (Event("Rain", 0.0, 10.0), Event("Bark", 2.1, 2.6), Event("Animal", 6.0, 7.0))
    assert distinct_events(()) == ()
