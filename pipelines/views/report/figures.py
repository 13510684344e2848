"""The report's figures: each a function from numbers to an SVG element, `None` where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from markupsafe import Markup

from aig.pipelines.views.escaping import visible
from aig.pipelines.views.report.svg import COLOURS, RC, inline_svg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Bins", "bars", "funnel", "histogram", "label_ranks", "lengths", "spending"]

_WIDTH = 4.6  # inches: about 330 CSS pixels, a phone's width, where 9 points are still read
_SERIES = ("one", "two", "three", "four", "rest")
_COLOUR_OF = {"male": "one", "female": "two", "not annotated": "three"}
"""Groups that have the same colour in every figure."""


@dataclass(frozen=True, slots=True)
class Bins:
    """A histogram of one group.

    Attributes:
        starts: lower edge of each bin that is not empty, rising.
        counts: how many values fall into it.
    """

    starts: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts)


@contextmanager
def _axes(height: float) -> Iterator[tuple[Figure, Axes]]:
    import logging

    import matplotlib as mpl
    from matplotlib.figure import Figure

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # the browser brings its own fonts
    with mpl.rc_context(cast(Any, {**mpl.rcParamsDefault, **RC})):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        yield figure, figure.add_subplot()


def _short(text: str, most: int = 28) -> str:
    text = visible(text).replace("\n", " ")
    return text if len(text) <= most else text[: most - 1] + "…"


def funnel(sums: Mapping[str, Mapping[str, int]]) -> Markup | None:
    """Where each dataset's clips ended, as shares of those read; `sums` as of `reconciliation.clip_sums`."""
    shown = {name: counts for name, counts in sums.items() if counts["read"]}
    if not shown:
        return None
    parts = (("kept", "one"), ("dropped", "two"), ("quarantined", "four"), ("missing_audio", "rest"))
    with _axes(0.9 + 0.32 * len(shown)) as (figure, axes):
        names = list(shown)[::-1]
        left = [0.0] * len(names)
        for part, colour in parts:
            widths = [100 * shown[name][part] / shown[name]["read"] for name in names]
            axes.barh([_short(name) for name in names], widths, left=left, color=COLOURS[colour], height=0.7)
            left = [start + width for start, width in zip(left, widths, strict=True)]
        _legend(axes, [(part.replace("_", " "), colour) for part, colour in parts], columns=4)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of the clips read")
        axes.grid(visible=False, axis="y")
        text = "; ".join(f"{name}: {counts['kept']:,} of {counts['read']:,} kept" for name, counts in shown.items())
        return inline_svg(figure, "funnel", "Where the clips ended", visible(text))


def histogram(
    name: str,
    title: str,
    unit: str,
    groups: Mapping[str, Bins],
    *,
    width: float,
    bounds: Sequence[float] = (),
    words: Sequence[str] = (),
) -> Markup | None:
    """A measured value's distribution, groups over one another, with the bounds of its five levels drawn in.

    Args:
        name: for ids.
        title: what is measured.
        unit: of the value, on the axis.
        groups: a histogram for each group, such as gender.
        width: of a bin.
        bounds: between the levels.
        words: of the levels, from low to high.
    """
    groups = {group: bins for group, bins in groups.items() if bins.total}
    if not groups:
        return None
    with _axes(2.7) as (figure, axes):
        colours = {group: _COLOUR_OF.get(group, _SERIES[0]) for group in groups}
        for group, bins in groups.items():
            colour = COLOURS[colours[group]]
            axes.bar(bins.starts, bins.counts, width=width, align="edge", alpha=0.55, color=colour, label=group)
        top = axes.get_ylim()[1]
        low, high = axes.get_xlim()
        if bounds:  # room for the words of the outer levels
            room = 0.1 * (bounds[-1] - bounds[0])
            low, high = min(low, bounds[0] - room), max(high, bounds[-1] + room)
        axes.set_xlim(low, high)
        for bound in bounds:
            axes.axvline(bound, color=COLOURS["ink"], linewidth=0.9, linestyle=(0, (4, 2)))
        edges = [low, *bounds, high]
        for word, start, end in zip(words, edges, edges[1:], strict=False):
            if end > start and (end - start) / (high - low) > 0.02:
                axes.text((start + end) / 2, top * 1.02, word, rotation=90, ha="center", va="bottom", fontsize=7.5)
        axes.locator_params(axis="y", integer=True)
        axes.set_xlabel(unit)
        axes.set_ylabel("clips")
        if len(groups) > 1:
            _legend(axes, list(colours.items()), columns=len(groups))
        total = ", ".join(f"{bins.total:,} {group}" for group, bins in groups.items())
        drawn = f" Bounds of the levels at {', '.join(f'{bound:g}' for bound in bounds)} {unit}." if bounds else ""
        return inline_svg(figure, name, title, f"Histogram of {total}.{drawn}")


