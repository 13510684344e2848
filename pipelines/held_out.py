"""Which test sets a selection is held against, as the configuration says and as their lists are on this disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow.parquet as pq

from aig.core.errors import UsageError
from aig.core.source_keys import KeyList
from aig.core.storage import open_file
from aig.datasets_registry.held_out_lists import DEFAULT, find_list
from aig.datasets_registry.registry import DATASETS
from aig.filters.clips.settings import SelectSettings
from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.buckets import HELD_OUT, selections_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["HeldOutLists", "forget_lists", "held_out_lists", "held_out_notes"]


@dataclass(frozen=True, slots=True)
class HeldOutLists:
    """The test sets of a selection.

    Attributes:
        lists: those to be held against.
        missing: those that would be by default, and whose lists are not on this disk.
    """

    lists: tuple[KeyList, ...]
    missing: tuple[str, ...]


def held_out_lists(configuration: Configuration, selection: str) -> HeldOutLists:
    """The lists of a selection. By default a split that the configuration reads on purpose is not among them.

    Raises:
        UsageError: a list that is asked for is not known, has no ids, or is not on this disk.
    """
    asked = configuration.select.get(selection, SelectSettings()).test_sets
    found: list[KeyList] = []
    missing: list[str] = []
    for name in _default(configuration) if asked is None else asked:
        key_list = _find(name, _roots(configuration), configuration.test_lists)
        if key_list is not None:
            found.append(key_list)
        elif asked is None:
            missing.append(name)
        else:
            raise UsageError(
                f"select.{selection}.not_in: the list {name!r} is not on this disk.",
                f"Put the owners' file into {configuration.test_lists or 'a folder that `test_lists` names'}"
                f"{'/' if configuration.test_lists else ', below '}{name.partition('/')[0]}, or leave the list out.",
            )
    return HeldOutLists(tuple(found), tuple(missing))


def held_out_notes(configuration: Configuration, workspace: Workspace) -> tuple[str, ...]:
    """For the dataset card: a sentence for each selection, which test sets its clips were held against."""
    notes = []
    for name in configuration.datasets:
        for selection in selections_of(configuration, name):
            if not (state := workspace.state("selection", prefix=f"{selection}.parquet")):
                continue
            kept = _kept(workspace.url("selection", f"{selection}.parquet"), state[0])
            if note := _note(selection, json.loads(kept) if kept else None):
                notes.append(note)
    return tuple(notes)


@lru_cache(maxsize=256)
def _kept(url: str, _state: tuple[str, int, str]) -> bytes | None:
    """What a selection's file says of it; each state of the file is read once a process."""
    with open_file(url) as stream:
        found: bytes | None = (pq.read_schema(stream).metadata or {}).get(HELD_OUT)
    return found


def _note(selection: str, checked: dict[str, Any] | None) -> str:
    if not checked or not (checked["compared"] or checked.get("audio")):
        return f"The clips of {selection} were not held against any test set: it is not known where they come from."
    lists = [
        f"{name} ({_number(of['recordings'], 'recording')}, {_number(of['dropped'], 'clip')} left out)"
        for name, of in checked["lists"].items()
    ]
    done = f"{checked['compared']:,} of {checked['clips']:,} clips of {selection} were held against "
    told = done + ", ".join(lists) if lists else f"The clips of {selection} were not held against any test set"
    if audio := checked.get("audio"):
        told += (
            f"; by sound {audio['clips']:,} clips against {audio['sounds']:,} test sounds "
            f"({audio['exact']:,} exact and {audio['near']:,} near copies left out)"
        )
    left = f"; not against {', '.join(checked['missing'])}, whose lists were not at hand" if checked["missing"] else ""
    return f"{told}{left}."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _default(configuration: Configuration) -> list[str]:
    read = {f"{name}/{split}" for name, source in configuration.datasets.items() for split in source.splits}
    return [name for name in DEFAULT if name not in read]


def _roots(configuration: Configuration) -> tuple[tuple[str, str], ...]:
    datasets = configuration.datasets.items()
    return tuple((name, source.root) for name, source in datasets if source.root and name in DATASETS)


@lru_cache(maxsize=64)
def _find(name: str, roots: tuple[tuple[str, str], ...], folder: str | None) -> KeyList | None:
    return find_list(name, dict(roots), folder)


def forget_lists() -> None:
    """Makes the lists be read again: called when a run begins, for each of its datasets needs the same ones."""
    _find.cache_clear()
