"""Names of sounds in a sentence: every class of the data sets that are read, and what may not come out of any name."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.yaml_text import read_yaml
from aig.prompts.banks import bank, banks
from aig.prompts.descriptions import known_labels
from aig.prompts.noun_phrases import noun_phrase

ESC_50 = """
dog rooster pig cow frog cat hen insects sheep crow rain sea_waves crackling_fire crickets chirping_birds water_drops
wind pouring_water toilet_flush thunderstorm crying_baby sneezing clapping breathing coughing footsteps laughing
brushing_teeth snoring drinking_sipping door_wood_knock mouse_click keyboard_typing door_wood_creaks can_opening
washing_machine vacuum_cleaner clock_alarm clock_tick glass_breaking helicopter chainsaw siren car_horn engine train
church_bells airplane fireworks hand_saw
"""
EVERY = sorted({*known_labels(), *ESC_50.split()})
"""AudioSet, its strong labels, FSD50K, VGGSound and ESC-50."""

OWN_PHRASES = read_yaml((files("aig.prompts") / "data" / "noun_phrases.yaml").read_text(encoding="utf-8"))["phrases"]


def is_written_out(label: str) -> bool:
    """Whether a name, or a part of it, has a phrase of its own; `Bathroom sounds` says what a sound is of."""
    text = label.replace("_", " ").lower()
    own = any(each in OWN_PHRASES for each in (text, *re.split(", | and ", text)))
    return own or text.endswith(("sound", "sounds"))


ARTICLE = re.compile(r"\b(an?) (\w+)")


@pytest.mark.parametrize(
    ("label", "phrase"),
    [
        ("Bark", "a bark"),
        ("Owl", "an owl"),
        ("Ukulele", "a ukulele"),
        ("Engine", "an engine"),
        ("Rain", "rain"),
        ("Furniture", "furniture"),
        ("Slurp, drinking straw", "a slurp or a drinking straw"),
        ("crunching gravel", "crunching gravel"),
        ("smoke alarm", "a smoke alarm"),
        ("the doorbell", "the doorbell"),
        ("some drips", "some drips"),
        ("a European siren", "a European siren"),
        ("Music", "music"),
        ("Angry music", "angry music"),
        ("Barking", "barking"),
        ("dog barking", "a dog barking"),
        ("Footsteps", "footsteps"),
        ("Bus", "a bus"),
        ("Glass", "glass"),
        ("Male singing", "male singing"),
        ("Child singing", "a child singing"),
        ("Male speech, man speaking", "a man speaking"),
        ("Male_speech_and_man_speaking", "a man speaking"),
        ("Vehicle horn, car horn, honking", "the horn of a car or another vehicle"),
        ("Bee, wasp, etc.", "a bee or a wasp"),
        ("Rock and roll", "rock and roll"),
        ("Ambulance (siren)", "an ambulance siren"),
        ("Keypress tone", "a keypress tone"),
        ("Singing bowl", "a singing bowl"),
        ("Sliding door", "a sliding door"),
        ("playing french horn", "playing a French horn"),
        ("playing table tennis", "playing table tennis"),
        ("Christmas music", "Christmas music"),
        ("CO detector", "a CO detector"),
        ("FM radio", "an FM radio"),
        ("UFO", "a UFO"),
        ("Run", "running"),
        ("Music of Asia", "music of Asia"),
        ("Bathroom sounds", "a bathroom"),
        ("The neighbour's dog", "the neighbour's dog"),
        ("people battle cry", "people battle cry"),
        ("tap dancing", "tap dancing"),
        ("Foo bar", "a foo bar"),
        ("", ""),
        (" , ", ","),
        ("crying_baby", "a crying baby"),
        ("door_wood_knock", "a knock on a wooden door"),
    ],
)
def test_a_name_gets_the_article_it_needs(label, phrase):
    assert noun_phrase(label) == phrase


@pytest.mark.parametrize("label", EVERY)
def test_every_class_is_a_noun_phrase(label):
    phrase = noun_phrase(label)
    assert phrase
    assert phrase == " ".join(phrase.split())
    assert not re.search(r"\b(?:an?|the) (?:an?|the)\b|_|etc\.|\bor or\b", phrase)
    assert phrase[0].islower() or phrase.split()[0] in {"French", "Christmas", "Christian", "Carnatic", "Middle"}
    for article, word in ARTICLE.findall(phrase):
        heard_as_consonant = word.startswith(("uk", "uni", "us", "eu", "one"))
        assert (article == "an") == (word[0].lower() in "aeiou" and not heard_as_consonant)


@pytest.mark.parametrize("label", [label for label in EVERY if not is_written_out(label)])
def test_no_word_of_a_name_is_lost(label):
    words = re.compile(r"[\w'-]+")
    assert set(words.findall(label.replace("_", " ").lower())) - {"and", "or"} <= set(
        words.findall(noun_phrase(label).lower())
    )


@given(st.text(max_size=60))
def test_any_name_comes_out_on_one_line_and_alike(label):
    phrase = noun_phrase(label)
    assert phrase == " ".join(phrase.split())
    assert bool(phrase) == bool(label.replace("_", " ").split())
    assert noun_phrase(f" {label}\n") == phrase


AGREES = re.compile(r"\{(?:label|first|second)\} (?:is|was|has|have|does|occurs?|begins?|lasts?|overlaps?)\b")
ASKS = re.compile(r"\b(?:[Ii]s|[Aa]re|[Dd]oes|[Dd]o) (?:there )?\{(?:label|first|second)\}")
PAPERS = {"temporal_single", "temporal_order"}
"""Their questions are as in the released sets: classes by their bare names."""


@pytest.mark.parametrize("task", sorted(set(banks()) - PAPERS))
def test_no_question_makes_a_sound_agree_with_a_verb(task):
    for base in bank(task).file.bases:
        without = re.sub(r"(?:sounds?|that|those|times) of \{\w+\}", "it", base)
        assert not AGREES.search(without), base
        assert not ASKS.search(without), base
