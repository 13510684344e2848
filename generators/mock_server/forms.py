"""Made-up items of the forms that hold more than questions and answers, such that the answer filters keep them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import Any

from aig.prompts.absent import NOT_HEARD
from aig.prompts.reply_form import CAPTION, CHOICE, DIALOGUE, NEGATIVE, PAIRS, REASONING, ReplyForm

__all__ = ["form_asked_for", "is_form", "made_up"]

_FORMS = (CHOICE, REASONING, NEGATIVE, CAPTION, DIALOGUE)
_PLACES = ("harbour", "kitchen", "station", "workshop", "garden", "theatre", "farm", "office", "bridge", "market")
_ABSENT = re.compile(rf"{NOT_HEARD}([^.]+)\.")
_PRESENT = re.compile(r"Sounds: ([^;\[,.]+)")
_VOICE = re.compile(r"The voice: ([^.]+)\.")


def form_asked_for(instructions: str) -> ReplyForm:
    """The form that a system message asks for, by the keys it shows."""
    for form in _FORMS:
        marks = [form.items] if form.items != PAIRS.items else [key for key in form.keys if key not in PAIRS.keys]
        if all(f'"{mark}"' in instructions for mark in marks):
            return form
    return PAIRS


def is_form(keys: Iterable[str]) -> bool:
    """Whether an object with these keys is an item of one of the forms."""
    return set(keys) in [set(form.keys) for form in _FORMS if form.keys != PAIRS.keys]


def made_up(keys: Iterable[str], draw: random.Random, told: str, text: Callable[[random.Random, str], str]) -> Any:
    """An item with these keys.

    Args:
        keys: of a form.
        draw: decides what is drawn.
        told: what the user message tells of the clip.
        text: makes up a question (`q`) or an answer (`a`).
    """
    wanted = set(keys)
    question, answer = text(draw, "q"), text(draw, "a")
    if "wrong" in wanted:
        right, *wrong = (f"in a {place}" for place in draw.sample(_PLACES, 4))
        return {"q": question.replace("How does", "Where does", 1), "a": right, "wrong": wrong}
    if "missing" in wanted:
        absent, present = _ABSENT.search(told), _PRESENT.search(told)
        missing = draw.choice(absent[1].split(", ")) if absent else "siren"
        heard = present[1].strip() if present else "speech"
        moment = draw.randrange(10**6)
        return {
            "missing": missing,
            "q": f"Where does the {missing} of take {moment} come from?",
            "a": f"There is no {missing} to be heard in this take; what one hears instead is {heard}.",
        }
    if "caption" in wanted:
        voice = _VOICE.search(told)
        manner = ", ".join((voice[1] if voice else "calm").split("; "))
        return {"caption": f"Somebody speaks in a way that is {manner}."}
    if "evidence" in wanted:
        known = " ".join(told.removeprefix("One hears this. ").split()[:12]).rstrip(".;,")
        return {"q": question, "evidence": f"What one hears is this: {known}.", "a": answer}
    return {"q": question, "a": answer}
