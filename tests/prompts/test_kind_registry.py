"""Kinds of prompts: which suits a clip, one's own as docs/extend.md says, and what is refused."""

from __future__ import annotations

import re

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Features, Measured
from aig.generators.open_ended.pairs import chat_request
from aig.generators.settings import GenerateSettings
from aig.prompts.kind_registry import KINDS, all_kinds, kind_for, kind_of
from aig.prompts.open_ended import load, parse
from aig.prompts.prompt_kind import PromptKind
from helpers import ROOT


def item(spoken: str = "", **fields) -> Measured:
    clip = Clip(audio_id="x/1", dataset="x", **fields)
    features = Features(audio_id="x/1", duration_s=3.0, sample_rate=16_000, volume_level="high")
    return Measured(clip, features, spoken, fields.get("labels") or ())


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (item("hello", genres=("Jazz",), labels=("Piano",)), "music"),
        (item("hello", labels=("Rain",)), "joint"),
        (item("hello", events=(Event("Rain", 0, 1),), age=30), "joint"),
        (item("hello", emotion="sad", age=30), "speech_emotion"),
        (item("hello", sentiment=0), "speech_emotion"),
        (item("hello", age=30), "speech_age"),
        (item("hello"), "speech"),
        (item(emotion="sad"), "audio"),
        (item(), "audio"),
    ],
)
def test_a_clip_is_asked_by_what_is_known_of_it(given: Measured, kind: str):
    assert kind_for(given).name == kind


def test_a_kind_of_ones_own(follow_extend_page, tmp_path):
    configuration = follow_extend_page("A prompt kind")
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    (prompt_text,) = re.findall(r"`prompts/animal@1.md`:\n\n```markdown\n(.*?)```", page, re.DOTALL)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "animal@1.md").write_text(prompt_text)
    settings = GenerateSettings.model_validate(configuration["generate"])
    own = settings.questions.kinds
    assert [kind.name for kind in all_kinds(own)] == ["animal", *KINDS]
    assert kind_for(item(labels=("Dog",)), own).name == "animal"
    assert kind_for(item(labels=("Rain",)), own).name == "audio"

    prompt = load("animal", tmp_path / settings.questions.prompt_folder)
    assert prompt.kind == "animal"
    request = chat_request(item(labels=("Dog",)), prompt, settings)
    assert request.messages[1]["content"].startswith("Animal: Dog, which sounds ")
    assert request.messages[1]["content"].endswith("; it is heard at a high volume")
    assert chat_request(item(labels=("Dog", "Cat")), prompt, settings) is None, "an empty sentence asks nothing"


def test_what_is_not_a_kind_is_refused(tmp_path, monkeypatch):
    (tmp_path / "odd_kinds.py").write_text(
        "from aig.prompts.kind_registry import KINDS\nTAKEN = KINDS['speech']\nTEXT = 'speech'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name, told in (
        ("spech", "no prompt kind 'spech'"),
        ("odd_kinds:TAKEN", "as another is"),
        ("odd_kinds:TEXT", "not a PromptKind"),
        ("odd_kinds:MISSING", "has no object"),
    ):
        with pytest.raises(UsageError, match=told):
            kind_of(name)
    with pytest.raises(UsageError, match=r"mine\.md: kind: there is no prompt kind"):
        parse("---\nname: a\nversion: 1\nkind: spech\n---\nAsk.", "mine.md")
    with pytest.raises(ValueError, match="not a kind's name"):
        PromptKind(name="no-dash", sentence=lambda *_: "", suits=lambda _: True)
