from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, UndefinedError

from aig.pipelines.views.escaping import html_environment, visible


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & set("\x00\x1b\x7f\u202e\u2066\u200b\ufeff")
    shown.encode("utf-8")


def test_what_is_seen_stays() -> None:
    assert visible("Ünïcödé 終わり 😀\n\ttab") == "Ünïcödé 終わり 😀\n\ttab"
    assert visible("a\r\nb\x07") == "a\nb\\u0007"


def test_templates_escape_and_refuse_unknown_names() -> None:
    environment = html_environment("aig.pipelines.views.report")
    environment.loader = DictLoader({"t": "{{ value }}|{{ number|count }}", "u": "{{ nowhere }}"})
    assert environment.get_template("t").render(value="<b>\u202e", number=1234) == "&lt;b&gt;\\u202e|1,234"
    assert environment.get_template("t").render(value=None, number=0) == "|0"
    with pytest.raises(UndefinedError):
        environment.get_template("u").render()
