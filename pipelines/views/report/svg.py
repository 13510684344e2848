"""Matplotlib figures as SVG that stands inside an HTML page: theme colours, no style of its own, text for readers."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET  # reads only what Matplotlib just wrote
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "RC", "inline_svg"]

COLOURS = {
    "ink": "#16161a",
    "dim": "#5c5c66",
    "grid": "#dcdce2",
    "one": "#0b61a4",
    "two": "#c2410c",
    "three": "#4d7c0f",
    "four": "#8e44ad",
    "rest": "#9a9aa5",
}
"""Names of the page's colours and what each is in a light, printed page; the style sheet has the dark ones."""

RC = {
    "svg.fonttype": "none",  # text stays text: it can be read, searched and scaled
    "svg.hashsalt": "aig",
    "text.parse_math": False,  # a label with dollar signs is a label, no formula
    "font.size": 9.0,
    "figure.facecolor": "none",  # the page shows through
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": COLOURS["dim"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.6,
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["dim"],
    "ytick.color": COLOURS["dim"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "legend.frameon": False,
}
"""Matplotlib's settings for every figure of the report."""

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_CLASS_OF = {value: name for name, value in COLOURS.items()}
_FONT = re.compile(r"(?:(?:normal|bold|\d+) )?([\d.]+)px")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_KEPT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-dashoffset", "fill-opacity", "stroke-opacity")


def inline_svg(figure: Figure, name: str, title: str, description: str) -> Markup:
    """A figure as an `<svg>` element whose colours are the page's and whose title and description are spoken.

    A strict content security policy forbids `style` attributes, so they become presentation attributes and classes.

    Args:
        figure: drawn with `RC` and `COLOURS`.
        name: short name, unique in the page, for ids.
        title: what it shows, in a few words.
        description: what is to be seen, in a sentence or two.
    """
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(stream.getvalue())  # noqa: S314 - Matplotlib's own
    width, height = (float(value) for value in root.attrib["viewBox"].split()[2:])
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style"):
                parent.remove(child)
    used = _references(root)
    for element in root.iter():
        _restyle(element)
        _rename(element, name, used)
    root.attrib = {
        "viewBox": f"0 0 {width:g} {height:g}",
        "class": "plot",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
    }
    for tag, text in (("desc", description), ("title", title)):
        element = ET.Element(f"{_SVG}{tag}", {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(0, element)
    ET.register_namespace("", _SVG[1:-1])
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - the serialiser escapes all text


def _references(root: ET.Element) -> set[str]:
    used = set()
    for element in root.iter():
        for value in element.attrib.values():
            used.update(_REFERENCE.findall(value))
        if _XLINK in element.attrib:
            used.add(element.attrib[_XLINK].removeprefix("#"))
    return used


def _restyle(element: ET.Element) -> None:
    classes = []
    for rule in element.attrib.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in rule.partition(":"))
        if key in ("fill", "stroke") and value in _CLASS_OF:
            classes.append(f"{key[0]}-{_CLASS_OF[value]}")
        elif key in _KEPT or key in ("font-size", "text-anchor"):
            element.set(key, value)
        elif key == "opacity":
            element.set("opacity", value)
        elif key == "font" and (size := _FONT.match(value)):
            element.set("font-size", size[1])
            if value.startswith(("bold", "700")):
                element.set("font-weight", "bold")
    if element.tag == f"{_SVG}text" and not any(name.startswith("f-") for name in classes):
        classes.append("f-ink")
    if classes:
        element.set("class", " ".join(classes))


def _rename(element: ET.Element, name: str, used: set[str]) -> None:
    """Keeps only ids that something points to, and makes them the figure's own."""
    identity = element.attrib.pop("id", None)
    if identity in used:
        element.set("id", f"{name}-{identity}")
    for key, value in list(element.attrib.items()):
        if key == _XLINK:
            del element.attrib[key]
            element.set("href", f"#{name}-{value.removeprefix('#')}")
        elif "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
