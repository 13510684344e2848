"""Worse answers that follow from a row by rule."""

from __future__ import annotations

from aig.shards.export.forms.preference import wrong_answer


def test_a_rejected_answer_has_the_form_of_the_right_one() -> None:
    row = {"qa_id": "a", "task": "choice", "choices": ["dog", "cat"], "answer_index": 1, "output": "(B) cat"}
    assert wrong_answer(row) == ("(A) dog", "another option")
    assert wrong_answer({**row, "output": "cat"}) == ("dog", "another option")
    assert wrong_answer({**row, "choices": None}) is None
    words = ("very low", "low", "medium", "high", "very high")
    level = {"task": "pitch_cla", "levels": words, "output": "The pitch is very low."}
    for number in range(20):  # never a neighbour, which ears may confuse
        answer, why = wrong_answer({**level, "qa_id": str(number)})
        assert (answer.removeprefix("The pitch is ").rstrip(".") in words[2:], why) == (True, "another level")
    gender = {"qa_id": "a", "task": "gender_cla", "output": "The gender of the speaker is female."}
    assert wrong_answer(gender) == ("The gender of the speaker is male.", "another gender")
