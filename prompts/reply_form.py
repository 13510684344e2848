"""The shapes in which a chat model is asked to reply: what one item holds, and how many are wanted.

How an item becomes a row is said in `aig.generators.open_ended.forms`, by the form's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CAPTION", "CHOICE", "DIALOGUE", "NEGATIVE", "PAIRS", "REASONING", "ReplyForm"]

_TEXT: Mapping[str, Any] = {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyForm:
    """A shape of replies.

    Attributes:
        name: of the form.
        items: name of the list that a reply holds.
        keys: of each item, with the JSON schema of its value.
        fewest: items that are asked for at least, whatever a configuration says.
        most: items that are asked for at most.
    """

    name: str
    items: str = "pairs"
    keys: Mapping[str, Any] = field(default_factory=dict)
    fewest: int = 1
    most: int = 100

    def number(self, wanted: int) -> int:
        """How many items are asked for where `wanted` are wanted."""
        return min(max(wanted, self.fewest), self.most)

    def schema(self, wanted: int) -> dict[str, Any]:
        """JSON schema of the list."""
        item = {
            "type": "object",
            "properties": dict(self.keys),
            "required": list(self.keys),
            "additionalProperties": False,
        }
        at_least = {"minItems": self.fewest} if self.fewest > 1 else {}
        return {"type": "array", "items": item, **at_least, "maxItems": self.number(wanted)}


PAIRS = ReplyForm(name="pairs", keys={"q": _TEXT, "a": _TEXT})
"""Questions with their answers."""

CHOICE = ReplyForm(
    name="choice",
    keys={"q": _TEXT, "a": _TEXT, "wrong": {"type": "array", "items": _TEXT, "minItems": 3, "maxItems": 3}},
)
"""Questions with the right option and wrong ones."""

REASONING = ReplyForm(name="reasoning", keys={"q": _TEXT, "evidence": _TEXT, "a": _TEXT})
"""Questions with what is heard that bears on them, and the answer that follows."""

DIALOGUE = ReplyForm(name="dialogue", items="turns", keys={"q": _TEXT, "a": _TEXT}, fewest=3, most=6)
"""One conversation of three to six turns."""

NEGATIVE = ReplyForm(name="negative", keys={"missing": _TEXT, "q": _TEXT, "a": _TEXT})
"""Questions about what is not there, with answers that say so and what is there instead."""

CAPTION = ReplyForm(name="caption", items="captions", keys={"caption": _TEXT}, most=1)
"""One sentence."""
