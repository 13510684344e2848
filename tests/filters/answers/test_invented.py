"""Numbers and names that nobody gave, and those that follow from what is known."""

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from aig.core.records import Clip, Event, Features
from aig.filters.answers.filter import Pair, filter_pairs
from aig.filters.answers.invented import invented
from aig.filters.answers.settings import AnswerFilterSettings

DATA = Path(__file__).parent / "data"
BARKS = tuple(Event("Bark", onset, onset + 0.4) for onset in (1.5, 3.0, 5.0))
CLIPS = {
    "dog": Clip(
        audio_id="x/dog",
        dataset="x",
        labels=("Rain", "Bark", "Bell"),
        events=(Event("Rain", 0.0, 10.0), *BARKS, Event("Bell", 8.0, 10.0)),
    ),
    "crowd": Clip(
        audio_id="x/crowd",
        dataset="x",
        labels=("Hubbub, speech noise, speech babble",),
        captions=("Many people talk at once in a crowded room.",),
    ),
    "speech": Clip(audio_id="x/s", dataset="x", gender="male", text="The ferry leaves in two minutes, drink up."),
    "music": Clip(
        audio_id="x/m", dataset="x", genres=("Folk", "Pop"), title="Last Train Home", text="I hear the train again"
    ),
}
MEASURED = {"dog": Features(audio_id="x/dog", duration_s=10.0, sample_rate=16_000)}


def found(line: str) -> str | None:
    clip, question, answer = (part.strip() for part in line.split("|"))
    return invented(question, answer, CLIPS[clip], MEASURED.get(clip))


@pytest.mark.parametrize("held_back", [False, True])
def test_precision_and_recall_on_written_pairs(held_back):
    goes, stays = (
        [
            line
            for line in (DATA / f"invented_{name}.txt").read_text().splitlines()
            if line and line[0] != "#" and (zlib.crc32(line.encode()) % 3 == 0) == held_back
        ]
        for name in ("goes", "stays")
    )
    missed = [line for line in goes if not found(line)]
    wrong = [line for line in stays if found(line)]
    assert len(missed) <= 0.15 * len(goes), missed
    assert not wrong


def test_a_name_that_is_spoken_may_be_said_in_any_case():
    spoken = Clip(audio_id="x/1", dataset="x", text="denzil did look, and uttered a second cry")
    assert invented("Who looks?", "It is Denzil who looks and cries out.", spoken) is None
    assert (
        invented("Who looks?", "It is Denzil's friend Jack who looks.", spoken)
        == "names 'Jack', which nobody mentioned"
    )


def test_a_century_is_a_number():
    told = "It is likely the 17th century that is spoken of."
    assert invented("Which time is it?", told, CLIPS["speech"]) == "says '17th century', a number that nobody gave"
    of_it = Clip(audio_id="x/1", dataset="x", text="In the 17th century they drank beer.")
    assert invented("Which time is it?", told, of_it) is None


def test_a_sex_is_invented_only_where_nobody_told_one():
    told = "The speaker is female and calm, as it seems."
    nobody = Clip(audio_id="x/1", dataset="x", text="Good evening.")
    assert invented("Who speaks?", told, nobody)
    assert invented("Who speaks?", told, replace(nobody, gender="female")) is None
    assert invented("Who speaks?", told, replace(nobody, captions=("A woman speaks.",))) is None


def test_the_filter_gives_its_reason_and_can_be_switched_off():
    pairs = [Pair("How often?", "The dog barks seven times in the rain.")]
    (result,) = filter_pairs(pairs, CLIPS["dog"], None, AnswerFilterSettings())
    assert (result.rule, result.reason) == ("invented", "says 'seven times', a number that nobody gave")
    (result,) = filter_pairs(pairs, CLIPS["dog"], None, AnswerFilterSettings(invented=False))
    assert result.rule == ""


@pytest.mark.parametrize(
    ("question", "answer", "name"),
    [
        ("What would be a good title for it?", "The Sound of a Metal Strike", None),
        ("What would be a good title for it?", "Look Out for What? - A Warning", None),
        ("Which headline would fit?", "Storm Ahead: A Long Night", None),
        ("What could one call this?", "'The Long Walk Home'", None),
        ("Which title would fit, and why?", "It could be 'The Dog's Rainy Ground', as a dog barks.", None),
        ("Which title would fit, and why?", "It could be 'Rainy Ground' or ‘Wet Dogs’, as in Berlin.", "Berlin"),
        ("What would be a good title for it?", "The title could name Berlin.", "Berlin"),
        ("Who is it?", "Probably Queen Victoria.", "Queen"),
        ("Where is it recorded?", "It is London Bridge.", "London"),
    ],
)
def test_words_of_a_title_are_not_names(question, answer, name):
    reason = invented(question, answer, CLIPS["dog"], MEASURED["dog"])
    assert reason == (f"names {name!r}, which nobody mentioned" if name else None)
