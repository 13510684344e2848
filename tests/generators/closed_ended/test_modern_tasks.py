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
from scipy.stats import binomtest, chisquare

from aig.core.records import Event, Measured
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.sound_families import related
from helpers.task_answers import LABELS, answers, clip, measured

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


def test_levels_of_ones_own_words_are_asked_about():
    words = ("tief", "mittel", "hoch")
    items = [
        measured(clip(n, text="Who is there?"), pitch_level=words[n % 3], transcript="Who is there?") for n in range(60)
    ]
    about = (Any(), 0, QuestionSettings(), LABELS, (TASKS["choice_pitch"],), Peers(items), {"pitch": words})
    rows = [row for item in items for row in closed_pairs(item, *about)]
    assert len(rows) > 20
    assert {choice for row in rows for choice in row.choices or ()} == {"tief", "hoch"}


@pytest.mark.parametrize(
    "other", ["A loud car motor idles", "Helicopter running", "A truck passes by", "A man talks to his wife"]
)
def test_a_caption_of_the_same_family_of_sounds_is_no_wrong_option(other: str):
    """Captions that share no word may tell of the same: an engine, a motor, a helicopter."""
    item = measured(clip(captions=("A vehicle engine roars loud",)))
    asked = answers("choice_caption", item, [measured(clip(1, captions=(other,)))])
    assert len(asked) == (other == "A man talks to his wife")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("A clock is chiming.", "Bells ring in a temple.", False),
        ("Water splashes as a man talks.", "A woman is speaking and clanking.", False),
        ("Waves are crashing on rocks.", "Something crashes into metal.", False),
        ("A carnival is taking place.", "A train is chugging along.", True),
    ],
)
def test_captions_tell_of_the_same_in_whichever_form_of_a_verb(one: str, other: str, apart: bool):
    asked = answers("choice_caption", measured(clip(captions=(one,))), [measured(clip(1, captions=(other,)))])
    assert len(asked) == apart


@pytest.mark.parametrize("name", ["", "  ", "rain; hail", "x;y"])
def test_a_name_that_cannot_stand_in_a_list_is_neither_asked_for_nor_told(name: str):
    def item(number: int, *labels: str) -> Measured:
        events = tuple(Event(label, float(at), at + 3.0) for at, label in enumerate(labels))
        return measured(clip(number, labels=labels, events=events))

    items = [item(number, name, LABELS[number % 9]) for number in range(40)]
    rows = [(task, answer) for task in GROUPS["modern"] for each in items for answer in answers(task, each, items)]
    assert len({task for task, _ in rows}) >= 4
    for task, answer in rows:
        assert re.fullmatch(TASKS[task].form, answer.output, re.DOTALL), (task, answer)
        assert name not in answer.choices
        assert noun_phrase(name) not in answer.slots.values()


def test_an_empty_caption_is_none():
    blank = measured(clip(captions=("", "  ")))
    told = measured(clip(1, captions=("", "A carnival is taking place.")))
    other = measured(clip(2, captions=("A train is chugging along.", "")))
    assert not answers("choice_caption", blank, [told, other])
    (answer,) = answers("choice_caption", told, [blank, other])
    assert set(answer.choices) == {"A carnival is taking place.", "A train is chugging along."}


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
    words = [rng.choice(starts) + rng.choice(ends) for _ in range(rng.randint(7, 11))]
    made = clip(
        number,
        labels=tuple(names),
        events=tuple(events),
        captions=(f"{' and '.join(names).lower()} near the {words[0]} {words[1]}",),
        text=" ".join(words),
        speaker_id=f"s{number % 200}",
        gender=rng.choice(("male", "female")),
        age=rng.randint(15, 80),
        emotion=rng.choice(("angry", "happy", "neutral", "sad", "excited", "other")),
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
        words_per_s=rng.uniform(1.5, 5),
        level_curve=curve(rng, made.events),
        transcript=" ".join(words),
        language=rng.choice(("en", "en", "de", "fr")),
        snr_level=rng.choice(SCALES["choice_noise"]),
        reverberation_level=rng.choice(SCALES["choice_reverberation"]),
        f0_hz=rng.uniform(90, 260),
        volume_dbfs=(volume := rng.uniform(-50, -10)),
        loudness_lufs=volume - 1,
        clipped_share=rng.choice((0.0, 0.0, 0.0, 0.01)),
        snr_db=rng.choice((5.0, 20.0, 40.0, 40.0)),
        reverberation_s=rng.choice((0.2, 0.2, 1.5)),
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


YES_OR_NO = (
    *("presence", "overlap", "word_said", "clipped", "noisy", "band_limited", "reverberant", "same_speaker"),
    "reasoning_overlap",
)
FIRST_OR_SECOND = ("compare_pitch", "compare_speed", "compare_volume", "compare_sound")
BY_NUMBER = ("count", "reasoning_count")
OPEN = ("duration", "interval", "word_count", "next_word", "reasoning_order", "compare_only_first")


def test_each_task_of_today_has_its_test_of_what_may_be_guessed():
    assert {*CHOICES, *YES_OR_NO, *FIRST_OR_SECOND, *BY_NUMBER, *OPEN} == set(GROUPS["modern"])


@pytest.mark.parametrize("task", [*YES_OR_NO, *FIRST_OR_SECOND, *BY_NUMBER, *OPEN])
def test_no_answer_is_a_good_guess_and_no_wording_tells_it(task: str, population: list[Measured]):
    peers, asked = Peers(population), (TASKS[task],)
    settings = QuestionSettings(instruction_share=0.0)
    made = (closed_pairs(item, Any(), 0, settings, LABELS, asked, peers) for item in population)
    rows = [(row.instruction, row.output.rpartition("</think> ")[2]) for each in made for row in each]
    assert len(rows) > 150
    found = Counter(answer for _, answer in rows)
    best = found.most_common(1)[0][1] / found.total()
    if task in OPEN:
        assert best < 0.35
        return
    assert len(found) >= 2
    assert best < (0.6 if task in BY_NUMBER else 0.55), "one answer is most often right"
    if task in BY_NUMBER:
        return
    by_opening = defaultdict(Counter)
    for question, answer in rows:
        by_opening[" ".join(question.split()[:3])][answer] += 1
    for opening, answers_to_it in by_opening.items():
        if answers_to_it.total() >= 30:
            assert binomtest(max(answers_to_it.values()), answers_to_it.total()).pvalue > 1e-4, opening


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
            if task in ("choice_first", "choice_last", "choice_longest", "choice_loudest", "choice_quietest"):
                assert not any(related(*pair) for pair in combinations(answer.choices, 2))
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
