"""What a model proposes passes the same gates as what people wrote."""

from aig.prompts.banks import bank, parse
from aig.prompts.paraphrase import bank_text, clean_descriptions, description_messages, extend_bank, question_messages


def test_the_model_is_told_the_task_the_slots_and_what_there_is():
    system, user = question_messages(bank("temporal_single"), 30, "bases")
    assert "30 new lines" in system["content"]
    assert "{label}, {clip}" in system["content"]
    assert bank("temporal_single").file.bases[0] in user["content"]
    assert bank("age_cla").file.instructions[0] in question_messages(bank("age_cla"), 5, "instructions")[1]["content"]
    assert description_messages("Dog")[1]["content"] == "Sound class: Dog"


def test_good_lines_come_in_and_others_are_refused_with_the_reason():
    ages = bank("age_cla")
    lines = [
        "About how   many years of age is the voice in {clip}?",
        "How old is the speaker in {clip}!?",
        "How tall is the speaker in {clip}?",
        "How old is the one with {label} in {clip}?",
        "x",
    ]
    file, refused = extend_bank(ages, "bases", lines)
    assert file.bases == (*ages.file.bases, "About how many years of age is the voice in {clip}?")
    assert file.version == ages.file.version + 1
    assert len(refused) == 4
    assert "is a duplicate of" in refused[0]
    assert "does not ask for" in refused[1]
    assert parse("age_cla", bank_text(file)).file == file


def test_descriptions_are_cleaned_and_the_unfit_refused():
    lines = [
        ' "Sharp  and\nrepeated" ',
        "2. low, rough growl.",
        "sharp and repeated",
        "like a dog",
        "loud",
        "short bursts with a",
        "high-",
        "one two three four five six seven eight nine ten eleven",
    ]
    kept, refused = clean_descriptions("Dogs barking", lines)
    assert kept == ("sharp and repeated", "low, rough growl")
    assert len(refused) == 6
    assert "names the sound: dog" in refused[1]
    assert clean_descriptions("Barking", ["a barking burst"])[0] == ()
    assert len(clean_descriptions("Dog", [f"sound number {word}" for word in "abcdefghijklm"])[0]) == 10
