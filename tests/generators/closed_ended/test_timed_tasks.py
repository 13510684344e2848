"""Questions about when sounds are heard: right, and asked of sounds that are certainly two, or certainly one."""

from __future__ import annotations

import random
import re
import time
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.records import Event, Measured
from aig.generators.closed_ended import closed_pairs, timing
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.sound_families import related
from helpers.task_answers import LABELS, OTHERS, answers, clip, measured


class NoPapers:
    closed_tasks = ()
    copies = 1


TIMED = clip(
    events=(
        Event("Dog", 0.4, 1.0),
        Event("Rain", 1.0, 9.5),
        Event("Dog", 2.0, 2.2),
        Event("Church bell", 6.0, 7.0),
        Event("Dog", 8.1, 8.6),
    )
)

SEVEN = measured(clip(97, events=tuple(Event("Frog", second, second + 0.5) for second in range(7))))
TOGETHER = measured(clip(98, events=(Event("Train", 1.0, 4.0), Event("Applause", 3.0, 6.0))))
BESIDE = [*OTHERS, SEVEN, TOGETHER]
"""Counts, and whether sounds overlap, are asked beside clips with other answers."""


@pytest.mark.parametrize(
    ("task", "output"),
    [
        ("choice_first", "Dog"),
        ("choice_last", "Church bell"),
        ("choice_longest", "Rain"),
        ("choice_order", "Dog, then Rain, then Church bell"),
    ],
)
def test_choices_about_time_have_the_right_option(task: str, output: str):
    (answer,) = answers(task, measured(TIMED), OTHERS)
    assert answer.choices[answer.answer_index] == output
    assert answer.output == f"({'ABCDE'[answer.answer_index]}) {output}"


def test_the_loudest_and_the_quietest_sound_are_those_measured_alone():
    events = (Event("Dog", 0.0, 1.0), Event("Rain", 2.0, 6.0), Event("Church bell", 5.0, 8.0), Event("Dog", 9.0, 9.5))
    decibels = [-40.0] * 10 + [-90.0] * 10 + [-30.0] * 30 + [-1.0] * 10 + [-20.0] * 20 + [-90.0] * 10 + [-40.0] * 10
    curve = bytes(round(-2 * level) for level in decibels)
    item = measured(clip(events=events), level_curve=curve)
    for task, right in (("choice_loudest", "Church bell"), ("choice_quietest", "Dog")):
        (answer,) = answers(task, item, OTHERS)
        assert answer.choices[answer.answer_index] == right
        assert set(answer.choices) == {"Dog", "Rain", "Church bell"}
        assert answer.difficulty == "advanced"
    hidden = (*events, Event("Piano", 2.0, 5.9))  # neither the rain nor the piano is ever heard alone
    assert not answers("choice_loudest", measured(clip(events=hidden), level_curve=curve), OTHERS)
    near = bytes(60 for _ in curve)
    assert not answers("choice_quietest", measured(clip(events=events), level_curve=near), OTHERS)


def test_what_is_counted_measured_and_reasoned_is_right():
    item = measured(TIMED)
    by_seed = [{t: answers(t, item, BESIDE, seed=seed) for t in GROUPS["modern"]} for seed in range(30)]
    lengths = {"a dog": "1.3 seconds.", "rain": "8.5 seconds.", "a church bell": "1.0 seconds."}
    times = {"a dog": "3.", "rain": "1.", "a church bell": "1."}
    for each in by_seed:
        for answer in each["duration"]:
            assert answer.output == lengths[answer.slots["label"]]
        for answer in each["count"]:
            assert answer.output == times[answer.slots["label"]]
        for answer in each["reasoning_count"]:
            if answer.slots["label"] == "a dog":
                assert answer.output == "<think>Dog: at 0.4 s, 2.0 s, 8.1 s; 3 times.</think> 3."
        for answer in each["reasoning_order"]:
            assert answer.output == (
                "<think>Dog: from 0.4 s. Rain: from 1.0 s. Church bell: from 6.0 s. 0.4 s is the earliest.</think> Dog."
            )
        for answer in each["overlap"]:
            names = {answer.slots["first"], answer.slots["second"]}
            assert answer.output == ("No." if names == {"a dog", "a church bell"} else "Yes.")
        for answer in each["interval"]:
            start, end = float(answer.slots["start"]), float(answer.slots["end"])
            inside = {e.label for e in TIMED.events if e.onset_s < end and e.offset_s > start}
            assert set(answer.output.removeprefix("Sounds: ").removesuffix(".").split("; ")) == inside
    assert {a.slots["label"] for each in by_seed for a in each["count"]} == set(times)
    assert any(each["overlap"] for each in by_seed)


