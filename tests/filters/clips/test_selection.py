import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.records import Clip, Dropped, Event, Features
from aig.core.source_keys import KeyList
from aig.core.tables import from_batch, to_table
from aig.filters.clips import weighted_sampling
from aig.filters.clips.rules.not_in import HeldOut
from aig.filters.clips.selection import limit, select
from aig.filters.clips.settings import SelectSettings, target


def batches(clips, features=(), size=3):
    """Clips joined with their features, as the pipeline hands them over, `size` to a batch."""
    measured = {feature.audio_id: feature for feature in features}
    table = to_table(clips, Clip)
    columns = to_table(
        [measured.get(c.audio_id, Features(audio_id="", duration_s=0, sample_rate=0)) for c in clips], Features
    )
    absent = pa.array([c.audio_id not in measured for c in clips])
    for name in columns.column_names:
        if name not in table.column_names:
            column = columns.column(name).combine_chunks()
            null = pa.nulls(len(clips), column.type)
            table = table.append_column(name, pa.compute.if_else(absent, null, column))
    return table.to_batches(max_chunksize=size)


def clip(number, *labels, **fields):
    return Clip(audio_id=f"d/{number:05d}", dataset="d", labels=labels or None, path=f"{number}.wav", **fields)


def spoken(clip, text, probability=0.05, duration_s=10.0, **fields):
    return Features(
        audio_id=clip.audio_id, duration_s=duration_s, sample_rate=16_000, transcript=text,
        no_speech_prob=probability, **fields,
    )  # fmt: skip


label_lists = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=4, unique=True), max_size=60)


@settings(max_examples=60, deadline=None)
@given(label_lists, st.integers(1, 70), st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_draw_has_its_size_and_is_the_same_whatever_the_order(lists, size, seed, random):
    clips = [clip(i, *labels) for i, labels in enumerate(lists)]
    drawn = select(batches(clips), SelectSettings(draw=size), seed)
    assert len(drawn.kept) == min(size, len(clips))
    shuffled = random.sample(clips, len(clips))
    again = select(batches(shuffled, size=7), SelectSettings(draw=size), seed)
    assert set(drawn.kept.to_pylist()) == set(again.kept.to_pylist())
    gone = [record for batch in drawn.dropped() for record in from_batch(batch, Dropped)]
    assert sorted([*drawn.kept.to_pylist(), *(record.audio_id for record in gone)]) == [c.audio_id for c in clips]


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30), st.data())
def test_a_clip_is_never_less_likely_when_its_weight_grows(weights, data):
    """For whatever random numbers: a drawn clip stays drawn when it becomes heavier, all else being equal."""
    weight = np.array(weights)
    uniform = np.array(data.draw(st.lists(st.floats(0.001, 0.999), min_size=len(weight), max_size=len(weight))))
    size = data.draw(st.integers(1, len(weight)))
    one = data.draw(st.integers(0, len(weight) - 1))
    heavier = weight.copy()
    heavier[one] += data.draw(st.floats(0.1, 100))
    if one in weighted_sampling.draw(uniform, weight, size):
        assert one in weighted_sampling.draw(uniform, heavier, size)


