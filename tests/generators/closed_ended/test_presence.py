"""Whether a sound, or a kind of sounds, is heard: right for certain, and no name a good guess."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from aig.core.records import Event, Measured
from aig.generators.closed_ended.kinds import kinds_heard
from aig.generators.closed_ended.peers import Peers
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.sound_families import related
from helpers.task_answers import LABELS, answers, clip, measured


def timed(number: int, *labels: str, parents: tuple[str, ...] | None = None) -> Measured:
    return measured(clip(number, events=tuple(Event(label, 0.0, 5.0) for label in labels), parents=parents))


def asked_of(items: list[Measured]) -> list[tuple[Measured, str, str]]:
    peers = Peers(items)
    return [(item, a.slots["label"], a.output) for item in items for a in answers("presence", item, peers)]


def test_a_common_sound_is_asked_about_as_often_where_it_is_absent_as_a_rare_one():
    """Names are as common as in real sets; a guesser that knows how often each was there gets nowhere."""
    rng = random.Random(3)
    items = []
    for number in range(3000):
        names = rng.choices(LABELS, [1 / rank for rank in range(1, len(LABELS) + 1)], k=rng.randint(1, 3))
        items.append(timed(number, *(n for i, n in enumerate(names) if not any(related(n, m) for m in names[:i]))))
    rows = asked_of(items)
    by_name = defaultdict(Counter)
    for item, name, answer in rows:
        assert (answer == "Yes.") == (name in {noun_phrase(each) for each in item.sounds})
        by_name[name][answer] += 1
    assert len(rows) > 2500
    for name, found in by_name.items():
        assert abs(found["Yes."] - found["No."]) < 4 * found.total() ** 0.5, name


def test_an_absent_sound_is_the_harder_the_more_it_belongs_there():
    """Rain is heard beside the piano elsewhere, dogs in many clips, keys in one alone."""
    dogs = (timed(number, "Dog") for number in (3, 4, 5))
    items = [timed(0, "Piano"), timed(1, "Piano", "Rain"), timed(2, "Keys jangling"), *dogs, timed(6, "Rain")]
    peers, found = Peers(items), {}
    for seed in range(60):
        fresh = Peers(items)
        for answer in answers("presence", items[0], fresh, seed=seed):
            if answer.output == "No.":
                found[answer.slots["label"]] = answer.difficulty
    assert found == {"rain": "advanced", "a dog": "intermediate", "keys jangling": "basic"}
    assert peers.together("Rain", "Piano")
    assert not peers.together("Rain", "Dog")


@pytest.mark.parametrize(
    ("labels", "parents", "kinds"),
    [
        (("Cello",), ("Bowed string instrument", "Musical instrument", "Music"), 3),
        (("Bicycle bell",), ("Bell", "Bicycle", "Alarm", "Musical instrument", "Music", "Vehicle"), 0),
        (("Buzz",), ("Fly, housefly", "Bee, wasp, etc.", "Insect", "Wild animals", "Animal"), 0),
        (("Squeak",), ("Door", "Domestic sounds, home sounds"), 0),
        (("Growling",), ("Dog", "Cat", "Domestic animals, pets", "Animal"), 0),
        (("Growling", "Dog"), ("Dog", "Cat", "Domestic animals, pets", "Animal"), 1),
        (("Walk, footsteps",), ("Human locomotion", "Human sounds"), 0),
        (("Burping, eructation",), ("Digestive", "Respiratory sounds", "Human sounds"), 0),
    ],
)
def test_only_kinds_that_follow_for_certain_and_that_people_name_are_heard(labels, parents, kinds: int):
    assert len(kinds_heard(timed(0, *labels, parents=parents))) == kinds


def test_kinds_are_asked_about_where_they_are_heard_and_where_they_are_not():
    items = [timed(n, "Rain", parents=("Water", "Natural sounds")) for n in range(200)]
    items += [timed(n, "Bark", parents=("Dog", "Animal", "Domestic animals, pets")) for n in range(200, 400)]
    found = Counter((name, answer) for _, name, answer in asked_of(items) if name in ("water", "an animal"))
    assert set(found) == {(name, answer) for name in ("water", "an animal") for answer in ("Yes.", "No.")}
    for item, name, answer in asked_of(items):
        heard = (
            ("rain", "water") if "Rain" in item.sounds else ("a bark", "a dog", "an animal", "domestic animals or pets")
        )
        assert (answer == "Yes.") == (name in heard)


def test_clips_without_times_and_those_of_a_tagger_are_neither_asked_nor_asked_beside():
    dogs, untimed = [timed(n, "Dog") for n in range(50)], [measured(clip(n, labels=("Rain",))) for n in range(50, 99)]
    tagged = [replace(timed(n, "Rain"), tagged=True) for n in range(99, 150)]
    assert not asked_of([*dogs, *untimed])
    assert not asked_of([*dogs, *tagged])
    assert asked_of([*dogs, *(replace(item, tagged=False) for item in tagged)])


@pytest.mark.parametrize("task", ["compare_sound", "compare_only_first"])
def test_no_comparison_says_that_a_sound_is_missing_where_only_a_tagger_listened(task: str):
    """A tagger misses the singing of a song, and what it takes a radio for is speech."""
    people = [timed(n, LABELS[n % 8]) for n in range(40)]
    tagged = [replace(timed(n, LABELS[n % 8]), tagged=True) for n in range(40, 80)]
    peers = Peers([*people, *tagged])
    pairs = [a.clips for item in people for a in answers(task, item, peers)]
    assert pairs
    assert all(audio_id < tagged[0].clip.audio_id for pair in pairs for audio_id in pair)
