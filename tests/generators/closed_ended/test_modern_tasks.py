"""Tasks of today's benchmarks: golden answers, laws that hold for any clip, and no tell of the right option."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import combinations, pairwise

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
from aig.prompts.noun_phrases import noun_phrase
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


SCALES = {
    "choice_noise": ("very noisy", "noisy", "medium", "clean", "very clean"),
    "choice_reverberation": ("very dry", "dry", "medium", "reverberant", "very reverberant"),
    "choice_bandwidth": ("very narrow", "narrow", "medium", "wide", "very wide"),
}
FIFTHS = ("C", "G", "D", "A", "E", "B", "F sharp", "C sharp", "A flat", "E flat", "B flat", "F")
KEYS = tuple(f"{tone} {mode}" for tone in FIFTHS for mode in ("major", "minor"))


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


def test_levels_of_ones_own_words_are_asked_about():
    words = ("tief", "mittel", "hoch")
    items = [
        measured(clip(n, text="Who is there?"), pitch_level=words[n % 3], transcript="Who is there?") for n in range(60)
    ]
    about = (Any(), 0, QuestionSettings(), LABELS, (TASKS["choice_pitch"],), Peers(items), {"pitch": words})
    rows = [row for item in items for row in closed_pairs(item, *about)]
    assert len(rows) > 20
    assert {choice for row in rows for choice in row.choices or ()} == {"tief", "hoch"}


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
    by_seed = [{t: answers(t, item, OTHERS, seed=seed) for t in GROUPS["modern"]} for seed in range(30)]
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


@pytest.mark.parametrize(
    "other", ["A loud car motor idles", "Helicopter running", "A truck passes by", "A man talks to his wife"]
)
def test_a_caption_of_the_same_family_of_sounds_is_no_wrong_option(other: str):
    """Captions that share no word may tell of the same: an engine, a motor, a helicopter."""
    item = measured(clip(captions=("A vehicle engine roars loud",)))
    asked = answers("choice_caption", item, [measured(clip(1, captions=(other,)))])
    assert len(asked) == (other == "A man talks to his wife")


def test_a_row_of_shots_that_is_one_event_is_not_counted():
    short, long = Event("Gunshot, gunfire", 0.5, 1.2), Event("Gunshot, gunfire", 2.0, 7.5)
    assert [a.output for a in answers("count", measured(clip(events=(short,))))] == ["1."]
    assert answers("count", measured(clip(events=(short, long)))) == []
    for label in ("Finger snapping", "Raindrop", "Cap gun", "Bark", "Hammer"):
        assert answers("count", measured(clip(events=(Event(label, 2.0, 5.0),)))) == []
    talk = (Event("Speech", 0.5, 1.2), Event("Speech", 2.0, 7.5))
    assert [a.output for a in answers("count", measured(clip(events=talk)))] == ["2."]


def test_no_kind_that_only_sorts_sounds_is_asked_about():
    events = (Event("Walk, footsteps", 0.0, 5.0),)
    item = measured(clip(events=events, parents=("Human locomotion", "Human sounds")))
    others = [measured(clip(90, labels=("Music",), parents=("Music role", "Music")))]
    found = {a.slots["label"] for seed in range(100) for a in answers("presence", item, others, seed=seed)}
    assert "music" in found
    assert not found & {noun_phrase("Human locomotion"), noun_phrase("Music role")}


def test_a_noise_that_begins_first_leaves_nothing_to_reason_about():
    events = (Event("Noise", 0.0, 9.0), Event("Dog", 1.0, 2.0), Event("Piano", 4.0, 8.0))
    assert answers("reasoning_order", measured(clip(events=events))) == []
    assert len(answers("reasoning_order", measured(clip(events=events[1:])))) == 1


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
            present = {noun_phrase(each) for each in item.sounds}
            assert (answer.output == "Yes.") == (label in present)
            found[answer.output, answer.difficulty] += 1
    yes = sum(number for (output, _), number in found.items() if output == "Yes.")
    assert 0.35 < yes / found.total() < 0.65
    assert all(found["No.", how] > 5 for how in ("basic", "intermediate", "advanced"))


def test_the_ontology_takes_away_no_question_but_those_about_kinds_that_are_heard():
    rain = {"labels": ("Rain",), "events": (Event("Rain", 0.0, 5.0),)}
    above = measured(clip(99, **rain, parents=("Water", "Natural sounds")))
    others = [measured(clip(90, labels=("Dog",), parents=("Wild animals",)))]
    kinds = Counter()
    for seed in range(200):
        for answer in answers("presence", above, others, seed=seed):
            if answer.slots["label"] in ("water", "wild animals"):
                kinds[answer.output, answer.slots["label"]] += 1
    assert set(kinds) == {("Yes.", "water"), ("No.", "wild animals")}, "the name of a kind tells"
    assert min(kinds.values()) > 10
    vocabulary = (*LABELS, "Water", "Natural sounds")
    for seed in range(60):
        for answer in answers("presence", above, OTHERS, vocabulary=vocabulary, seed=seed):
            asked = answer.slots["label"]
            assert (answer.output == "Yes.") == (asked in ("rain", "water"))
            assert asked != noun_phrase("Natural sounds"), "says nothing"
    found = [a.output for seed in range(60) for a in answers("presence", above, OTHERS, seed=seed)]
    assert 15 < found.count("No.") < 45


def curve(rng: random.Random, events: tuple[Event, ...]) -> bytes:
    """Levels of a clip whose sounds are each as loud as drawn, the louder of two that overlap."""
    loud = {label: rng.choice((20, 50, 80, 110)) for label in dict.fromkeys(event.label for event in events)}
    return bytes(
        min((loud[e.label] for e in events if e.onset_s * 10 < t + 1 and e.offset_s * 10 > t), default=200)
        for t in range(100)
    )


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
        words_per_s=2.0,
        level_curve=curve(rng, made.events),
        transcript=" ".join(words),
        language=rng.choice(("en", "en", "de", "fr")),
        snr_level=rng.choice(SCALES["choice_noise"]),
        reverberation_level=rng.choice(SCALES["choice_reverberation"]),
        bandwidth_level=(bandwidth := rng.choice(SCALES["choice_bandwidth"])),
        bandwidth_hz=dict(zip(SCALES["choice_bandwidth"], (2500, 4000, 8000, 12_000, 20_000), strict=True))[bandwidth],
        music_key=rng.choice(KEYS),
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
    own_sounds = task in (
        "choice_first",
        "choice_last",
        "choice_longest",
        "choice_loudest",
        "choice_quietest",
        "choice_order",
    )
    assert sum(hits) / len(hits) < chance + (0.16 if own_sounds else 0.06), "the name tells"


def test_wrong_sounds_are_of_the_same_kind_where_the_ontology_knows_one_that_differs():
    kinds = {"Frog": "Wild animals", "Snake": "Wild animals", "Whispering": "Human voice", "Singing": "Human voice"}
    rng = random.Random(1)
    items = []
    for number in range(400):
        label = rng.choice(tuple(kinds))
        tops = ("Animal",) if "animals" in kinds[label] else ("Human sounds",)
        items.append(measured(clip(number, labels=(label,), parents=(kinds[label], *tops))))
    peers = Peers(items)
    asked = [answer for item in items for answer in answers("choice_label", item, peers)]
    near = [
        any(kinds[text] == kinds[right] for text in answer.choices if text != right)
        for answer in asked
        if (right := answer.choices[answer.answer_index])
    ]
    assert sum(near) > 0.9 * len(asked)
    assert [answer.difficulty for answer in asked] == ["intermediate" if each else "basic" for each in near]
    shown, right = Counter(), Counter()
    for answer in asked:
        shown.update(answer.choices)
        right[answer.choices[answer.answer_index]] += 1
    rates = [right[label] / shown[label] for label in kinds]
    assert max(rates) - min(rates) < 0.1, "the name tells"


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


@pytest.mark.parametrize("task", SCALES)
def test_levels_beside_one_another_lie_two_steps_apart(task: str, population: list[Measured]):
    words, peers = SCALES[task], Peers(population)
    asked = [answer.choices for item in population for answer in answers(task, item, peers)]
    places = [sorted(words.index(choice) for choice in choices) for choices in asked]
    assert len({tuple(each) for each in places}) > 3
    for each in places:
        assert all(later - earlier > 1 for earlier, later in pairwise(each))
        if task == "choice_bandwidth":
            assert each[0] < 2 <= each[1], "told only by what models at 16 kHz do not hear"


def test_levels_that_are_not_certain_are_not_asked():
    far = measured(clip(1, text="Nobody is here"), snr_level="very clean", reverberation_level="very dry")
    silent = measured(clip(labels=("Rain",)), snr_level="very noisy", reverberation_level="very reverberant")
    assert not answers("choice_noise", silent, [far]), "nobody speaks"
    said = clip(text="Somebody is here")
    for seconds in (5.0, 9.0):
        item = measured(said, reverberation_level="very reverberant", snr_level="very noisy")
        item = replace(item, features=replace(item.features, duration_s=seconds))
        assert len(answers("choice_noise", item, [far])) == 1
        assert len(answers("choice_reverberation", item, [far])) == (seconds >= 8)
    wide = measured(clip(1), bandwidth_level="very wide", bandwidth_hz=20_000.0)
    for hertz, asked in ((3_900.0, 1), (4_800.0, 0)):
        item = measured(clip(), bandwidth_level="narrow", bandwidth_hz=hertz)
        assert len(answers("choice_bandwidth", item, [wide])) == asked


def test_no_key_beside_the_right_one_may_be_taken_for_it(population: list[Measured]):
    """Estimates of a key are off by a fifth, to its relative or to its parallel; in no such case is another nearer."""
    peers = Peers(population)
    asked = [answer for item in population for answer in answers("choice_key", item, peers)]
    assert len(asked) > 500

    def tones(key: str) -> set[int]:
        """The seven tones of a key, as places on the circle of fifths."""
        tonic, mode = key.rsplit(" ", 1)
        lowest = FIFTHS.index(tonic) - (1 if mode == "major" else 4)
        return {(lowest + step) % 12 for step in range(7)}

    for answer in asked:
        right = answer.choices[answer.answer_index]
        tonic, mode = right.rsplit(" ", 1)
        parallel = tones(f"{tonic} {'minor' if mode == 'major' else 'major'}")
        for wrong in set(answer.choices) - {right}:
            assert len(tones(wrong) & tones(right)) <= 3
            assert len(tones(wrong) & parallel) <= 4
            fifths = [{(tone + step) % 12 for tone in tones(right)} for step in (-1, 1)]
            assert all(len(tones(wrong) & fifth) < len(tones(right) & fifth) for fifth in fifths)


def test_rows_hold_the_options_below_the_question_and_no_transcript(population: list[Measured]):
    item, peers = population[0], Peers(population)
    tasks = [TASKS[name] for name in GROUPS["modern"]]
    rows = list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS, tasks, peers))
    assert len({(row.task, row.audio_id) for row in rows}) == len(rows) > 15
    for row in rows:
        assert row.input == ""
        if row.task.startswith("choice_"):
            *_, last = row.instruction.splitlines()
            assert row.output in row.instruction.splitlines()
            assert re.match(r"\([B-E]\) ", last)
    assert rows == list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS, tasks, peers))
    assert not list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS))
