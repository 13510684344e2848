"""Which closed-ended rows a clip gets, and that they depend on nothing but the clip."""

import json
import re
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.qa_id import qa_id
from aig.core.records import Clip, Event, Features, Measured
from aig.extractors.transcript_cleaning import spoken_text
from aig.generators.closed_ended import closed_pairs, undescribed
from aig.generators.closed_ended.absent import absent_labels
from aig.generators.closed_ended.registry import GROUPS
from aig.generators.settings import QuestionSettings
from aig.prompts.descriptions import known_labels
from aig.prompts.metadata import sounds
from aig.prompts.sound_families import nameable, related


def dataset(*tasks, copies=1):
    return SimpleNamespace(closed_tasks=tasks or GROUPS["paper"], copies=copies)


def rows(clip, *tasks, features=None, copies=1, seed=0, settings=None, vocabulary=()):
    about = dataset(*tasks, copies=copies)
    item = Measured(clip, features, spoken_text(features), sounds(clip, features))
    return list(closed_pairs(item, about, seed, settings or QuestionSettings(), vocabulary))


def clip(number=1, **fields):
    return Clip(**{"audio_id": f"x/{number}", "dataset": "x"} | fields)


FULL = Clip(
    audio_id="x/full",
    dataset="x",
    labels=("Dog",),
    events=(Event("Dog", 0, 2), Event("Rain", 1, 9)),
    captions=("A dog in the rain",),
    text="Come in!",
    gender="female",
    age=30,
    emotion="happy",
    sentiment=2,
    genres=("Folk",),
)
MEASURED = Features(
    audio_id="x/full",
    duration_s=10,
    sample_rate=16000,
    pitch_level="high",
    speed_level="slow",
    volume_level="low",
    transcript=" Come in! Thanks for watching!",
    no_speech_prob=0.1,
    extractor="e1",
)


def test_every_task_is_answered_for_a_clip_that_has_every_field():
    one = {"gender_cla", "temporal_single", "temporal_order"}
    other = {"gender_emotion_cla", "temporal_single_not_exist", "temporal_order_not_exist"}
    for share, left_out in ((0, other), (1, one)):
        settings = QuestionSettings(gender_emotion_share=share, not_exist_share=share)
        made = rows(FULL, features=MEASURED, settings=settings)
        assert {row.task for row in made} == set(GROUPS["paper"]) - left_out
        assert all(row.instruction and row.output for row in made)
        assert {row.input for row in made} == {"Come in!"}
        assert {(row.source, row.extractor, row.model) for row in made} == {("rule", "e1", "")}


def test_a_clip_is_asked_about_sounds_that_are_there_or_about_sounds_that_are_not():
    def timed(number, *labels):
        events = tuple(Event(label, 0.0, 1.0) for label in labels)
        return clip(number, labels=labels, events=events)

    asked = Counter()
    for number in range(400):
        tasks = [row.task for row in rows(timed(number, "Dog", "Bell")) if row.task.startswith("temporal_")]
        assert sorted(task.removesuffix("_not_exist") for task in tasks) == ["temporal_order", "temporal_single"]
        asked.update(tasks)
    assert all(150 < count < 250 for count in asked.values()), asked
    alone = {row.task for row in rows(timed(0, "Dog")) if row.task.startswith("temporal_order")}
    assert alone == {"temporal_order_not_exist"}, "one sound cannot be put in order with another"


@pytest.mark.parametrize("task", sorted(GROUPS["paper"]))
def test_a_clip_that_lacks_the_field_gets_no_question(task):
    assert rows(clip(), task) == []
    assert rows(clip(labels=(), events=(), captions=(), genres=(), text=" "), task) == []


def test_rows_do_not_change_when_others_are_added_or_tasks_left_out():
    alone = rows(FULL, "cla_label", features=MEASURED)
    among = [row for row in rows(FULL, features=MEASURED) if row.task == "cla_label"]
    assert alone == among
    assert rows(FULL, features=MEASURED) == rows(FULL, features=MEASURED)
    assert rows(FULL, features=MEASURED, seed=1) != rows(FULL, features=MEASURED)


def test_copies_ask_for_the_same_caption_in_different_words():
    made = rows(clip(captions=("A bell",)), "caption", copies=10)
    assert len({row.instruction for row in made}) == len(made) == 10
    assert {row.output for row in made} == {"Audio caption: A bell."}
    assert len(rows(clip(captions=("A", "B", "C")), "caption", copies=2)) == 6
    own = QuestionSettings(copies={"x": 3})
    assert len(rows(clip(captions=("A bell",)), "caption", settings=own)) == 3
    assert len(rows(clip(labels=("Bell",)), "cla_label", copies=10)) == 1


def test_half_of_the_audio_questions_carry_the_prefix_and_no_other_do():
    labelled = [row for n in range(2000) for row in rows(clip(n, labels=("Dog",)), "cla_label")]
    share = sum(row.instruction.startswith("Closed-ended question: ") for row in labelled) / len(labelled)
    assert 0.46 < share < 0.54
    spoken = [row for n in range(200) for row in rows(clip(n, gender="male"), "gender_cla")]
    assert not any(row.instruction.startswith("Closed-ended question: ") for row in spoken)