MIXED = ("Dog", "Bark", "Speech", "Female speech, woman speaking", "Inside, small room", "Noise", "Rain")
TIMED_TASKS = (
    *("duration", "overlap", "reasoning_overlap", "reasoning_order", "count", "choice_count", "interval"),
    *("choice_first", "choice_last", "choice_longest", "choice_order", "choice_loudest", "choice_quietest"),
)


@given(st.integers(0, 2**32))
def test_no_question_about_time_takes_one_sound_for_two_or_asks_for_what_is_none(seed: int):
    """A bark is a dog's, so when the dog begins, or for how long it is heard, its own label alone does not say."""
    rng = random.Random(seed)
    events = []
    for label in rng.sample(MIXED, rng.randint(2, 5)):
        onset = rng.randint(0, 90) / 10
        events.append(Event(label, onset, min(10.0, onset + rng.randint(1, 60) / 10)))
    item = measured(clip(events=tuple(sorted(events, key=lambda e: e.onset_s))), level_curve=bytes(range(100)))
    heard = {event.label for event in events}
    other = measured(clip(1, events=(Event("Piano", 0.0, 1.0), Event("Piano", 3.0, 4.0))))
    for task in TIMED_TASKS:
        for answer in answers(task, item, [other], seed=seed):
            text = f"{answer.output} {answer.choices} {answer.slots}"
            assert not re.search("[Ss]mall room|[Nn]oise", text), task
            if task in ("duration", "count", "choice_count", "overlap", "reasoning_overlap"):
                named = [label for label in heard if noun_phrase(label) in answer.slots.values()]
                rest = heard
            elif task in ("choice_order", "interval"):
                named = rest = answer.output[4:].split(", then ") if task == "choice_order" else []
            else:
                named = [label for label in heard if answer.output.removesuffix(".").endswith(label)][:1]
                rest = heard
            assert not any(related(one, two) for one in named for two in rest if one != two), (task, answer)


def test_a_row_of_shots_that_is_one_event_is_not_counted():
    short, long = Event("Gunshot, gunfire", 0.5, 1.2), Event("Gunshot, gunfire", 2.0, 7.5)
    assert [a.output for a in answers("count", measured(clip(events=(short,))), [SEVEN])] == ["1."]
    assert answers("count", measured(clip(events=(short, long))), [SEVEN]) == []
    for label in ("Finger snapping", "Raindrop", "Cap gun", "Bark", "Hammer"):
        assert answers("count", measured(clip(events=(Event(label, 2.0, 5.0),))), [SEVEN]) == []
    talk = (Event("Speech", 0.5, 1.2), Event("Speech", 2.0, 7.5))
    assert [a.output for a in answers("count", measured(clip(events=talk)), [SEVEN])] == ["2."]


def test_sounds_that_may_be_one_are_not_two_options():
    """The right one is never another's, so that beside a cat and an animal only the third could be right."""
    events = (Event("Piano", 0.0, 1.0), Event("Cat", 2.0, 3.0), Event("Animal", 4.0, 5.0), Event("Meow", 6.0, 7.0))
    curve = bytes([20] * 15 + [60] * 85)
    item = measured(clip(events=(*events, Event("Rain", 8.0, 8.5))), level_curve=curve)
    for task in ("choice_first", "choice_loudest"):
        (answer,) = answers(task, item)
        assert sorted(answer.choices) == ["Cat", "Piano", "Rain"]
        assert answer.choices[answer.answer_index] == "Piano"
    for task in ("choice_last", "choice_longest"):
        for answer in answers(task, item):
            assert not any(related(one, other) for one, other in combinations(answer.choices, 2))


