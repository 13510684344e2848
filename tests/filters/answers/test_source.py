"""What betrays its source, and what only sounds like it, on sentences written for the purpose."""

import zlib
from pathlib import Path

import pytest

from aig.core.records import Clip, Features
from aig.filters.answers.filter import Pair, filter_pairs
from aig.filters.answers.settings import AnswerFilterSettings
from aig.filters.answers.source import source
from aig.prompts.open_ended import load, parse

CLIP = Clip(audio_id="x/1", dataset="x")
DATA = Path(__file__).parent / "data"


def written(name: str, *, held_back: bool) -> list[str]:
    """The sentences of a file; a third, by their hash, is held back: the rule was not shaped on it."""
    lines = (DATA / f"source_{name}.txt").read_text().splitlines()
    return [line for line in lines if line and line[0] != "#" and (zlib.crc32(line.encode()) % 3 == 0) == held_back]


def found(lines: list[str]) -> list[str]:
    return [line for line in lines if source(line, "", CLIP)]


@pytest.mark.parametrize("held_back", [False, True])
def test_precision_and_recall_on_written_sentences(held_back):
    betrays, stays = written("betrays", held_back=held_back), written("stays", held_back=held_back)
    hits, wrong = found(betrays), found(stays)
    missed = sorted(set(betrays) - set(hits))
    assert len(hits) >= 0.97 * len(betrays), missed
    assert len(hits) >= 0.97 * (len(hits) + len(wrong)), wrong


def test_levels_read_out_as_they_were_told_betray_them():
    assert source("How is the pitch?", "Very low among all people, and relatively low for a male speaker.", CLIP)
    assert source("How is the pitch?", "It is low for a man who is known among all people here.", CLIP) is None


def test_questions_and_answers_are_both_looked_at():
    assert source("What does he say?", "The metadata says that he is sad.", CLIP)
    assert source("What does the metadata say?", "He is sad.", CLIP)
    assert source("What does he say?", "He is sad.", CLIP) is None


def test_a_run_of_the_prompt_is_not_a_question():
    prompt = "Ask about what is particular to this clip: what makes a sound, and of what it is made."
    assert source("What is particular to this clip?", "", CLIP, None, prompt)
    assert source("What makes a sound like glass in the garden?", "", CLIP, None, prompt) is None
    assert source("What is the subject of this text?", "", CLIP)
    assert source("What does she write into the text message?", "", CLIP) is None


def test_measures_and_descriptions_of_sounds_betray_what_the_model_was_given():
    assert source("Is he tense?", "A relatively low F0 might show that he is.", CLIP)
    assert source("What does his fundamental frequency (F0) say?", "He is tense.", CLIP)
    assert source("What is heard?", "The sound of waves breaking on the shore is described as a heavy impact.", CLIP)
    told = Clip(audio_id="x/1", dataset="x", text="The fundamental frequency is twice as high.")
    assert source("What doubled?", "The fundamental frequency.", told) is None


def test_what_is_spoken_in_the_clip_may_be_talked_of():
    talk = Clip(audio_id="x/1", dataset="x", text="The metadata of a photograph tell where it was taken.")
    heard = Features(audio_id="x/1", duration_s=3, sample_rate=16000, transcript="Look at the video again!")
    question = "What do the metadata tell?"
    assert source(question, "", CLIP)
    assert source(question, "", talk) is None
    assert source("What happens in the video?", "", CLIP)
    assert source("What happens in the video?", "", CLIP, heard) is None


def test_hertz_of_the_voice_are_read_out_and_those_of_an_explanation_are_not():
    features = Features(audio_id="x/1", duration_s=3, sample_rate=16000, f0_hz=104.4)
    spoken = Clip(audio_id="x/1", dataset="x", text="Concert pitch is 440 hertz.")
    assert source("Why?", "It lies near 104 Hz.", CLIP, features)
    assert source("Why?", "It lies near 300 Hz.", CLIP, features) is None
    assert source("Why?", "The pitch is 440 Hz.", CLIP)
    assert source("Why?", "The pitch is 440 Hz.", spoken) is None


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("speech", "How do pitch, volume and speed fit the words, or work against them?"),
        ("speech", "What mood and attitude do the words and the voice convey together?"),
        ("audio", "What causes what, and what probably happened before or happens next?"),
        ("audio", "What causes what?"),
        ("audio", "What if?"),
        ("audio", "What takes thought?"),
        ("plain_audio", "What is so?"),
        ("joint", "How does the speaker or singer react to the sounds, cause them, or pay them no heed?"),
        ("music", "How could the piece be arranged or performed in another style?"),
    ],
)
def test_a_phrase_of_the_prompt_is_no_question(name, question):
    assert source(question, "", CLIP, None, load(name).body)


@pytest.mark.parametrize(
    "question",
    [
        "How does the low pitch fit the speaker's tired words?",
        "What probably happened before the dog began to bark?",
        "Why might the singer pay no heed to the crowd?",
        "How would the same sentence come across if she shouted it?",
        "What is the mood of the piece?",
        "Why?",
        "What barks?",
        "What takes time here?",
    ],
)
def test_a_question_of_its_own_is_not_one_of_the_prompt(question):
    for name in ("speech", "audio", "joint", "music"):
        assert source(question, "", CLIP, None, load(name).body) is None


def test_the_rule_drops_with_a_reason_and_can_be_switched_off():
    pair = Pair("Why is he calm?", "According to the metadata, the volume is low.")
    (gone,) = filter_pairs([pair], CLIP, None, AnswerFilterSettings())
    assert gone.rule == "source"
    assert "metadata" in gone.reason
    (stays,) = filter_pairs([pair], CLIP, None, AnswerFilterSettings(source=False))
    assert stays.rule == ""


def test_a_prompt_of_ones_own_is_held_against_its_own_phrases():
    prompt = parse(
        "---\nname: own\nversion: 1\nkind: speech\nsummary: s\npairs: 2\n---\n"
        "Ask which of two doors the man takes, and why he takes it.\n",
        "own@1.md",
    )
    asked = Pair("Which of the two doors does the man take?", "He takes the left one, as the steps tell.")
    (gone,) = filter_pairs([asked], CLIP, None, AnswerFilterSettings(), prompt=prompt.body)
    assert gone.rule == "source"
