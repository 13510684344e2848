"""What a model says to itself before it answers, and the answer that is left without it.

Drafts in there look like answers, and the model wrote them to find them wrong: nothing of it is ever read.
"""

from __future__ import annotations

import re

__all__ = ["final_text"]

_NAMES = r"(?:seed:)?(?:think|thinking|thoughts?|reasoning|analysis|reflection|scratchpad|inner_monologue)"
_TAGS = (
    (rf"<\s*(?P<name>{_NAMES})\b[^<>]*>", rf"<\s*/\s*{_NAMES}\s*>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|(?:START_THINKING|begin_of_thought|begin_of_think|thought_start)\|>",
     r"<\|(?:END_THINKING|end_of_thought|end_of_think|thought_end)\|>"),
)  # fmt: skip
"""How models mark the beginning and end of what they say to themselves."""

_TAGGED = [
    (re.compile(opening, re.IGNORECASE), re.compile(f"{opening}.*?{closing}", re.IGNORECASE | re.DOTALL),
     re.compile(closing, re.IGNORECASE))
    for opening, closing in _TAGS
]  # fmt: skip
_MAYBE = re.compile(r"[<\[◁]")
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>(.*?)"
    r"(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_BARE_CHANNEL = re.compile(r"\s*(?:analysis|commentary)(?=[A-Z\"'*])")
"""Channels whose special tokens the server dropped: `analysisWe need ...assistantfinal{...}`."""
_BARE_FINAL = "assistantfinal"


def final_text(text: str) -> str:
    """The text without the model's reasoning: think blocks, also cut ones, and all channels but the final one."""
    if "<|channel|>" in text:
        text = "".join(said for channel, said in _CHANNEL.findall(text) if channel == "final")
    elif _BARE_CHANNEL.match(text):
        text = text.rpartition(_BARE_FINAL)[2] if _BARE_FINAL in text else ""
    if not _MAYBE.search(text):
        return text
    for opening, block, closing in _TAGGED:
        if closing.search(text):
            text = block.sub("", text)
            if ends := list(closing.finditer(text)):  # opened by the prompt's template, or within another block
                text = text[ends[-1].end() :]
        if start := opening.search(text):  # cut before it was closed
            text = text[: start.start()]
    return text
