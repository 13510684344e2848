from types import SimpleNamespace

from datasets_registry.records import Clip, Event
from generators.closed_ended import closed_pairs
from generators.closed_ended.answers import ANSWERS
from generators.question_settings import QuestionSettings

DATASET = SimpleNamespace(closed_tasks=tuple(ANSWERS), copies=1)


def test_a_clip_without_fields_gets_no_question():
    assert list(closed_pairs(Clip(audio_id="x/1", dataset="x"), None, DATASET, 0, QuestionSettings())) == []


def test_temporal_answers_follow_the_events():
    clip = Clip(audio_id="x/1", dataset="x", events=(Event("Wind", 0, 10), Event("Chirp, tweet", 3.6, 3.9)))
    outputs = {pair.task: pair.output for pair in closed_pairs(clip, None, DATASET, 0, QuestionSettings())}
    assert outputs["temporal_order"] == (
        "Timestamps: Wind: [0.0s-10.0s]; Chirp, tweet: [3.6s-3.9s]. Sounds of Wind and Chirp, tweet are overlapped at "
        "[3.6s-3.9s]. Sound of Wind starts first and ends last."
    )
    assert outputs["temporal"] == "Label with timestamps: Wind: [0.0s-10.0s]; Chirp, tweet: [3.6s-3.9s]"
