"""The acoustic descriptions hold to their rules: ten per class, well formed, distinct, and silent about the label."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from importlib import resources
from itertools import combinations
from pathlib import Path

import pytest

from aig.prompts.descriptions import descriptions

FOLDER = resources.files("aig.prompts") / "data" / "descriptions"
FILES = sorted(file.name.removesuffix(".jsonl") for file in FOLDER.iterdir() if file.name.endswith(".jsonl"))
DATASETS = ("audioset", "audioset_strong", "fsd50k", "vggsound")
MAX_USES = 3  # classes that may share a phrase

# Words of a label that tell nothing of the class, so that a description may use them.
GENERIC = frozenset(
    re.findall(
        "[a-z]+",
        "a and as at by close closing driving etc frequency from generic heavy high human in instrument instruments is "
        "large light low medium mid of on open opening or other people performance playing s single small sound sounds "
        "specific technique the to tool unknown up using with",
    )
)


# What a listener to ten seconds cannot check, by kind: an order in time, of which a clip may hold only a part; a length
# or a time of day beyond the clip; why a sound is made, or what it does to whoever hears it.
UNCHECKABLE = {
    "an order in time": r"then|before|beforehand|after|afterwards?|aftermath|until|follow\w*|finally|later|next|again|"
    r"eventually|at first|first|last|lastly|begins?|beginning|starts|ends|ending|when|whenever|while|as it|as they",
    "a length or time beyond the clip": r"minutes|(?:every|each|half a?) minute|minute-long|minutes-long|hours?|days?|"
    r"nights?|night-\w+|morning\S*|evening\S*|dawn|dusk|summer|winter|years?|season\w*|usually|often|sometimes|"
    r"rare|rarely|seldom|never|always|now and",
    "a purpose or a listener's mind": r"impatient\w*|contagious|involuntar\w+|warning|territorial|courtship|mating|"
    r"alarm|provoked|ignored|excited|hungry|angry|to attract|attention-seeking",
}


def uncheckable(text: str) -> list[str]:
    """The kinds of what no listener can check that a description asserts."""
    return [kind for kind, words in UNCHECKABLE.items() if re.search(rf"(?<![\w-])(?:{words})(?![\w-])", text)]


def rows(name: str) -> list[tuple[str, list[str]]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [(row["label"], row["descriptions"]) for row in map(json.loads, text.splitlines())]


ROWS = [(name, label, texts) for name in FILES for label, texts in rows(name)]


def stem(word: str) -> str:
    """Cut the endings of inflection, so that `barking`, `barked` and `barks` meet at `bark`."""
    cut = re.sub(r"(?<=...)(ings|ing|ers|er|ed|ous|es|y|s|e)$", "", word)
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] not in "sl" else cut


def leaks(label: str, text: str) -> set[str]:
    """The words of a description that are words of the label, inflected or compounded (`drop` in `Raindrop`)."""
    stems = {stem(word) for word in re.findall("[a-z]+", label.lower()) if word not in GENERIC}

    def same(one: str, other: str) -> bool:
        shorter, longer = sorted((one, other), key=len)
        begun = len(shorter) >= 4 and longer.startswith(shorter)
        # A word of the description inside one of the label's, and words that begin alike: `percussive`, `percussion`.
        return one == other or begun or (len(one) >= 4 and one in other) or (len(one) >= 7 and one[:7] == other[:7])

    words = [word for word in re.findall("[a-z]+", text) if word not in GENERIC]
    return {word for word in words if any(same(stem(word), known) for known in stems)}


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Bark", "sharp barking bursts"),
        ("Buzz", "buzzy and thin"),
        ("Raindrop", "soft as rain"),
        ("Run", "running"),
        ("Heartbeat", "paired beats"),
        ("Mallet percussion", "percussive yet melodic"),
    ],
)
def test_a_leak_is_recognised(label: str, text: str) -> None:
    assert leaks(label, text)


@pytest.mark.parametrize(
    ("label", "text"), [("Bark", "gruff, abrupt bursts"), ("Light engine (high frequency)", "high and light")]
)
def test_plain_words_are_no_leak(label: str, text: str) -> None:
    assert not leaks(label, text)


@pytest.mark.parametrize(
    "text",
    [
        "continuous for two minutes",
        "repeated when impatient",
        "rises quickly then breaks",
        "ends in breathy puff",
        "dripping after shutoff",
        "haunting night calls",
        "contagious and breathy",
        "crisp and territorial",
    ],
)
def test_what_no_listener_can_check_is_recognised(text: str) -> None:
    assert uncheckable(text)


@pytest.mark.parametrize(
    "text", ["about seventy pulses a minute", "quick decay, long tail", "clipped onsets and tails"]
)
def test_what_a_listener_hears_may_be_said(text: str) -> None:
    assert not uncheckable(text)


def test_no_description_asserts_what_no_listener_can_check() -> None:
    wrong = [(label, text, kinds) for _, label, texts in ROWS for text in texts if (kinds := uncheckable(text))]
    assert not wrong


def test_every_class_has_ten_distinct_descriptions() -> None:
    wrong = {label: len(set(texts)) for _, label, texts in ROWS if len(texts) != 10 or len(set(texts)) != 10}
    assert not wrong


def test_descriptions_are_clean_and_short() -> None:
    # Digits, commas and hyphens are fine inside; quotes, line breaks, double spaces and full stops are not.
    form = re.compile(r"[a-z0-9](?:[a-z0-9'-]|,(?= )| (?! ))*[a-z0-9]")
    wrong = [
        (label, text)
        for _, label, texts in ROWS
        for text in texts
        if not form.fullmatch(text) or not 2 <= len(text.split()) <= 6
    ]
    assert not wrong


def test_no_description_gives_its_label_away() -> None:
    wrong = [(label, text, found) for _, label, texts in ROWS for text in texts if (found := leaks(label, text))]
    assert not wrong


def test_lists_differ_truly_from_class_to_class() -> None:
    uses = Counter(text for _, _, texts in ROWS for text in texts)
    assert {text: count for text, count in uses.items() if count > MAX_USES} == {}
    shared: dict[str, list[str]] = defaultdict(list)
    for _, label, texts in ROWS:
        for text in texts:
            shared[text].append(label)
    pairs = Counter(pair for labels in shared.values() for pair in combinations(sorted(labels), 2))
    assert {pair: count for pair, count in pairs.items() if count > 1} == {}


def test_descriptions_of_a_class_name_different_facets() -> None:
    """No content word runs through a list, which is how lists made by a template would look."""
    empty = {"and", "with", "in", "of", "a", "the", "to", "at", "on", "no", "then", "or", "between", "after"}
    wrong = []
    for _, label, texts in ROWS:
        words = Counter(word for text in texts for word in set(text.replace(",", "").split()) - empty)
        wrong += [(label, word) for word, count in words.items() if count > 3]
    assert not wrong


def test_a_label_stands_in_one_file_only_and_is_found() -> None:
    count = Counter(label.casefold() for _, label, _ in ROWS)
    assert {label for label, times in count.items() if times > 1} == set()
    assert all(descriptions(label) == tuple(texts) for _, label, texts in ROWS)


def owners_labels(annotations: Path) -> dict[str, list[str]]:
    def column(path: str, number: int, **options: str) -> list[str]:
        with (annotations / path).open(encoding="utf-8", newline="") as file:
            return [row[number] for row in csv.reader(file, **options)]

    return {
        "audioset": column("audioset/class_labels_indices.csv", 2)[1:],
        "audioset_strong": column("audioset_strong/mid_to_display_name.tsv", 1, delimiter="\t"),
        "fsd50k": [name.replace("_", " ") for name in column("fsd50k/FSD50K.ground_truth/vocabulary.csv", 1)],
        "vggsound": column("vggsound/stat.csv", 0),
    }


def test_every_class_of_the_datasets_is_described(shared_data: Path) -> None:
    owners = owners_labels(shared_data / "annotations")
    assert {name: len(labels) for name, labels in owners.items()} == {
        "audioset": 527,
        "audioset_strong": 456,
        "fsd50k": 200,
        "vggsound": 309,
    }
    assert [label for labels in owners.values() for label in labels if len(descriptions(label)) != 10] == []


@pytest.mark.parametrize("name", DATASETS)
def test_a_file_keeps_its_datasets_labels_and_order(shared_data: Path, name: str) -> None:
    owners = owners_labels(shared_data / "annotations")[name]
    kept = {label for label, _ in rows(name)}
    assert [label for label, _ in rows(name)] == [label for label in owners if label in kept]
