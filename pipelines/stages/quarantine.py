"""Lifting the quarantine: items that are to be tried again are taken out of it, and the next run works on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aig.core.records import Clip, Quarantined
from aig.core.tables import from_batch
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Reconciled", "lift"]


def lift(workspace: Workspace, name: str, stage: str, wanted: Callable[[Quarantined], bool]) -> int:
    """Takes those of a dataset's items out of a stage's quarantine that are `wanted`; returns how many.

    The next run measures again what the extract stage refused, and asks again what the generate stage gave up: for
    that, the bucket that lacks its pairs is removed, whose other pairs come from the ledger again for nothing.
    """
    lifted = 0
    for part in workspace.parts("quarantine", stage):
        if not part.startswith(f"part-{name}-"):
            continue
        items = list(_items(workspace, stage, part))
        stay = [item for item in items if not wanted(item)]
        if stage == "generate" and len(stay) < len(items):
            kind, bucket = part.removeprefix(f"part-{name}-").split("-", 1)
            workspace.remove("qa", name, kind, f"part-{bucket}")
        if not stay:
            workspace.remove("quarantine", stage, part)
        elif len(stay) < len(items):
            workspace.write(stay, Quarantined, "quarantine", stage, part)
        lifted += len(items) - len(stay)
    return lifted


def _items(workspace: Workspace, stage: str, part: str) -> Iterable[Quarantined]:
    for batch in workspace.batches([workspace.url("quarantine", stage, part)]):
        yield from from_batch(batch, Quarantined)


class Reconciled:
    """Notices, while a dataset is read again, which quarantined clips have another file now, or are gone.

    Only the clips in quarantine are held in memory, a few of a hundred.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        """Looks up which files the clips in quarantine had, before anything is written."""
        self._workspace, self._name = workspace, name
        parts = [part for part in workspace.parts("quarantine", "extract") if part.startswith(f"part-{name}-")]
        refused = {item.audio_id for part in parts for item in _items(workspace, "extract", part)}
        self._files: dict[str, set[tuple[str | None, str | None]]] = {audio_id: set() for audio_id in refused}
        self._same: set[str] = set()
        if refused:
            for clip in workspace.records(Clip, "clips", name):
                if clip.audio_id in refused:
                    self._files[clip.audio_id].add((clip.path, clip.stamp))

    def see(self, clip: Clip) -> None:
        """Takes note of a clip as it is now."""
        if self._files.get(clip.audio_id) == {(clip.path, clip.stamp)}:
            self._same.add(clip.audio_id)

    def settle(self) -> int:
        """Lifts the quarantine of clips whose file is another or no longer there; returns how many.

        To be called when the new clips are written and before the old ones are removed, so that it is made up for
        where it was interrupted.
        """
        if not self._files:
            return 0
        return lift(self._workspace, self._name, "extract", lambda item: item.audio_id not in self._same)
