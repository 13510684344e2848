"""Settings of a selection: which clips stay. Each key is a rule; a rule that is not named does not apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from aig.core.settings import Strict
from aig.filters.clips.registry import RULES, own_rules
from aig.filters.clips.rule import Rule
from aig.filters.clips.rules.not_in import NOT_IN
from aig.filters.clips.rules.not_in_audio import NOT_IN_AUDIO

__all__ = ["SelectSettings", "target"]


class _Selection(Strict):
    """One selection, the value of one name below `select:` in the configuration (a mapping of names to selections).

    A selection called as a dataset (`audioset`) decides about all that is made of its clips. One called
    `<dataset>_<kind>` (`audioset_joint`) decides only who gets open-ended questions of that kind, beside whatever
    else is made. `target` says which.

    Each rule of `aig.filters.clips.registry` adds a key with its name, which holds its bound. The rules apply in their
    order there; a clip is dropped by the first that it fails.

    Attributes:
        draw: at most this number of clips, drawn from all with balanced labels before any other rule looks at them.
        weights: `label-balanced` (1000 / (count + 0.01), summed over a clip's labels) or `uniform`, for both draws.
        keep: at most this number of those that passed every rule, drawn with balanced labels.
        same_recording: whether another part of a recording of `not_in` goes too, not only one that shares time.
        rules: bounds of one's own rules, each by its `module:object`; they apply after all others.
    """

    draw: int | None = Field(default=None, gt=0)
    weights: Literal["label-balanced", "uniform"] = "label-balanced"
    keep: int | None = Field(default=None, gt=0)
    same_recording: bool = False
    rules: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _loadable(self) -> Self:
        own_rules(self.rules)
        return self

    @property
    def test_sets(self) -> tuple[str, ...] | None:
        """The value of `not_in`, typed."""
        names: tuple[str, ...] | None = getattr(self, NOT_IN.name)
        return names

    @property
    def test_audio(self) -> tuple[str, ...]:
        """The value of `not_in_audio`, typed."""
        folders: tuple[str, ...] = getattr(self, NOT_IN_AUDIO.name)
        return folders

    def applied(self) -> list[tuple[Rule, Any]]:
        """The rules that apply, in their order, with their bounds."""
        named = [(rule, getattr(self, rule.name)) for rule in RULES]
        return [
            (rule, bound) for rule, bound in named if bound is not None and bound is not False and bound != ()
        ] + own_rules(self.rules)


if TYPE_CHECKING:
    SelectSettings = _Selection
else:
    SelectSettings = create_model(
        "SelectSettings",
        __base__=_Selection,
        __module__=__name__,
        __doc__=_Selection.__doc__,
        **{rule.name: (rule.bound if rule.default is not None else rule.bound | None, rule.default) for rule in RULES},
    )


def target(name: str, datasets: tuple[str, ...], kinds: Iterable[str]) -> tuple[str, str | None] | None:
    """Which dataset a selection's name is about, and which kind of open-ended questions; `None`: no such dataset.

    `audioset` is about all that is made of AudioSet; `audioset_joint` about its joint open-ended questions.

    Args:
        name: of a selection.
        datasets: those of the configuration.
        kinds: names of the kinds of open-ended questions.
    """
    if name in datasets:
        return name, None
    for kind in sorted(kinds, key=len, reverse=True):
        dataset = name.removesuffix(f"_{kind}")
        if dataset != name and dataset in datasets:
            return dataset, kind
    return None
