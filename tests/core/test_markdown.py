"""Other people's text stays text in Markdown."""

from __future__ import annotations

import pytest

from aig.core.markdown import plain_markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b\nc", r"a \| b c"),
        ("<script>x</script> & co", "&lt;script&gt;x&lt;/script&gt; &amp; co"),
        ("![x](http://evil)", r"!\[x\](http://evil)"),
        ("# *bold* `code` _it_ \\", r"\# \*bold\* \`code\` \_it\_ \\"),
    ],
)
def test_markup_is_shown_not_obeyed(text: str, shown: str) -> None:
    assert plain_markdown(text) == shown
