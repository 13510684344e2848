"""Tasks of today's benchmarks: golden answers, laws that hold for any clip, and no tell of the right option."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from aig.core.records import Clip, Event, Features, Measured
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.facts import Facts
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.metadata import sounds
from aig.prompts.sound_families import related

LABELS = (
    "Dog",
    "Church bell",
    "Rain",
    "Car",
    "Piano",
    "Sneeze",
    "Helicopter",
    "Toilet flush",
    "Keys jangling",
    "Frog",
    "Train",
    "Applause",
    "Typing",
    "Violin",
    "Water tap, faucet",
    "Gunshot, gunfire",
)


class Any:
    closed_tasks = ()
    copies = 1


def measured(clip: Clip, **fields) -> Measured:
    features = Features(audio_id=clip.audio_id, duration_s=10.0, sample_rate=16_000, **fields)
    return Measured(clip, features, fields.get("transcript") or "", sounds(clip, features))


def answers(task: str, item: Measured, peers=(), *, vocabulary=LABELS, seed: int = 0) -> list:
    """The answers of a task about a clip; `peers` are other clips, or a `Peers` with the clip in it."""
    peers = peers if isinstance(peers, Peers) else Peers([item, *peers])
    known = (item.clip, item.features, item.spoken, item.sounds)
    facts = Facts(*known, tuple(vocabulary), seed, QuestionSettings(), peers)
    return list(TASKS[task].answers(facts)) if facts.has(TASKS[task].needs) else []


def clip(number: int = 0, **fields) -> Clip:
    return Clip(audio_id=f"d/{number:05d}", dataset="d", **fields)


TIMED = clip(
    events=(
        Event("Dog", 0.4, 1.0),
        Event("Rain", 1.0, 9.5),
        Event("Dog", 2.0, 2.2),
        Event("Church bell", 6.0, 7.0),
        Event("Dog", 8.1, 8.6),
    )
)
OTHERS = [measured(clip(number, labels=(label,))) for number, label in enumerate(LABELS, 1)]


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


def test_what_is_counted_measured_and_reasoned_is_right():
    item = measured(TIMED)
    by_seed = [{t: answers(t, item, OTHERS, seed=seed) for t in GROUPS["modern"]} for seed in range(30)]
    lengths = {"dog": "1.3 seconds.", "rain": "8.5 seconds.", "church bell": "1.0 seconds."}
    times = {"dog": "3.", "rain": "1.", "church bell": "1."}
    for each in by_seed:
        for answer in each["duration"]:
            assert answer.output == lengths[answer.slots["label"]]
        for answer in each["count"]:
            assert answer.output == times[answer.slots["label"]]
        for answer in each["reasoning_count"]:
            if answer.slots["label"] == "dog":
                assert answer.output == "<think>Dog is heard at 0.4 s, 2.0 s, 8.1 s. These are 3 times.</think> 3."
        for answer in each["reasoning_order"]:
            assert answer.output == (
                "<think>Dog begins at 0.4 s. Rain begins at 1.0 s. Church bell begins at 6.0 s. "
                "0.4 s is the earliest.</think> Dog."
            )
        for answer in each["overlap"]:
            names = {answer.slots["first"], answer.slots["second"]}
            assert answer.output == ("No." if names == {"dog", "church bell"} else "Yes.")
        for answer in each["interval"]:
            start, end = float(answer.slots["start"]), float(answer.slots["end"])
            inside = {e.label for e in TIMED.events if e.onset_s < end and e.offset_s > start}
            assert set(answer.output.removeprefix("Sounds: ").removesuffix(".").split("; ")) == inside
    assert {a.slots["label"] for each in by_seed for a in each["count"]} == set(times)


def test_questions_about_words_are_answered_by_the_text():
    item = measured(clip(text="We were all going direct to Heaven, weren't we?"))
    assert [answer.output for answer in answers("word_count", item)] == ["9."]
    for seed in range(20):
        (answer,) = answers("next_word", item, seed=seed)
        words = ["we", "were", "all", "going", "direct", "to", "heaven", "weren't", "we"]
        assert words[words.index(answer.slots["word"]) + 1] == answer.output.removesuffix(".")
    other = measured(clip(1, text="The harbour froze that winter."))
    by_seed = (answers("word_said", item, [other], seed=seed) for seed in range(40))
    seen = {answer.output: answer.slots["word"] for found in by_seed for answer in found}
    assert seen["Yes."] in item.clip.text.lower()
    assert seen["No."] in other.clip.text.lower()


def test_a_sound_is_asked_for_as_often_in_clips_without_it_by_three_ways_of_drawing():
    items = [
        measured(clip(number, events=tuple(Event(label, 0.0, 5.0) for label in pair)))
        for number, pair in enumerate(combinations(LABELS, 2))
        if not related(*pair)
    ]
    found = Counter()
    peers = Peers(items)
    for item in items:
        for answer in answers("presence", item, peers):
            label = answer.slots["label"]
            present = {each.lower() for each in item.sounds}
            assert (answer.output == "Yes.") == (label.lower() in present)
            found[answer.output, answer.difficulty] += 1
    yes = sum(number for (output, _), number in found.items() if output == "Yes.")
    assert 0.35 < yes / found.total() < 0.65
    assert all(found["No.", how] > 5 for how in ("basic", "intermediate", "advanced"))


def random_clip(rng: random.Random, number: int) -> Measured:
    """A clip with every field, whose sounds follow a Zipf law as those of real datasets do."""
    weights = [1 / rank for rank in range(1, len(LABELS) + 1)]
    names: list[str] = []
    for label in rng.choices(LABELS, weights, k=rng.randint(1, 3)):
        if not any(related(label, name) for name in names):
            names.append(label)
    events: list[Event] = []
    for name in names:
        for _ in range(rng.randint(1, 3)):
            onset = rng.uniform(0, 8)
            events.append(Event(name, onset, min(10.0, onset + rng.uniform(0.1, 4))))
    events.sort(key=lambda event: event.onset_s)
    starts, ends = ("ba", "de", "fo", "gu", "hi", "ja", "ke", "lo", "mu", "ni"), ("rts", "lmp", "nsk", "tch")
    words = [rng.choice(starts) + rng.choice(ends) for _ in range(9)]
    made = clip(
        number,
        labels=tuple(names),
        events=tuple(events),
        captions=(f"{' and '.join(names).lower()} near the {words[0]} {words[1]}",),
        text=" ".join(words),
        gender=rng.choice(("male", "female")),
        age=rng.randint(15, 80),
        emotion=rng.choice(("angry", "happy", "neutral", "sad")),
        sentiment=rng.randint(-3, 3),
        genres=(rng.choice(("Rock", "Jazz", "Folk", "Ambient", "Hip-Hop")),),
    )
    level = rng.choice(("very low", "low", "medium", "high", "very high"))
    speed = rng.choice(("very slow", "slow", "medium", "fast", "very fast"))
    return measured(
        made,
        pitch_level=level,
        volume_level=level,
        speed_level=speed,
        transcript=" ".join(words),
        language=rng.choice(("en", "en", "de", "fr")),
    )


@pytest.fixture(scope="module")
def population() -> list[Measured]:
    rng = random.Random(7)
    return [random_clip(rng, number) for number in range(1500)]


CHOICES = [name for name in GROUPS["choice"] if name.startswith("choice_")]


@pytest.mark.parametrize("task", CHOICES)
def test_neither_place_nor_length_nor_name_tells_the_right_option(task: str, population: list[Measured]):
    peers = Peers(population)
    asked = [answer for item in population for answer in answers(task, item, peers)]
    assert len(asked) > 150
    by_count = defaultdict(Counter)
    for answer in asked:
        assert len(set(map(str.casefold, answer.choices))) == len(answer.choices)
        by_count[len(answer.choices)][answer.answer_index] += 1
    for count, places in by_count.items():
        if places.total() >= 50:
            assert chisquare([places[place] for place in range(count)]).pvalue > 1e-4

    chance = sum(1 / len(answer.choices) for answer in asked) / len(asked)
    for guess in (lambda c: max(c, key=len), lambda c: min(c, key=len)):
        right = sum(guess(answer.choices) == answer.choices[answer.answer_index] for answer in asked)
        assert right / len(asked) < chance + 0.13, "length tells"
    if task in ("choice_words", "choice_caption"):  # each is said of one clip alone: there is nothing to learn
        return
    # A guesser that knows how often each option was right in the first half, and never hears the second.
    shown, right = Counter(), Counter()
    for answer in asked[::2]:
        shown.update(answer.choices)
        right[answer.choices[answer.answer_index]] += 1
    hits = [
        max(answer.choices, key=lambda c: (right[c] + 1) / (shown[c] + 4)) == answer.choices[answer.answer_index]
        for answer in asked[1::2]
    ]
    own_sounds = task in ("choice_first", "choice_last", "choice_longest", "choice_order")
    assert sum(hits) / len(hits) < chance + (0.16 if own_sounds else 0.06), "the name tells"


@given(st.integers(0, 2**32))
def test_for_any_clip_the_right_option_is_right_and_the_others_are_wrong(seed: int):
    rng = random.Random(seed)
    others = [random_clip(rng, number) for number in range(1, 12)]
    item = random_clip(rng, 0)
    peers = Peers([item, *others])
    onset = {}
    for event in item.clip.events:
        onset.setdefault(event.label, event.onset_s)
    for task in GROUPS["modern"]:
        for answer in answers(task, item, peers, seed=seed):
            assert re.fullmatch(TASKS[task].form, answer.output, re.DOTALL), answer
            if not answer.choices:
                continue
            right = answer.choices[answer.answer_index]
            wrong = [text for text in answer.choices if text != right]
            if task == "choice_label":
                assert right in item.sounds
                assert not any(related(text, heard) for text in wrong for heard in item.sounds)
            if task == "choice_first":
                assert all(onset[right] < onset[text] for text in wrong)
            if task == "choice_last":
                assert all(onset[right] > onset[text] for text in wrong)
            if task == "choice_genre":
                assert right in item.clip.genres
                assert not set(wrong) & set(item.clip.genres)


def test_rows_hold_the_options_below_the_question_and_no_transcript(population: list[Measured]):
    item, peers = population[0], Peers(population)
    tasks = [TASKS[name] for name in GROUPS["modern"]]
    rows = list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS, tasks, peers))
    assert len({row.task for row in rows}) == len(rows) > 15
    for row in rows:
        assert row.input == ""
        if row.task.startswith("choice_"):
            *_, last = row.instruction.splitlines()
            assert row.output in row.instruction.splitlines()
            assert re.match(r"\([B-E]\) ", last)
    assert rows == list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS, tasks, peers))
    assert not list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS))
