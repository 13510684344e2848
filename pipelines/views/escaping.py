"""Untrusted text as a person can safely look at it, and the Jinja2 environment that shows all text so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["html_environment", "visible"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and line feed
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # what has no width, or turns the direction of text
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"  # half characters, annotations, tags
)


def visible(text: str) -> str:
    """The text with every character that cannot be seen spelt out by its number, so that nothing hides in it."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))


def html_environment(package: str, folder: str = "templates") -> Environment:
    """Templates of a package whose every value is escaped and made `visible`; a name that is not there is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        if isinstance(value, Markup):
            return value
        return "" if value is None else visible(str(value))

    environment = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["percent"] = lambda share: "–" if share is None else f"{share:.1%}"
    return environment
