"""Two clips compared, and a recording's quality: right by a margin, in both orders, balanced, stable as clips come."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace

import pytest

from aig.core.clip_pairs import clips_of
from aig.core.records import Clip, Event, Features, Measured
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.facts import Facts
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.metadata import sounds
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.sound_families import related

LABELS = ("Dog", "Church bell", "Rain", "Piano", "Sneeze", "Helicopter", "Applause", "Typing", "Keys jangling")


class Any:
    closed_tasks = ()
    copies = 1


def random_item(rng: random.Random, number: int) -> Measured:
    events = tuple(
        Event(label, onset := rng.uniform(0, 8), min(10.0, onset + 1.5))
        for label in rng.sample(LABELS, rng.randint(1, 3))
    )
    speaker = rng.randrange(12)
    clip = Clip(
        audio_id=f"d/{number:04d}",
        dataset="d",
        split=rng.choice(("train", "train", "test")),
        events=tuple(sorted(events, key=lambda event: event.onset_s)),
        speaker_id=f"s{speaker}",
        gender=("male", "female")[speaker % 2],
        text="five words are said here",
    )
    rate, level = rng.uniform(1.5, 6), rng.uniform(-50, -10)
    features = Features(
        audio_id=clip.audio_id,
        duration_s=10.0,
        sample_rate=16_000,
        f0_hz=rng.uniform(80, 330),
        words_per_s=rate,
        syllables_per_s=rate * rng.uniform(1.2, 1.8),
        volume_dbfs=level,
        loudness_lufs=level + rng.uniform(-3, 3),
        clipped_share=rng.choice((0.0, 0.0, 0.0, 1e-4, 0.01)),
        snr_db=rng.uniform(0, 50),
        bandwidth_hz=rng.choice((4000.0, 6000.0, 8000.0, 8000.0)),
        reverberation_s=rng.uniform(0.2, 1.5),
        transcript="five words are said here",
    )
    return Measured(clip, features, "five words are said here", sounds(clip, features))


def answers(task: str, item: Measured, peers: Peers, seed: int = 0) -> list:
    facts = Facts(item.clip, item.features, item.spoken, item.sounds, LABELS, seed, QuestionSettings(), peers)
    return list(TASKS[task].answers(facts)) if facts.has(TASKS[task].needs) else []


@pytest.fixture(scope="module")
def items() -> dict[str, Measured]:
    rng = random.Random(3)
    return {item.clip.audio_id: item for item in (random_item(rng, number) for number in range(400))}


def is_right(task: str, first: Measured, second: Measured, output: str, slots: dict[str, str]) -> bool:
    a, b = first.features, second.features
    heard = [{event.label for event in item.clip.events} for item in (first, second)]
    if task == "same_speaker":
        return (output == "Yes.") == (first.clip.speaker_id == second.clip.speaker_id)
    if task == "compare_sound":
        has = [slots["label"] in {noun_phrase(label) for label in labels} for labels in heard]
        return sum(has) == 1 and has[output == "The second."]
    if task == "compare_only_first":
        only = output.removeprefix("Sounds: ").removesuffix(".").split("; ")
        return set(only) == heard[0] - heard[1] and not any(related(x, y) for x in only for y in heard[1])
    semitones = 12 * math.log2(a.f0_hz / b.f0_hz)
    apart = {"compare_pitch": semitones / 3, "compare_volume": (a.volume_dbfs - b.volume_dbfs) / 6}
    apart["compare_speed"] = math.log(a.words_per_s / b.words_per_s) / math.log(1.3)
    more = slots["more"] in ("higher", "faster", "louder")
    return abs(apart[task]) >= 1 and (output == "The first.") == ((apart[task] > 0) == more)


@pytest.mark.parametrize("task", GROUPS["comparison"])
def test_answers_are_right_in_both_orders_and_balanced(task: str, items: dict[str, Measured]) -> None:
    peers = Peers(list(items.values()))
    asked = [answer for item in items.values() for answer in answers(task, item, peers)]
    assert len(asked) > 150
    for answer in asked:
        first, second = (items[audio_id] for audio_id in answer.clips)
        assert first.clip.split == second.clip.split
        assert is_right(task, first, second, answer.output, answer.slots)
    pairs = Counter(answer.clips for answer in asked)
    assert set(pairs.values()) == {1}
    assert all(clips[::-1] in pairs for clips in pairs)
    outputs = Counter(answer.output for answer in asked)
    if task != "compare_only_first":
        assert min(outputs.values()) / len(asked) > 0.4
    used = Counter(audio_id for clips in pairs for audio_id in clips)
    assert len(used) > 200, "few clips are compared"


@pytest.mark.parametrize("task", GROUPS["comparison"])
def test_pairs_stay_when_clips_are_added(task: str, items: dict[str, Measured]) -> None:
    known = list(items.values())
    more = [random_item(random.Random(number), 1000 + number) for number in range(20)]
    before, after = Peers(known), Peers([*known, *more])
    one = {answer.clips for item in known for answer in answers(task, item, before)}
    other = {answer.clips for item in known for answer in answers(task, item, after)}
    assert len(one & other) > 0.8 * len(one)
    assert answers(task, known[0], before) == answers(task, known[0], Peers(known[::-1]))


def test_clips_that_are_the_same_sound_or_read_as_two_are_not_compared(items: dict[str, Measured]) -> None:
    known = list(items.values())[:40]
    alike = [replace(item, features=replace(item.features, content="c")) for item in known]
    odd = [replace(item, clip=replace(item.clip, audio_id=f"{item.clip.audio_id}::d/x")) for item in known]
    for those in (alike, odd):
        peers = Peers(those)
        assert not [a for task in GROUPS["comparison"] for item in those for a in answers(task, item, peers)]


def test_an_octave_apart_within_a_gender_is_not_asked(items: dict[str, Measured]) -> None:
    one = next(iter(items.values()))
    clips = [replace(one.clip, audio_id=f"d/{number}") for number in range(20)]
    hertz = (110.0, 220.0)
    those = [
        replace(one, clip=clip, features=replace(one.features, audio_id=clip.audio_id, f0_hz=hertz[number % 2]))
        for number, clip in enumerate(clips)
    ]
    assert not [a for item in those for a in answers("compare_pitch", item, Peers(those))]


@pytest.mark.parametrize(
    ("task", "field", "yes", "no"),
    [
        ("clipped", "clipped_share", 1e-3, 0.0),
        ("noisy", "snr_db", 10.0, 28.0),
        ("band_limited", "bandwidth_hz", 4200.0, 7200.0),
        ("reverberant", "reverberation_s", 0.9, 0.35),
    ],
)
def test_quality_is_asked_beyond_its_bounds_as_often_with_yes_as_with_no(
    task: str, field: str, yes: float, no: float, items: dict[str, Measured]
) -> None:
    peers = Peers(list(items.values()))
    found = [(getattr(item.features, field), a.output) for item in items.values() for a in answers(task, item, peers)]
    assert len(found) > 60
    outputs = Counter(output for _, output in found)
    assert outputs["Yes."] == outputs["No."]
    for value, output in found:
        bad = value >= yes if yes > no else value <= yes
        fine = value <= no if yes > no else value >= no
        assert bad == (output == "Yes.")
        assert fine == (output == "No.")


def test_rows_name_both_clips(items: dict[str, Measured]) -> None:
    peers = Peers(list(items.values()))
    tasks = [TASKS[name] for name in GROUPS["comparison"]]
    for item in list(items.values())[:20]:
        rows = list(closed_pairs(item, Any(), 0, QuestionSettings(), LABELS, tasks, peers))
        for row in rows:
            assert item.clip.audio_id in clips_of(row.audio_id)
            assert len(clips_of(row.audio_id)) == 2
            assert (row.choices, row.input, row.source) == (None, "", "rule")
            assert row.skill
            assert row.difficulty