def label_ranks(counts: Mapping[str, tuple[int, int]]) -> Markup | None:
    """How often each label comes before and after the selection, labels ordered by how often they come before."""
    if len(counts) < 2:
        return None
    before = sorted((pair[0] for pair in counts.values()), reverse=True)
    after = sorted((pair[1] for pair in counts.values() if pair[1]), reverse=True)
    with _axes(2.7) as (figure, axes):
        for values, colour, label in ((before, "rest", "all clips here"), (after, "one", "clips that stay")):
            axes.plot(range(1, len(values) + 1), values, color=COLOURS[colour], linewidth=1.6, label=label)
        if max(before) >= 20 * max(1, min(before)):
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel("label, the commonest first")
        axes.set_ylabel("clips with it")
        _legend(axes, [("all clips here", "rest"), ("clips that stay", "one")], columns=2)
        text = f"{len(before):,} labels, {before[-1]:,} to {before[0]:,} clips each before, {len(after):,} labels after"
        return inline_svg(figure, "labels", "Label balance before and after selection", text)


def bars(name: str, title: str, unit: str, counts: Mapping[str, int]) -> Markup | None:
    """A bar for each name, the first on top.

    Args:
        name: for ids.
        title: what is counted.
        unit: of the counts, on the axis.
        counts: by name, in their order.
    """
    if not any(counts.values()):
        return None
    upwards = list(counts.items())[::-1]
    with _axes(0.7 + 0.2 * len(counts)) as (figure, axes):
        drawn = axes.barh(
            [_short(each) for each, _ in upwards], [count for _, count in upwards], color=COLOURS["one"], height=0.7
        )
        axes.bar_label(drawn, labels=[f" {count:,}" for _, count in upwards], fontsize=7.5)
        axes.set_xlim(0, max(counts.values()) * 1.18)
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel(unit)
        axes.grid(visible=False, axis="y")
        text = ", ".join(f"{each} {count:,}" for each, count in counts.items())
        return inline_svg(figure, name, title, visible(text))


def lengths(
    name: str, title: str, groups: Mapping[str, Bins], *, width: float, cutoffs: Sequence[int]
) -> Markup | None:
    """Lengths in tokens, with the trainer's cut-offs drawn in."""
    groups = {group: bins for group, bins in groups.items() if bins.total}
    if not groups:
        return None
    with _axes(2.5) as (figure, axes):
        for (group, bins), colour in zip(groups.items(), _SERIES, strict=False):
            axes.step(
                [*bins.starts, bins.starts[-1] + width],
                [*(100 * count / bins.total for count in bins.counts), 0],
                where="post",
                color=COLOURS[colour],
                linewidth=1.5,
                label=group,
            )
        for cutoff in cutoffs:
            axes.axvline(cutoff, color=COLOURS["ink"], linewidth=0.9, linestyle=(0, (4, 2)))
            axes.text(cutoff, axes.get_ylim()[1], f" {cutoff}", va="top", ha="left", fontsize=7.5)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("tokens (estimated)")
        axes.set_ylabel("% of rows")
        if len(groups) > 1:
            _legend(axes, list(zip(groups, _SERIES, strict=False)), columns=len(groups))
        text = f"Distribution for {', '.join(groups)}. Cut-offs at {', '.join(map(str, cutoffs))} tokens."
        return inline_svg(figure, name, title, text)


def spending(times: Sequence[float], tokens: Sequence[int], dollars: Sequence[float]) -> Markup | None:
    """Tokens and dollars spent, added up over time; `times` in seconds since 1970 (UTC), rising."""
    if len(times) < 2:
        return None
    moments: list[Any] = [datetime.fromtimestamp(moment, UTC) for moment in times]
    with _axes(2.5) as (figure, axes):
        import matplotlib.dates as dates

        axes.plot(moments, tokens, color=COLOURS["one"], linewidth=1.6)
        locator = dates.AutoDateLocator(minticks=2, maxticks=6)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.set_ylim(bottom=0)
        axes.set_ylabel("tokens")
        axes.set_xlabel("time (UTC)")
        shown = [("tokens", "one")]
        if dollars[-1]:
            money = axes.twinx()
            money.spines["right"].set_visible(True)
            money.plot(moments, dollars, color=COLOURS["two"], linewidth=1.6)
            money.set_ylabel("US dollars")
            money.set_ylim(bottom=0)
            money.grid(visible=False)
            shown.append(("US dollars", "two"))
        _legend(axes, shown, columns=2)
        text = f"{tokens[-1]:,} tokens and {dollars[-1]:,.2f} US dollars by {moments[-1]:%Y-%m-%d %H:%M} UTC"
        return inline_svg(figure, "spending", "Tokens and cost over time", text)


def _legend(axes: Axes, shown: Sequence[tuple[str, str]], columns: int) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=COLOURS[colour], label=label) for label, colour in shown]
    axes.figure.legend(handles=handles, loc="outside upper left", ncols=columns, fontsize=8, handlelength=1.0)