@given(label_lists)
def test_the_weight_is_the_sum_over_labels_and_rarer_labels_weigh_more(lists):
    labels = weighted_sampling.Labels()
    labels.append(pa.array(lists, pa.list_(pa.string())))
    codes, bounds = labels.finish()
    count = Counter(label for clip in lists for label in clip)
    found = weighted_sampling.weights(codes, bounds, len(labels.names))
    for clip_labels, weight in zip(lists, found, strict=True):
        assert math.isclose(weight, sum(1000 / (count[label] + 0.01) for label in clip_labels), abs_tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(label_lists.filter(lambda lists: any(lists)), st.integers(1, 70), st.integers(0, 5), st.data())
def test_a_clip_with_rarer_labels_is_never_less_likely(lists, size, seed, data):
    """Give a drawn clip labels that are rarer, or one more: it is drawn all the more."""
    index = data.draw(st.sampled_from([i for i, labels in enumerate(lists) if labels]))
    clips = [clip(i, *labels) for i, labels in enumerate(lists)]
    richer = [*clips[:index], clip(index, *lists[index], "seen nowhere else"), *clips[index + 1 :]]
    before, after = (
        select(batches(some), SelectSettings(draw=size), seed).kept.to_pylist() for some in (clips, richer)
    )
    if clips[index].audio_id in before:
        assert clips[index].audio_id in after


def test_another_seed_draws_other_clips():
    clips = [clip(i, "a") for i in range(200)]
    first, same, other = (
        set(select(batches(clips), SelectSettings(draw=50), seed).kept.to_pylist()) for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


def test_the_draw_follows_the_weights():
    """Of 1000 clips, 50 are rare: drawn one by one in proportion to 20 x the weight, nearly all come among 300."""
    clips = [clip(i, "rare" if i < 50 else "common") for i in range(1000)]
    kept = [
        set(select(batches(clips, size=500), SelectSettings(draw=300), seed).kept.to_pylist()) for seed in range(20)
    ]
    rare = np.mean([sum(c.audio_id in found for c in clips[:50]) for found in kept])
    # Expected by drawing one after another: 1 - E[share left]; solved for t with 950(1-e^-t) + 50(1-e^-19t) = 300.
    t = next(t for t in np.arange(0, 1, 1e-4) if 950 * (1 - math.exp(-t)) + 50 * (1 - math.exp(-19 * t)) >= 300)
    assert rare == pytest.approx(50 * (1 - math.exp(-19 * t)), abs=0.6)


def test_the_report_shows_a_balanced_draw_beside_a_uniform_one():
    clips = [clip(i, "rare" if i % 20 == 0 else "common") for i in range(2000)]
    report = select(batches(clips, size=500), SelectSettings(draw=200), 0).labels
    assert report.counts["common"][0] == 1900
    assert report.counts["rare"][1] > 2 * report.counts["rare"][2]
    assert report.after.effective_labels > 1.9 > report.uniform.effective_labels
    assert report.before.entropy_bits == pytest.approx(0.286, abs=0.001)


def test_each_rule_takes_what_fails_it_first_and_gives_its_reason():
    clips = [clip(i, "Speech") for i in range(7)]
    sentence = "we went down to the river today"
    features = [
        spoken(clips[0], sentence),
        spoken(clips[1], sentence, probability=0.2),
        spoken(clips[2], "only five words are here"),
        spoken(clips[3], "Thanks for Watching!", hallucination="a stock phrase"),
        spoken(clips[4], "Thank you for watching the kids this afternoon"),
        spoken(clips[5], sentence, hallucination="found before"),
    ]
    found = select(batches(clips, features), SelectSettings(max_no_speech_prob=0.2, min_words=6), 0)
    assert found.kept.to_pylist() == ["d/00000", "d/00004"]
    gone = {r.audio_id: (r.rule, r.reason) for batch in found.dropped() for r in from_batch(batch, Dropped)}
    assert gone["d/00001"] == ("max_no_speech_prob", "probability of no speech 0.200, not below 0.2")
    assert gone["d/00002"] == ("min_words", "5 words, fewer than 6")
    assert gone["d/00003"][1] == "hallucinated transcript: a stock phrase"
    assert gone["d/00005"][1] == "hallucinated transcript: found before"
    assert gone["d/00006"][1] == "no speech recognition was run"
    assert [(r.rule, r.seen, r.dropped) for r in found.rules] == [("max_no_speech_prob", 7, 4), ("min_words", 3, 1)]


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"min_duration_s": 2}, [1, 2]),
        ({"max_duration_s": 10}, [0, 1]),
        ({"not_silent": True}, [0, 2]),
        ({"languages": ["en"]}, [0, 1]),
        ({"labels": ["Dog"]}, [0, 2]),
        ({"without_labels": ["Dog"]}, [1]),
        ({"labels": ["Bark"]}, [2]),
        ({"labels": ["Animal"]}, [1]),
        ({"labels": ["Bird"]}, []),
        ({"without_labels": ["Animal", "Bark"]}, [0]),
    ],
)
def test_every_rule_may_be_named_for_any_dataset(rule, kept):
    clips = [
        clip(0, "Dog"),
        clip(1, "Cat", parents=("Animal",)),
        clip(2, "Cat", "Dog", events=(Event("Bark", 0.5, 1),)),
    ]
    features = [
        spoken(clips[0], "", duration_s=1.0, language="en", sounds=("Bird",)),
        spoken(clips[1], "", duration_s=10.0, language="en", silent=True),
        spoken(clips[2], "", duration_s=10.1, language="de"),
    ]
    found = select(batches(clips, features), SelectSettings(**rule), 0)
    assert found.kept.to_pylist() == [clips[i].audio_id for i in kept]


def test_clips_that_lack_a_field_go():
    clips = [clip(0, age=30), clip(1), clip(2, "Dog", age=0), clip(3, "Dog")]
    kept = select(batches(clips), SelectSettings(has=("age",)), 0).kept.to_pylist()
    assert kept == ["d/00000", "d/00002"]
    both = select(batches(clips, [spoken(clips[0], "")]), SelectSettings(has=("age", "labels")), 0)
    (gone, *_) = [record for batch in both.dropped() for record in from_batch(batch, Dropped)]
    assert (gone.rule, gone.reason) == ("has", "has no labels")
    assert select(batches(clips, [spoken(clips[0], "")]), SelectSettings(has=("transcript",)), 0).kept.to_pylist() == []
    with pytest.raises(ValueError, match="height"):
        SelectSettings(has=("height",))


