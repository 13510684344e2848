"""Words that are certainly heard, in any script, and questions about them."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict

import pytest

from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.wording import spoken_words
from helpers.task_answers import answers, clip, measured


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Don't go--it's a well-known rock 'n' roll trap.",
            ["don't", "go", "it's", "a", "well-known", "rock", "n", "roll", "trap"],
        ),
        ("हिन्दी में बात करो", ["हिन्दी", "में", "बात", "करो"]),
        ("مَرْحَبًا بِكُم", ["مَرْحَبًا", "بِكُم"]),
        (unicodedata.normalize("NFD", "Ein Café für Käthe"), ["ein", "café", "für", "käthe"]),
        ("می\u200cخواهم بروم", ["میخواهم", "بروم"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
        ("Ηταν ένα ΣΠΙΤΙ", ["ηταν", "ένα", "σπιτι"]),
        ("", []),
        (" ... ?! ", []),
    ],
)
def test_words_of_any_script_are_whole(text: str, words: list[str]):
    assert spoken_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "我们今天去公园",
        "今日は公園に行きます",
        "สวัสดีครับทุกคน",
        "We sold 20 of them",
        "It costs $3 or so",
        "Fifty % of it",
        "[laughter] I know that",
        "Well (sigh) maybe then",
        "<unk> said that too",
        "He lives in the U.S. now",
        "Write to example.com today",
        "He and/or she came",
    ],
)
@pytest.mark.parametrize("task", ["word_count", "next_word", "word_said"])
def test_where_a_text_does_not_say_which_words_are_heard_none_is_asked_about(task: str, text: str):
    others = [measured(clip(n, text="The harbour froze early that winter")) for n in range(1, 30)]
    assert not answers(task, measured(clip(text=text)), others)


def test_a_word_with_a_hyphen_is_not_counted():
    assert not answers("word_count", measured(clip(text="Twenty-five sailors came")))
    assert answers("word_count", measured(clip(text="Several sailors came")))[0].output == "3."


@pytest.mark.parametrize(
    ("said", "absent", "asked"),
    [
        ("their", "there", False),
        ("write", "right", False),
        ("would", "wood", False),
        ("know", "no harbour", False),
        ("something", "thing", False),
        ("never", "ever", False),
        ("weather", "whether", False),
        ("threw", "through", False),
        ("harbour", "winter", True),
    ],
)
def test_no_word_that_may_be_heard_in_another_is_said_to_be_missing(said: str, absent: str, asked: bool):
    """Only one of the two has each word; homophones and parts of words are heard all the same."""
    items = [measured(clip(n, text=said if n % 2 else absent)) for n in range(40)]
    assert bool([a for item in items for a in answers("word_said", item, Peers(items))]) == asked


def test_a_common_word_is_said_to_be_missing_as_often_as_a_rare_one():
    rare = [f"{a}{b}{c}" for a in ("brim", "clo", "dus", "fla") for b in ("ta", "po", "mi") for c in ("ng", "lk", "rb")]
    items = [
        measured(clip(n, text=f"{'alongside' if n % 3 else 'beneath'} {rare[n % len(rare)]} we {rare[n * 7 % 31]}"))
        for n in range(1500)
    ]
    peers, found = Peers(items), defaultdict(Counter)
    for item in items:
        for answer in answers("word_said", item, peers):
            word = answer.slots["word"]
            assert (answer.output == "Yes.") == (word in item.clip.text.split())
            found[word][answer.output] += 1
    assert found["alongside"].total() > 100
    for word, counts in found.items():
        assert abs(counts["Yes."] - counts["No."]) < 4 * counts.total() ** 0.5, word
