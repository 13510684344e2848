"""Drafts are never answers: what a model says to itself is taken out, whatever marks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.generators.open_ended.parse import parse_reply
from aig.generators.reasoning import final_text

DRAFT = '{"q": "Is a spaceship engine running?", "a": "A spaceship engine is clearly running through the whole scene."}'
ANSWER = '{"pairs": [{"q": "What is heard?", "a": "A dog barks several times close to the microphone."}]}'

WHOLE = {
    "think": f"<think>\nFirst idea: {DRAFT} Hmm, wrong.\n</think>\n\n{ANSWER}",
    "upper case and spaces": f"< THINK >{DRAFT}</ think >{ANSWER}",
    "attributes": f'<thinking budget="3">{DRAFT}</thinking>{ANSWER}',
    "thought": f"<thought>{DRAFT}</thought>{ANSWER}",
    "reasoning": f"<reasoning>{DRAFT}</reasoning>{ANSWER}",
    "opened by the template": f"First idea: {DRAFT} no.</think>{ANSWER}",
    "twice": f"<think>{DRAFT}</think>Wait.<think>{DRAFT}</think>{ANSWER}",
    "within another": f"<think>a<think>{DRAFT}</think>{DRAFT}</think>{ANSWER}",
    "brackets": f"[THINK]{DRAFT}[/THINK]{ANSWER}",
    "diamonds": f"◁think▷{DRAFT}◁/think▷{ANSWER}",
    "special tokens": f"<|START_THINKING|>{DRAFT}<|END_THINKING|>{ANSWER}",
    "of seed": f"<seed:think>{DRAFT}</seed:think>{ANSWER}",
    "channels": f"<|channel|>analysis<|message|>We could say {DRAFT} but no.<|end|>"
    f"<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
    "channel with a format": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant"
    f"<|channel|>final <|constrain|>json<|message|>{ANSWER}",
    "channels without their tokens": f"analysisWe could say {DRAFT} but no.assistantfinal{ANSWER}",
    "behind the answer": f"{ANSWER}<think>{DRAFT}",
    "none": ANSWER,
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_only_the_answer_is_read(text: str) -> None:
    pairs = parse_reply(final_text(text)).pairs
    assert [question for question, _ in pairs] == ["What is heard?"]


CUT = {
    "think": f"<think>\nFirst idea: {DRAFT} Let me",
    "nested": f"<think>a<think>{DRAFT}",
    "channel": f"<|channel|>analysis<|message|>{DRAFT} Let me",
    "channel, ended": f"<|channel|>analysis<|message|>{DRAFT}<|end|>",
    "a tool's channel": f"<|channel|>commentary to=functions.x <|constrain|>json<|message|>{DRAFT}<|call|>",
    "channel without tokens": f"analysisWe could say {DRAFT} Let me",
    "brackets": f"[THINK]{DRAFT}",
}


@pytest.mark.parametrize("text", CUT.values(), ids=CUT)
def test_reasoning_that_is_cut_leaves_no_answer(text: str) -> None:
    assert final_text(text).strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"q": "Do you think so?", "a": "I think the <b>bell</b> [rings]."}',
        "analysis of the sound: a bell",
        "An analysis. assistantfinal",
        '[["q", "a"]]',
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert final_text(text) == text


@given(st.text("<>/|[]◁▷thinkTHINK channelfinalmessage" + "a", max_size=300))
def test_any_text_gives_a_part_of_it(text: str) -> None:
    final = final_text(text)
    assert len(final) <= len(text)
    assert final_text(final * 2) is not None


def test_many_openings_take_no_time() -> None:
    assert final_text("<think>" * 50_000) == ""
    assert final_text("</think>" * 50_000) == ""
