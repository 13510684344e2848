"""The forms by the name that a prompt's kind gives (`aig.prompts.reply_form`)."""

from __future__ import annotations

from collections.abc import Mapping

from aig.generators.open_ended.forms.caption import CAPTION
from aig.generators.open_ended.forms.choice import CHOICE
from aig.generators.open_ended.forms.dialogue import DIALOGUE
from aig.generators.open_ended.forms.draft import Form
from aig.generators.open_ended.forms.negative import NEGATIVE
from aig.generators.open_ended.forms.reasoning import REASONING

__all__ = ["FORMS"]

FORMS: Mapping[str, Form] = {
    "choice": CHOICE,
    "reasoning": REASONING,
    "dialogue": DIALOGUE,
    "negative": NEGATIVE,
    "caption": CAPTION,
}
