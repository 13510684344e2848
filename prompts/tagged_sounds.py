"""A tagger's events as a clip's: of several names for one sound the one that says most."""

from __future__ import annotations

from collections.abc import Sequence

from aig.core.records import Event, TaggedEvent
from aig.prompts.sound_families import related

__all__ = ["distinct_events"]

_GENERAL = frozenset(
    (
        "Animal", "Domestic animals, pets", "Livestock, farm animals, working animals", "Wild animals", "Bird", "Dog",
        "Cat", "Fowl", "Insect", "Vehicle", "Motor vehicle (road)", "Rail transport", "Aircraft", "Engine", "Water",
        "Music", "Musical instrument", "Human voice", "Human sounds", "Speech", "Alarm", "Bell", "Tools", "Explosion",
        "Fire", "Outside, rural or natural", "Outside, urban or manmade", "Inside, small room",
        "Inside, large room or hall", "Inside, public space",
        "Brass instrument", "Percussion", "Drum", "Wind instrument, woodwind instrument", "Plucked string instrument",
        "Bowed string instrument", "Bird vocalization, bird call, bird song", "Keyboard (musical)", "Whistle", "Car",
        "Train", "Sound effect", "Noise",
    )
)  # fmt: skip
"""AudioSet's classes that hold others: one of these goes where a class that it holds is heard at the same time."""

ALIKE = 0.5
"""Share of the shorter of two events that lies within the other, from which on they are one sound if their names are
related."""


def distinct_events(tagged: Sequence[TaggedEvent]) -> tuple[Event, ...]:
    """The events of a clip, by onset.

    A tagger gives a bark as bark, dog, pet and animal; the narrowest name stays, of two as narrow the surer one.
    """
    kept: list[TaggedEvent] = []
    for event in sorted(tagged, key=lambda event: (event.label in _GENERAL, -event.score, event.onset_s)):
        if not any(related(event.label, other.label) and _same_time(event, other) for other in kept):
            kept.append(event)
    kept.sort(key=lambda event: (event.onset_s, event.offset_s, event.label))
    return tuple(Event(event.label, event.onset_s, event.offset_s) for event in kept)


def _same_time(one: TaggedEvent, other: TaggedEvent) -> bool:
    shared = min(one.offset_s, other.offset_s) - max(one.onset_s, other.onset_s)
    return shared >= ALIKE * min(one.offset_s - one.onset_s, other.offset_s - other.onset_s)