def test_labels_are_compared_whatever_their_capitals():
    clips = [clip(0, "Dog barking"), clip(1, "Rain")]
    assert select(batches(clips), SelectSettings(labels=("dog barking",)), 0).kept.to_pylist() == ["d/00000"]
    assert select(batches(clips), SelectSettings(without_labels=("dog barking",)), 0).kept.to_pylist() == ["d/00001"]


def test_times_beyond_the_end_belong_to_another_recording():
    ends = (9.9, 10.4, 10.6, 99.0)
    clips = [clip(i, events=(Event("Dog", 1, 2), Event("Bark", 0.5, end))) for i, end in enumerate(ends)]
    features = [spoken(c, "", duration_s=10.0) for c in clips[:3]]
    found = select(batches(clips, features), SelectSettings(), 0)
    assert found.kept.to_pylist() == ["d/00000", "d/00001", "d/00003"]  # the last was not measured
    (gone,) = [r for batch in found.dropped() for r in from_batch(batch, Dropped)]
    assert (gone.rule, gone.reason) == ("events_within_clip", "'Bark' ends at 10.60 s, the clip at 10.00 s")
    everything = select(batches(clips, features), SelectSettings(events_within_clip=False), 0)
    assert len(everything.kept) == 4


def test_what_a_tagger_heard_counts_where_nobody_annotated():
    clips = [clip(0), clip(1, "Cat")]
    features = [spoken(c, "", sounds=("Dog",)) for c in clips]
    found = select(batches(clips, features), SelectSettings(labels=("Dog",)), 0)
    assert found.kept.to_pylist() == ["d/00000"]


def test_the_draw_comes_before_the_rules_and_keep_after_them():
    clips = [clip(i, "a") for i in range(100)]
    features = [spoken(c, "one two three four five six", duration_s=1 + i % 2) for i, c in enumerate(clips)]
    found = select(batches(clips, features), SelectSettings(draw=60, min_duration_s=2, keep=10), 0)
    assert len(found.kept) == 10
    assert [(r.rule, r.seen) for r in found.rules][:2] == [("draw", 100), ("min_duration_s", 60)]
    assert sum(r.dropped for r in found.rules) == 90


def test_a_limit_is_the_draw_under_its_own_name():
    clips = [clip(i, "rare" if i % 9 == 0 else "common") for i in range(90)]
    limited, drawn = limit(batches(clips), 20, seed=3), select(batches(clips), SelectSettings(draw=20), seed=3)
    assert limited.kept.equals(drawn.kept)
    assert [(r.rule, r.seen, r.dropped) for r in limited.rules] == [("limit", 90, 70)]


def test_nothing_in_gives_nothing_out():
    found = select([], SelectSettings(draw=5, keep=3), 0)
    assert (len(found.kept), list(found.dropped())) == (0, [])


def test_a_selection_is_about_a_dataset_or_one_kind_of_questions():
    names = ("audioset", "audioset_strong", "my_calls")
    assert target("audioset", names, ("joint",)) == ("audioset", None)
    assert target("audioset_joint", names, ("joint",)) == ("audioset", "joint")
    assert target("my_calls_speech_age", names, ("age", "speech_age")) == ("my_calls", "speech_age")
    assert target("vggsound_joint", names, ("joint",)) is None


def test_clips_of_test_sets_go_and_are_counted():
    clips = [
        clip(1, source_key="youtube:abcdefghijk@30-40"),
        clip(2, source_key="youtube:abcdefghijk@40-50"),
        clip(3, source_key="freesound:7"),
        clip(4),
    ]
    lists = (KeyList.of("caps/test", ["youtube:abcdefghijk@35-45"]), KeyList.of("esc50", ["freesound:7"]))
    held_out = HeldOut(lists)
    outcome = select(batches(clips), SelectSettings(), 0, held_out)
    gone = [record for batch in outcome.dropped() for record in from_batch(batch, Dropped)]
    assert [(one.audio_id, one.rule) for one in gone] == [(f"d/0000{n}", "not_in") for n in (1, 2, 3)]
    assert gone[0].reason == ("youtube:abcdefghijk from 30 to 40 s shares time with 35 to 45 s of the list caps/test")
    assert outcome.kept.to_pylist() == ["d/00004"]
    assert (held_out.clips, held_out.compared, held_out.found) == (4, 3, {"caps/test": 2, "esc50": 1})


def test_another_part_of_a_tested_recording_stays_unless_asked():
    clips = [clip(1, source_key="youtube:abcdefghijk@40-50")]
    lists = (KeyList.of("caps/test", ["youtube:abcdefghijk@30-40"]),)
    assert len(select(batches(clips), SelectSettings(), 0, HeldOut(lists)).kept) == 1
    assert len(select(batches(clips), SelectSettings(), 0, HeldOut(lists, same_recording=True)).kept) == 0
