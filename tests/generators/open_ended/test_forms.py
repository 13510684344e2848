"""Replies that hold more than questions and answers: what becomes a row, and what goes and why."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from aig.core.dialogue import turns_of
from aig.core.records import Clip, Event, Features, Measured
from aig.filters.answers.settings import AnswerFilterSettings
from aig.generators.chat import Reply
from aig.generators.mock_server.replies import completion
from aig.generators.open_ended.pairs import chat_request, pairs
from aig.generators.settings import GenerateSettings
from aig.prompts.kind_registry import TASK_KINDS
from aig.prompts.metadata import sounds
from aig.prompts.open_ended import load

CLIP = Clip(
    audio_id="x/1", dataset="x", gender="female", text="Hurry up, the train is coming!",
    captions=("Rain is falling evenly.",), labels=("Rain", "Bark"),
    events=(Event("Rain", 0.0, 10.0), Event("Bark", 2.0, 2.5), Event("Bark", 4.0, 4.5)),
)  # fmt: skip
FEATURES = Features(
    audio_id="x/1", duration_s=10.0, sample_rate=16_000, pitch_level="high", speed_level="fast", volume_level="high",
    monotony_level="lively", pause_level="few",
)  # fmt: skip


def of(clip=CLIP, features=FEATURES):
    return Measured(clip, features, clip.text or "", sounds(clip, features))


def replied(content, finish_reason="stop"):
    return Reply(
        key="k1", content=content, model="m", request_id="r1", finish_reason=finish_reason, input_tokens=1,
        output_tokens=1, cost_usd="0", answered_at=0.0,
    )  # fmt: skip


def made(kind, *items, item=None, content=None, finish_reason="stop", settings=None):
    prompt = load(kind)
    form = next(each.form for each in TASK_KINDS.values() if each.name == kind)
    text = json.dumps({form.items: list(items)}) if content is None else content
    rows, dropped = pairs(
        replied(text, finish_reason), item or of(), prompt, settings or AnswerFilterSettings(), seed=7
    )
    return rows, Counter(drop.rule for drop in dropped), dropped


OPTIONS = ("a train", "a bus", "a tram", "a storm")
CHOICE = {"q": "What is coming?", "a": "a train", "wrong": ["a bus", "a tram", "a storm"]}


def test_a_choice_has_its_options_below_the_question_and_the_right_place_in_its_lineage():
    (row,), dropped, _ = made("choice", CHOICE)
    assert (row.task, row.input, row.source, row.prompt) == ("open_choice", "", "model", "choice@1")
    question, *options = row.instruction.split("\n")
    assert question == "What is coming?"
    assert options == [f"({letter}) {text}" for letter, text in zip("ABCD", row.choices, strict=True)]
    assert row.output == options[row.answer_index]
    assert row.choices[row.answer_index] == "a train"
    assert not dropped


def test_the_right_places_are_even():
    places = Counter()
    for number in range(400):
        clip = replace(CLIP, audio_id=f"x/{number}")
        (row,), _, _ = made("choice", CHOICE, item=of(clip))
        places[row.answer_index] += 1
    assert sum((count - 100) ** 2 / 100 for count in places.values()) < 16.3, "chi-square, 3 degrees of freedom, 0.1 %"


@pytest.mark.parametrize(
    ("change", "rule", "reason"),
    [
        ({"wrong": ["A train.", "a bus", "a tram"]}, "options", "two right options"),
        ({"wrong": ["the trains", "a bus", "a tram"]}, "options", "two right options"),
        ({"a": "a late train", "wrong": ["a train", "a bus", "a tram"]}, "options", "two right options"),
        ({"q": "How many?", "a": "2", "wrong": ["two", "3", "five"]}, "options", "two right options"),
        ({"q": "How many?", "a": "three times", "wrong": ["3 times", "once", "twice"]}, "options", "two right options"),
        ({"wrong": ["a bus", "a bus", "a bus"]}, "options", "fewer than 2"),
        ({"wrong": ["a bus", "all of the above", "a tram"]}, "options", "about the others"),
        ({"q": "Which sound is heard?", "a": "rain", "wrong": ["a bark", "a bus", "a siren"]}, "options", "heard too"),
        (
            {"a": "a train that comes into the station", "wrong": ["a bus", "a cab", "a boat"]},
            "options",
            "gives it away",
        ),
        ({"q": "Which train is coming?", "a": "a train"}, "options", "names the right option"),
        (
            {"q": "What is the gender?", "a": "male", "wrong": ["female", "a child", "a robot"]},
            "contradiction",
            "female",
        ),
        ({"q": "How is the pitch?", "a": "low", "wrong": ["high", "medium", "none at all"]}, "contradiction", "high"),
        ({"wrong": None, "options": ["a bus", "a tram", "a boat"]}, "options", "none of the options"),
        ({"a": "B"}, "options", "is a letter"),
        ({"wrong": ["a bus", "", "a tram"]}, "options", "empty"),
        ({"wrong": ["a bus", "A BUS", "the bus."]}, "options", "1 different wrong options"),
        ({"wrong": "a bus, a tram, a storm"}, "options", "not a list"),
        ({"q": "What is coming? A) a bus B) a train C) a tram"}, "options", "lists options itself"),
        ({"q": "What comes?\n(A) a bus\n(B) a train"}, "options", "lists options itself"),
        (
            {"a": "A) a train", "wrong": None, "options": ["a bus", "a train", "a tram"]},
            "options",
            "none of the options",
        ),
        ({"a": "It is a train.", "wrong": None, "options": ["a bus", "a train", "a boat"]}, "options", "none of the"),
        ({"a": "Answer: B", "wrong": None, "options": ["a bus", "a train", "a boat"]}, "options", "none of the"),
        ({"a": 0, "wrong": None, "options": ["a bus", "a train", "a boat"]}, "options", "none of the"),
        ({"wrong": None, "options": ["a train", "A train", "a boat"]}, "options", "two right options"),
        ({"a": ["a train"]}, "malformed", "without loss"),
        ({"q": ["What is coming?"]}, "malformed", "without loss"),
        ({"a": {"text": "a train"}}, "malformed", "without loss"),
        ({"wrong": ["a bus", None, "a tram"]}, "malformed", "without loss"),
        ({"wrong": [["a bus", "a tram"]]}, "malformed", "without loss"),
        ({"wrong": [{"text": "a bus"}, {"text": "a tram"}]}, "malformed", "without loss"),
        ({"wrong": None, "options": {"A": "a bus", "B": "a train"}}, "malformed", "without loss"),
        ({"q": "What does it do?", "a": "it runs", "wrong": ["drips", "evenly falling", "sings"]}, "options", "too"),
    ],
)
def test_what_is_wrong_with_options_is_said(change, rule, reason):
    item = {key: value for key, value in {**CHOICE, **change}.items() if value is not None}
    rows, counts, dropped = made("choice", item)
    assert rows == []
    assert counts == {rule: 1}
    assert reason in dropped[0].reason


@pytest.mark.parametrize("answer", ["B", "(B) a train", "b) a train", "a train", "2"])
def test_options_as_other_prompts_have_them_are_read(answer):
    (row,), _, _ = made(
        "choice", {"question": "What comes?", "choices": ["a bus", "a train", "a tram"], "answer": answer}
    )
    assert row.choices[row.answer_index] == "a train"


@pytest.mark.parametrize("mark", ["{}) ", "({}) ", "{}. ", "{}: ", "{})", "({})"])
def test_letters_within_options_are_left_out(mark: str):
    right, *wrong = (f"{mark.format(letter)}{text}" for letter, text in zip("BACD", OPTIONS, strict=True))
    (row,), _, _ = made("choice", {"q": "What is coming?", "a": right, "wrong": wrong})
    assert set(row.choices) == set(OPTIONS)


def test_options_that_say_the_same_are_one():
    (row,), _, _ = made("choice", {**CHOICE, "wrong": ["a bus", "A BUS", "the bus.", "a tram"]})
    assert sorted(row.choices) == ["a bus", "a train", "a tram"]


def test_options_that_are_letters_or_numbers_themselves_are_read_as_text():
    notes = {"q": "On which note does it end?", "a": "D", "options": ["A", "D", "E", "C"]}
    (row,), _, _ = made("choice", notes, item=of(replace(CLIP, captions=("It goes from A to E, C and D.",))))
    assert row.choices[row.answer_index] == "D"
    numbers = {"q": "How many rings are there?", "a": "2", "options": ["3", "2", "4"]}
    (row,), _, _ = made("choice", numbers, item=of(replace(CLIP, captions=("The phone rings 2 times.",))))
    assert row.choices[row.answer_index] == "2"


@pytest.mark.parametrize("kind", ["choice", "reasoning", "dialogue", "negative", "style_caption"])
@pytest.mark.parametrize("value", [None, [], {}, True, [["x"]], [{"text": "x"}], {"a": "x"}, ["What is it?"]])
@pytest.mark.parametrize("key", ["q", "a", "wrong", "evidence", "missing", "caption"])
def test_no_value_of_another_kind_is_taken_or_lost(kind: str, value: object, key: str):
    """Whatever stands for a text, an item becomes a row as it is, or is dropped with a reason."""
    good = {
        "choice": CHOICE,
        "reasoning": {
            "q": "Why does she hurry?",
            "evidence": "She calls that a train is coming.",
            "a": "She fears it.",
        },
        "dialogue": {"q": "What is falling?", "a": "Rain, evenly and for all the time."},
        "negative": {"missing": "siren", "q": "Where does the siren pass?", "a": "No siren is heard, only rain."},
        "style_caption": {"caption": "A woman calls out fast and loudly in a high, lively voice."},
    }[kind]
    if key not in good or (key in ("evidence", "missing") and value == ["What is it?"]):
        return
    rows, counts, _ = made(kind, {**good, key: value})
    assert rows == []
    assert counts
    assert set(counts) <= {"malformed", "options", "no_pairs"}


def test_what_a_sound_is_a_kind_of_is_no_wrong_option():
    item = of(replace(CLIP, parents=("Dog", "Animal")))
    asked = {"q": "What is heard in the rain?", "a": "barking", "wrong": ["an animal", "a siren", "a bus"]}
    rows, _, dropped = made("choice", asked, item=item)
    assert rows == []
    assert "'an animal' is heard too" in dropped[0].reason
    assert made("choice", {**asked, "wrong": ["an owl", "a siren", "a bus"]}, item=item)[0]


@pytest.mark.parametrize(("right", "wrong"), [("a train", "no train"), ("a red bus", "not a bus"), ("3", "one")])
def test_an_option_that_says_the_contrary_is_wrong(right: str, wrong: str):
    rows, _, dropped = made("choice", {"q": "What is coming?", "a": right, "wrong": [wrong, "a tram", "a storm"]})
    assert len(rows) == 1, dropped


def test_an_order_may_be_asked_of_sounds_that_are_both_heard():
    rows, _, _ = made("choice", {"q": "Which is heard first?", "a": "rain", "wrong": ["a bark", "a bus", "a siren"]})
    assert len(rows) == 1


def test_reasoning_has_its_evidence_in_front_of_the_answer():
    (row,), _, _ = made(
        "reasoning",
        {"q": "Why does she hurry?", "evidence": "She calls out that a train is coming.", "a": "She fears to miss it."},
    )
    assert row.output == "<think>She calls out that a train is coming.</think> She fears to miss it."
    assert row.task == "open_reasoning"
    _, counts, _ = made(
        "reasoning",
        {"q": "Why?", "evidence": "A train comes.", "a": "She fears to miss it."},
        {"q": "Why does she hurry?", "evidence": "She calls that a train is coming.", "a": "A train is coming."},
        {"q": "How often?", "evidence": "The dog barks five times in the rain.", "a": "It is restless."},
        {"q": "Who is it?", "evidence": "The voice of a male speaker is heard.", "a": "He is a guard."},
        {"q": "Only half?", "a": "no evidence"},
    )
    assert counts == {"evidence": 3, "invented": 1, "malformed": 1}
    _, counts, dropped = made(
        "reasoning",
        {"q": "Is it a threat?", "evidence": "The victim is not yet aware of the situation.", "a": "It is a warning."},
    )
    assert counts == {"evidence": 1}
    assert "known of the clip" in dropped[0].reason


TURNS = [
    {"q": "What is falling?", "a": "Rain, evenly and for all the time."},
    {"q": "And who is out in it?", "a": "A dog that barks now and then."},
    {"q": "What does the woman want?", "a": "That somebody hurries, since the train is coming."},
    {"q": "Would you wait there?", "a": "Only with an umbrella, I should say."},
]


def test_a_dialogue_is_one_row_with_its_turns():
    (row,), dropped, _ = made("dialogue", *TURNS)
    assert turns_of(row.instruction, row.output) == [(turn["q"], turn["a"]) for turn in TURNS]
    assert not dropped
    assert (row.task, row.choices) == ("dialogue", None)


def test_a_dialogue_ends_before_the_first_turn_that_is_dropped():
    repeated = {"q": "What is falling?", "a": "Rain, evenly and for all the time."}
    (row,), counts, _ = made("dialogue", *TURNS[:3], repeated, TURNS[3])
    assert len(turns_of(row.instruction, row.output)) == 3
    assert counts == {"duplicate": 1, "turns": 1}
    rows, counts, dropped = made("dialogue", *TURNS[:2], repeated, *TURNS[2:])
    assert rows == []
    assert counts == {"duplicate": 1, "turns": 4}
    assert dropped[-1].reason == "2 of 5 turns stay, fewer than 3"


@pytest.mark.parametrize("broken", [{"q": "And?", "a": None}, {"q": "And?"}, {"q": ["And?"], "a": "Yes, it does."}])
def test_a_dialogue_ends_before_a_turn_that_cannot_be_read(broken: dict):
    """What follows may take up what was said in it."""
    (row,), counts, _ = made("dialogue", *TURNS[:3], broken, TURNS[3])
    assert turns_of(row.instruction, row.output) == [(turn["q"], turn["a"]) for turn in TURNS[:3]]
    assert counts == {"malformed": 1, "turns": 1}
    rows, counts, _ = made("dialogue", TURNS[0], broken, *TURNS[1:])
    assert rows == []
    assert counts == {"malformed": 1, "turns": 4}


def test_a_turn_that_is_no_json_is_counted_and_ends_the_dialogue():
    turns = [json.dumps(turn) for turn in TURNS]
    content = f'{{"turns": [{turns[0]}, {{"q": "And "who" is it?", "a": "A dog."}}, {", ".join(turns[1:])}]}}'
    rows, counts, _ = made("dialogue", content=content)
    assert rows == []
    assert counts == {"malformed": 1, "turns": 4}


@pytest.mark.parametrize(
    ("answer", "denied"),
    [
        ("No siren is heard, only rain and a dog's bark.", True),
        ("No, only rain falls and a dog barks.", True),
        ("One does not hear a siren there, only the rain.", True),
        ("There isn't any siren, but rain.", True),
        ("The siren is absent: rain falls and a dog barks.", True),
        ("It goes without a siren, in the rain.", True),
        ("The siren is not far: it passes in the rain.", False),
        ("The siren never stops in the rain.", False),
        ("The siren makes no pause in the rain.", False),
        ("The siren passes the rain without stopping.", False),
    ],
)
def test_a_negative_denies_the_sound_itself(answer: str, denied: bool):
    rows, counts, _ = made("negative", {"missing": "siren", "q": "Where does the siren pass?", "a": answer})
    assert len(rows) == denied
    assert counts == ({} if denied else {"not_denied": 1})


def test_a_negative_is_about_what_is_certainly_absent_and_says_what_is_there():
    good = {
        "missing": "siren",
        "q": "Where does the siren pass?",
        "a": "No siren is heard, only rain and a dog's bark.",
    }
    (row,), _, _ = made("negative", good)
    assert (row.task, row.answerable) == ("negative", True)
    rows, counts, dropped = made(
        "negative",
        {**good, "missing": "bark", "q": "Does the bark stop?"},
        {**good, "missing": "unicorn", "q": "Does the unicorn sing?"},
        {**good, "q": "Is anything else there?"},
        {**good, "a": "The siren passes through the rain behind the dog."},
        {**good, "a": "There is not any siren in here, as it seems."},
    )
    assert rows == []
    assert counts == {"not_absent": 3, "not_denied": 2}
    assert "which is there" in dropped[0].reason
    told = load("negative")
    request = chat_request(of(), told, GenerateSettings())
    missing = request.messages[1]["content"].split("Not to be heard: ")[1]
    assert len(missing.split(", ")) >= 2
    assert not {"rain", "bark", "dog"} & set(missing.rstrip(".").split(", "))
    assert chat_request(of(replace(CLIP, events=None)), told, GenerateSettings()) is None, (
        "labels alone may be incomplete"
    )


def test_a_caption_of_the_voice_follows_its_levels():
    (row,), _, _ = made("style_caption", {"caption": "A woman calls out fast and loudly in a high, lively voice."})
    assert row.task == "style_caption"
    assert row.output.startswith("A woman")
    assert row.instruction
    for caption, rule in (
        ("A woman speaks slowly, in a high and lively and loud voice.", "contradiction"),
        ("A woman who is very glad says that a train is coming.", "caption"),
        ("A man talks fast and loudly in a high, lively voice, his voice being male.", "contradiction"),
    ):
        rows, counts, _ = made("style_caption", {"caption": caption})
        assert (rows, set(counts)) == ([], {rule}), caption


def test_a_reply_that_is_cut_or_broken_is_counted():
    whole = json.dumps({"pairs": [CHOICE, CHOICE]})
    _, counts, _ = made("choice", content=whole[:-20], finish_reason="length")
    assert counts == {"cut": 1}
    _, counts, _ = made("choice", content=whole[:-20])
    assert counts == {"malformed": 1}
    rows, counts, _ = made("choice", content="I cannot hear the clip.")
    assert (rows, counts) == ([], {"refusal": 1})
    rows, _, _ = made("choice", content=f"Sure:\n```json\n{whole}\n```")
    assert len(rows) == 1


@pytest.mark.parametrize("response_format", ["json_object", "json_schema"])
@pytest.mark.parametrize("kind", [kind.name for kind in TASK_KINDS.values()])
def test_the_server_for_tests_writes_rows_of_every_kind(kind, response_format):
    settings = GenerateSettings(model="m", response_format=response_format)
    request = chat_request(of(), load(kind), settings)
    body = {"model": "m", "messages": list(request.messages), **request.parameters}
    if request.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "r", "schema": request.schema}}
    content = completion(body, seed=1, pairs=3)["choices"][0]["message"]["content"]
    rows, dropped = pairs(replied(content), of(), load(kind), AnswerFilterSettings())
    assert rows, dropped