def test_what_begins_after_a_clip_ends_is_no_right_option_of_it():
    """A clip may be shorter than its annotators' was; it is then asked as if it had only what can be heard."""
    cut = measured(clip(events=(Event("Dog", 0.5, 1.5), Event("Dog", 11.0, 12.0))))
    peers = Peers([cut, measured(clip(1, events=(Event("Dog", 0.5, 1.5), Event("Dog", 2.0, 2.5))))])
    rows = list(closed_pairs(cut, NoPapers(), 0, QuestionSettings(), LABELS, (TASKS["choice_count"],), peers))
    assert [row.choices[row.answer_index] for row in rows] == ["1"]


def test_a_noise_that_begins_first_leaves_nothing_to_reason_about():
    events = (Event("Noise", 0.0, 9.0), Event("Dog", 1.0, 2.0), Event("Piano", 4.0, 8.0))
    assert answers("reasoning_order", measured(clip(events=events))) == []
    assert len(answers("reasoning_order", measured(clip(events=events[1:])))) == 1


def test_a_duration_is_that_of_the_annotated_times_not_of_rounded_ones():
    """Seven gunshots of 0.14 s, each from 0.06 to 0.20 of a second, are 1.0 s and not 1.4 or 0.7."""
    events = tuple(Event("Gunshot, gunfire", n + 0.06, n + 0.20) for n in range(7))
    (answer,) = answers("duration", measured(clip(events=events)))
    assert answer.output == "1.0 seconds."
    overlapping = (Event("Speech", 1.0, 2.55), Event("Speech", 2.04, 3.31), Event("Speech", 3.31, 3.31))
    (answer,) = answers("duration", measured(clip(events=overlapping)))
    assert answer.output == "2.3 seconds."
    assert not answers("duration", measured(clip(events=(Event("Speech", 2.25, 2.29),))))


def test_no_row_of_sounds_is_counted():
    for label, counted in (("Walk, footsteps", 0), ("Typing", 0), ("Clapping", 0), ("Sneeze", 1), ("Dog", 1)):
        item = measured(clip(events=(Event(label, 1.0, 1.6), Event(label, 4.0, 4.5))))
        other = measured(clip(1, events=(Event("Frog", 1.0, 1.5),)))
        assert len(answers("count", item, [other])) == counted


@pytest.mark.parametrize("task", ["overlap", "reasoning_overlap"])
def test_nothing_shorter_than_a_tenth_is_part_of_an_overlap(task: str):
    def items(end: float) -> list[Measured]:
        gasp = (Event("Sneeze", 0.0, end), Event("Sneeze", 8.5, 9.9), Event("Rain", 7.2, 9.0))
        apart = (Event("Sneeze", 0.0, 1.0), Event("Rain", 7.2, 9.0))
        return [measured(clip(number, events=gasp if number % 2 else apart)) for number in range(12)]

    for end, asked in ((0.01, False), (0.3, True)):
        made = items(end)
        assert bool([a for item in made for a in answers(task, item, Peers(made))]) == asked


def test_an_hour_with_many_sounds_is_asked_about_in_no_time():
    """A clip of an hour has 7,200 half seconds: pairs of them may not be looked at one by one."""
    rng = random.Random(4)
    starts = sorted(rng.uniform(0, 3590) for _ in range(300))
    hour = clip(events=tuple(Event(rng.choice(LABELS), start, start + rng.uniform(0.1, 8)) for start in starts))
    began = time.process_time()
    assert all(timing.interval(hour, random.Random(seed)) for seed in range(3))
    assert time.process_time() - began < 3