def test_questions_of_a_thousand_clips_differ_nearly_all():
    made = [row.instruction for n in range(994) for row in rows(clip(n, labels=("Dog",)), "cla_label_des")]
    assert len(set(made)) > 940


def test_caption_questions_name_the_style_of_their_dataset():
    made = [
        row.instruction for n in range(300) for row in rows(clip(n, dataset="clotho", captions=("A bell",)), "caption")
    ]
    styled = [text for text in made if text.endswith(", in Clotho style")]
    assert 0.4 < len(styled) / len(made) < 0.6
    assert not any(
        "style" in text for n in range(50) for text in [rows(clip(n, captions=("A",)), "caption")[0].instruction]
    )


def test_gender_and_emotion_take_the_place_of_gender_for_a_share():
    speaker = [clip(n, gender="male", emotion="sad") for n in range(1500)]
    tasks = Counter(row.task for one in speaker for row in rows(one, "gender_cla", "gender_emotion_cla"))
    assert tasks.total() == 1500
    assert 0.16 < tasks["gender_emotion_cla"] / 1500 < 0.24
    assert [row.task for row in rows(speaker[0], "gender_emotion_cla")] == ["gender_emotion_cla"]


def test_a_sound_that_nobody_described_falls_back_to_labels():
    odd = clip(labels=("Dog", "Quux resonator"))
    assert undescribed(odd.labels, QuestionSettings()) == ("Quux resonator",)
    assert [row.task for row in rows(odd, "cla_label_des")] == ["cla_label"]
    assert [row.task for row in rows(odd, "cla_label", "cla_label_des")] == ["cla_label"]


def test_descriptions_of_ones_own_are_used(tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps({"label": "Quux resonator", "descriptions": ["shrill and wobbling"]}))
    settings = QuestionSettings(description_file=str(file))
    (row,) = rows(clip(labels=("quux_resonator",)), "cla_label_des", settings=settings)
    assert row.output == "Labels with acoustic features: Shrill and wobbling -> quux_resonator"


def test_audio_rows_can_leave_the_transcript_out():
    settings = QuestionSettings(audio_input=False)
    made = {row.task: row.input for row in rows(FULL, features=MEASURED, settings=settings)}
    assert made["cla_label"] == ""
    assert made["ASR"] == "Come in!"


def test_ids_follow_from_the_six_columns():
    row = rows(FULL, "cla_label")[0]
    names = ("instruction", "input", "audio_id", "dataset", "task", "output")
    six = {name: getattr(row, name) for name in names}
    assert row.qa_id == qa_id(**six)
    for name in names:
        assert qa_id(**{**six, name: six[name] + "x"}) != row.qa_id


hostile = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")) | st.sampled_from("{}%\"'\\;:|"), min_size=1
)


@given(hostile)
def test_any_label_comes_out_as_text(label):
    (row,) = rows(clip(labels=(label,)), "cla_label")
    assert row.output == f"Labels: {label}"
    (row,) = rows(clip(events=(Event("{clip} {label}", 0, 1),)), "temporal_single")
    assert "{clip} {label}" in row.instruction


@given(
    st.lists(st.tuples(st.sampled_from(["Dog", "Rain", "Bell"]), st.floats(0, 12), st.floats(0, 12)), min_size=1),
    st.floats(0.5, 10),
)
def test_no_time_lies_beyond_the_end_of_the_clip(times, duration_s):
    events = tuple(Event(label, min(a, b), max(a, b)) for label, a, b in times)
    features = Features(audio_id="x/1", duration_s=duration_s, sample_rate=16_000)
    for row in rows(clip(events=events), "temporal", "temporal_single", "temporal_order", features=features):
        stamps = [float(time) for time in re.findall(r"([0-9.]+)s\b", row.output)]
        assert stamps
        assert max(stamps) <= duration_s + 0.05


@given(st.lists(st.sampled_from(known_labels()), min_size=1, max_size=5, unique=True), st.integers(0, 5))
def test_no_relative_is_called_absent(present, seed):
    absent = absent_labels(present, known_labels(), 2, seed)
    assert len(set(absent)) == len(absent)
    for label in absent:
        assert nameable(label)
        assert not any(related(label, other) for other in present)
    if len(absent) == 2:
        assert not related(*absent)


def test_a_vocabulary_that_grows_changes_few_draws():
    small, large = known_labels()[:300], known_labels()[:330]
    changed = sum(absent_labels(("Dog",), small, 1, n) != absent_labels(("Dog",), large, 1, n) for n in range(300))
    assert changed < 60


def test_ancestors_and_descendants_of_audiosets_ontology_are_relatives(shared_data):
    nodes = {
        node["id"]: node
        for node in json.loads((shared_data / "annotations/audioset/ontology.json").read_text(encoding="utf-8"))
    }

    def below(node):
        for child in nodes[node]["child_ids"]:
            yield child
            yield from below(child)

    wrong = [
        (node["name"], nodes[child]["name"])
        for node in nodes.values()
        for child in below(node["id"])
        if nameable(nodes[child]["name"]) and not related(node["name"], nodes[child]["name"])
    ]
    assert wrong == []
