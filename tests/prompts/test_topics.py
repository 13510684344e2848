"""Topics: drawn for each clip among those that suit it, the same at every run, and told in the prompt's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Features
from aig.prompts.open_ended import load, load_all, new_version, parse, render
from aig.prompts.topics import Topic, draw_topics, known

BARE = Clip(audio_id="x/1", dataset="x", captions=("A dog barks.",))
FULL = Clip(
    audio_id="x/2",
    dataset="x",
    labels=("Dog", "Speech"),
    events=(Event("Dog", 0.0, 1.0), Event("Speech", 2.0, 3.0)),
    captions=("A dog barks and a man speaks.",),
    text="Sit!",
    gender="male",
    age=40,
    emotion="angry",
    sentiment=-1,
    genres=("Folk",),
    title="Sit",
)
MEASURED = Features(
    audio_id="x/2", duration_s=5.0, sample_rate=16_000, pitch_level="low", snr_level="clean", tempo_level="slow"
)
GUIDED = [name for name in load_all() if name.startswith("guided_")]

FILE = """---
name: speech
version: 2
kind: speech
pairs: 4
topics:
  - ask: "What is it about?"
  - {ask: "What does the voice tell?", needs: [voice]}
message: |-
  {{ metadata }}
  {% for topic in topics %}{{ loop.index }}. {{ topic }}
  {% endfor %}
---
Write {{ pairs }} pairs.
"""


def test_everything_that_may_be_needed_is_known_of_a_clip_that_has_it_all():
    needed = {need for name in GUIDED for topic in load(name).head.topics for need in topic.needs}
    assert needed <= known(FULL, MEASURED, "Sit!")
    assert known(FULL, MEASURED, "Sit!") == {
        *("age", "captions", "emotion", "gender", "genres", "recording", "sentiment", "several_sounds", "sounds"),
        *("tempo", "times", "title", "voice", "words"),
    }
    assert known(BARE, None, "") == {"captions"}


@given(
    st.sets(st.sampled_from(["words", "voice", "captions", "sounds", "times"])), st.integers(1, 9), st.integers(0, 99)
)
def test_a_draw_holds_suitable_topics_once_each_and_depends_on_seed_and_clip_alone(needs, wanted, seed):
    topics = [Topic(ask=f"{number}", needs=(need,)) for number, need in enumerate(sorted(needs))] + [Topic(ask="any")]
    for clip, features in ((BARE, None), (FULL, MEASURED)):
        there = known(clip, features, "")
        fit = {topic.ask[0] for topic in topics if there.issuperset(topic.needs)}
        drawn = draw_topics(topics, clip, features, "", wanted, seed)
        assert len(drawn) == len(set(drawn)) == min(wanted, len(fit))
        assert set(drawn) <= fit
        assert drawn == draw_topics(topics, clip, features, "", wanted, seed)


def test_every_topic_is_drawn_as_often_as_any_other():
    topics = [Topic(ask=str(number)) for number in range(5)]
    drawn = [
        topic
        for number in range(2_000)
        for topic in draw_topics(topics, Clip(audio_id=f"x/{number}", dataset="x"), None, "", 2, 0)
    ]
    assert all(abs(drawn.count(topic.ask[0]) - 800) < 90 for topic in topics)  # 800 expected, a deviation is 22


def test_a_clip_is_asked_for_as_many_pairs_as_topics_suit_it():
    prompt = parse(FILE, "speech@2.md")
    clip = Clip(audio_id="x/1", dataset="x", text="Hello {{ topics }}")
    system, user = render(prompt, clip)
    assert system["content"] == "Write 1 pairs."
    assert user["content"].endswith("1. What is it about?\n")
    assert "{{ topics }}" in user["content"]
    voice = Features(audio_id="x/1", duration_s=1.0, sample_rate=16_000, pitch_level="low")
    system, user = render(prompt, clip, voice)
    assert system["content"] == "Write 2 pairs."
    assert "What does the voice tell?" in user["content"]
    assert render(prompt, clip, voice, pairs=1)[0]["content"] == "Write 1 pairs."


def test_a_topic_is_drawn_in_one_of_its_wordings():
    topics = [Topic(ask=("What is it?", "What can it be?")), Topic(ask="Where is it?")]
    drawn = [draw_topics(topics, Clip(audio_id=f"x/{n}", dataset="x"), None, "", 2, 0) for n in range(200)]
    assert all(len({"What is it?", "What can it be?"} & set(two)) == 1 and "Where is it?" in two for two in drawn)
    assert 60 < sum("What is it?" in two for two in drawn) < 140


@pytest.mark.parametrize(
    ("topics", "says"),
    [
        ("[{ask: a, needs: [words]}]", "every clip"),
        ("[{ask: a}, {ask: a, needs: [words]}]", "same"),
        ("[{ask: [a, b]}, {ask: b, needs: [words]}]", "same"),
        ("[{ask: []}]", "at least 1 item"),
        ("[{ask: ''}]", "at least 1 character"),
        ("[{ask: a, needs: [colour]}]", "Input should be 'age'"),
        ("[a]", "valid dictionary"),
    ],
)
def test_wrong_topics_are_refused_with_the_reason(topics, says):
    with pytest.raises(UsageError, match=says):
        parse(f"---\nname: speech\nversion: 2\nkind: speech\ntopics: {topics}\n---\nWrite.\n", "speech@2.md")


def test_a_new_version_keeps_the_topics():
    prompt = parse(FILE, "speech@2.md")
    _, text = new_version(prompt, "speech", [prompt.id])
    assert parse(text, "speech@3.md").head.topics == prompt.head.topics


@pytest.mark.parametrize("name", GUIDED)
def test_guided_prompts_ask_what_their_example_does_not_show(name):
    prompt = load(name)
    shown = prompt.body[prompt.body.index("Example.") :].casefold()
    wordings = [wording for topic in prompt.head.topics for wording in topic.ask]
    assert len(wordings) >= 4 * len(prompt.head.topics)
    assert not [wording for wording in wordings if wording.casefold() in shown]
    system, user = render(prompt, FULL, MEASURED, transcript="Sit!", pairs=3)
    assert "exactly 3 entries" in system["content"]
    assert user["content"].startswith("One hears this. ")
    assert "3. " in user["content"]
    assert "4. " not in user["content"]
    told = render(prompt, FULL, MEASURED, transcript="Sit!", with_topics=False)[1]["content"]
    assert user["content"].startswith(f"{told}\n\nQuestions to put:\n1. ")
