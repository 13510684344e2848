"""From a clip to a request, and from a reply to judged rows with their lineage."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from aig.core.records import Clip, Event, Features, Measured
from aig.extractors.transcript_cleaning import spoken_text
from aig.filters.answers.settings import AnswerFilterSettings
from aig.generators.chat import Reply
from aig.generators.open_ended.pairs import HOLDS_NOTHING, chat_request, pairs
from aig.generators.settings import GenerateSettings
from aig.prompts.metadata import sounds
from aig.prompts.open_ended import load

CLIP = Clip(audio_id="x/1", dataset="x", gender="male", text="Hello {{ there }}", split="dev", labels=("Dog",))
FEATURES = Features(
    audio_id="x/1", duration_s=3, sample_rate=16000, transcript=" Hello there.", no_speech_prob=0.1, extractor="e1"
)
LONG = "because the words are kind and the voice that says them is warm and slow"


def of(clip, features=None):
    return Measured(clip, features, spoken_text(features), sounds(clip, features))


def reply(*written, content=None, finish_reason="stop"):
    text = json.dumps({"pairs": [{"q": q, "a": a} for q, a in written]}) if content is None else content
    return Reply(
        key="k1",
        content=text,
        model="served-model",
        request_id="r1",
        finish_reason=finish_reason,
        input_tokens=1,
        output_tokens=1,
        cost_usd="0",
        answered_at=0.0,
    )


def test_the_request_follows_prompt_dataset_and_settings():
    speech = load("speech")
    request = chat_request(of(CLIP, FEATURES), speech, GenerateSettings(), pairs=7)
    assert request is not None
    assert request.parameters == {"max_tokens": 2048, "response_format": {"type": "json_object"}}
    assert request.schema is None
    assert (request.dataset, request.prompt) == ("x", "speech@1")
    assert "Write 7 question-answer pairs" in request.messages[0]["content"]
    assert request.messages[1]["content"].startswith('Speech content: "Hello {{ there }}"; Speaker gender: male')


def test_settings_go_before_the_prompt_and_the_dataset():
    settings = GenerateSettings(
        max_tokens=300,
        max_tokens_name="max_completion_tokens",
        temperature=0.5,
        response_format="json_schema",
        questions={"pairs": 2},
    )
    request = chat_request(of(CLIP, FEATURES), load("speech"), settings, pairs=7)
    assert request is not None
    assert request.parameters == {"max_completion_tokens": 300, "temperature": 0.5}
    assert request.schema is not None
    assert request.schema["required"] == ["pairs"]
    assert "Write 2 question-answer pairs" in request.messages[0]["content"]


def test_nothing_is_asked_about_a_clip_without_what_the_kind_is_about():
    bare = Clip(audio_id="x/2", dataset="x")
    for kind in ("audio", "speech", "speech_emotion", "speech_age", "music", "joint"):
        assert chat_request(of(bare), load(kind), GenerateSettings()) is None
    no_speech = replace(FEATURES, no_speech_prob=0.9)
    unheard = of(Clip(audio_id="x/2", dataset="x", labels=("Dog",)), no_speech)
    assert chat_request(unheard, load("joint"), GenerateSettings()) is None


def test_rows_carry_their_lineage():
    speech = load("speech")
    rows, dropped = pairs(reply(("Why?", LONG)), of(CLIP, FEATURES), speech, AnswerFilterSettings(), seed=3)
    assert dropped == []
    (row,) = rows
    assert (row.instruction, row.output, row.input) == ("Why?", LONG, "Hello there.")
    assert (row.task, row.source, row.dataset, row.split) == ("open-ended question", "model", "x", "dev")
    assert (row.prompt, row.prompt_sha256, row.seed, row.extractor) == ("speech@1", speech.sha256, 3, "e1")
    assert (row.model, row.request_id, row.finish_reason) == ("served-model", "k1", "stop")


def test_every_pair_the_model_wrote_is_a_row_or_a_drop():
    whole = json.dumps(
        {
            "pairs": [
                {"q": "Why?", "a": LONG},
                {"q": "why", "a": f"It is {LONG}"},
                {"q": "What?", "a": "Short."},
                {"q": "", "a": LONG},
                {"q": "Who is it?", "a": "The speaker is a woman, as one can tell from the voice right away"},
                {"q": "Where?", "a": "It cannot be determined from the recording where the speaker is at the moment."},
                {"q": "Cut?", "a": "off here"},
            ]
        }
    )
    rows, dropped = pairs(
        reply(content=whole[:-8], finish_reason="length"), of(CLIP, FEATURES), load("speech"), AnswerFilterSettings()
    )
    assert [(row.instruction, row.answerable) for row in rows] == [("Why?", True), ("Where?", False)]
    rules = Counter(drop.rule for drop in dropped)
    assert {drop.prompt for drop in dropped} == {"speech@1"}
    assert rules == {"duplicate": 1, "short": 1, "empty": 1, "contradiction": 1, "cut": 1}
    assert next(drop.reason for drop in dropped if drop.rule == "cut").endswith("(finish reason: length)")


def test_sounds_that_the_clip_lacks_are_contradictions_and_relatives_are_not():
    heard = Clip(audio_id="x/1", dataset="x", events=(Event("Dog", 0, 2),))
    written = (
        ("What else?", "The sound of thunder rolls through the valley while everybody is asleep at home."),
        ("And then?", "The sound of barking fills the yard while everybody is asleep at home, as it seems."),
    )
    rows, dropped = pairs(reply(*written), of(heard), load("audio"), AnswerFilterSettings())
    assert [row.instruction for row in rows] == ["And then?"]
    assert [drop.rule for drop in dropped] == ["contradiction"]


@pytest.mark.parametrize("hostile", ["{{ 7*7 }}", "{% for x in y %}", "{0} %s %(a)s ${b}", '"}]}', "\\ \u202e 🙂 '"])
def test_untrusted_text_stays_text(hostile):
    clip = Clip(audio_id="x/1", dataset="x", text=hostile, title=hostile, labels=(hostile,), captions=(hostile,))
    told = " ".join(hostile.split())
    for kind in ("audio", "speech", "music"):
        request = chat_request(of(clip), load(kind), GenerateSettings())
        assert request is not None
        assert told in request.messages[1]["content"]
        plain = chat_request(
            of(replace(clip, text="a", title="a", labels=("a",), captions=("a",))), load(kind), GenerateSettings()
        )
        assert plain is not None
        assert request.messages[0] == plain.messages[0]


def test_requests_differ_where_anything_that_shapes_the_answer_does():
    keys = {
        chat_request(of(clip, FEATURES), load(prompt), GenerateSettings(model=model)).key
        for clip in (CLIP, replace(CLIP, gender="female"))
        for prompt in ("speech", "speech_emotion")
        for model in ("a", "b")
    }
    assert len(keys) == 8


@pytest.mark.parametrize(
    ("said", "rule", "reason"),
    [
        ({"content": "", "finish_reason": "length"}, "token_limit", "before the answer began"),
        ({"content": "", "finish_reason": "content_filter"}, "content_filter", "held the reply back"),
        ({"content": " ", "finish_reason": "stop"}, "empty_reply", "finish reason: stop"),
        ({"content": "", "finish_reason": "tool_calls"}, "empty_reply", "tool_calls"),
        ({"content": "", "finish_reason": ""}, "empty_reply", "not reported"),
        ({"content": "I'm sorry, but I can't help with that."}, "refusal", "I'm sorry, but I can't"),
        ({"content": '{"pairs": []}'}, "no_pairs", '{"pairs": []}'),
        ({"content": "Sure!\nHere are some thoughts. " * 20}, "no_pairs", "Sure! Here are some"),
    ],
)
def test_a_reply_that_holds_no_pair_is_dropped_with_the_reason(said, rule, reason):
    rows, dropped = pairs(reply(**said), of(CLIP, FEATURES), load("speech"), AnswerFilterSettings())
    assert rows == []
    (one,) = dropped
    assert (one.rule, one.audio_id, one.prompt) == (rule, "x/1", "speech@1")
    assert reason in one.reason
    assert len(one.reason) < 200
    assert rule in HOLDS_NOTHING


def test_a_refusal_is_passed_on():
    refused = replace(reply(content=""), refusal="I can't\nhelp with that.")
    _, (one,) = pairs(refused, of(CLIP, FEATURES), load("speech"), AnswerFilterSettings())
    assert (one.rule, one.reason) == ("refusal", "the model refused: I can't help with that.")
