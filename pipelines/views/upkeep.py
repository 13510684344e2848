"""The workspace's upkeep: what nothing needs any more, and whether all that is there is valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.clip_pairs import clips_sql
from aig.core.errors import AigError, DataError
from aig.core.storage import filesystem, open_file
from aig.core.tables import CLIPS, QA, VERDICTS
from aig.extractors.measure import extractor_version
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration
from aig.pipelines.held_out_audio import HELD_OUT_AUDIO, table_of
from aig.pipelines.stages.reconciliation import check_sums, clip_sums
from aig.pipelines.workspace.buckets import feature_parts, unselected
from aig.pipelines.workspace.qa_kinds import qa_kinds
from aig.pipelines.workspace.run_records import RUNS
from aig.pipelines.workspace.versions import VERSIONS, current_set, versions
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.validator.validate import validate

__all__ = ["Finding", "Leftover", "as_rows", "check_workspace", "clean", "leftovers"]

KEPT_RECORDS = 100


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of a workspace that no build of this configuration and no kept version needs.

    Attributes:
        place: file or folder inside the workspace.
        why: why nothing needs it.
        bytes: what it takes.
    """

    place: str
    why: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something invalid.

    Attributes:
        place: where.
        message: what is wrong.
        advice: what to do about it.
    """

    place: str
    message: str
    advice: str


def leftovers(configuration: Configuration, workspace: Workspace) -> list[Leftover]:
    """What could be removed. Replies, receipts and datasets that the configuration does not name never are."""
    return [Leftover(place, why, _size(workspace, place)) for place, why in _unneeded(configuration, workspace)]


def clean(workspace: Workspace, what: list[Leftover]) -> None:
    """Removes leftovers."""
    for leftover in what:
        workspace.remove(*leftover.place.split("/"))


def _unneeded(configuration: Configuration, workspace: Workspace) -> Iterator[tuple[str, str]]:
    extractor = extractor_version(configuration.extract)
    for name in configuration.datasets:
        present = feature_parts(workspace, name, extractor)
        for part in workspace.parts("features", name) if present else []:
            if part not in present:
                yield f"features/{name}/{part}", "measured by other settings or code"
        for kind in sorted(set(workspace.folders("qa", name)) - set(qa_kinds(configuration, name))):
            yield f"qa/{name}/{kind}", "a kind of pairs that the configuration does not ask for"
        yield from _unneeded_verdicts(configuration, workspace, name)
    listened = {table_of(folder) for settings in configuration.select.values() for folder in settings.test_audio}
    for table in workspace.files(HELD_OUT_AUDIO):
        if table not in listened:
            yield f"{HELD_OUT_AUDIO}/{table}", "test audio that no selection names"
    done = {version.name for version in versions(workspace)}
    for folder in workspace.folders(VERSIONS):
        if folder not in done:
            yield f"{VERSIONS}/{folder}", "a publish that did not finish or was refused"
    for record in workspace.files(RUNS)[:-KEPT_RECORDS]:
        yield f"{RUNS}/{record}", f"a run before the last {KEPT_RECORDS}"


def _unneeded_verdicts(configuration: Configuration, workspace: Workspace, name: str) -> Iterator[tuple[str, str]]:
    asked = configuration.generate.judge is not None or configuration.generate.blind is not None
    kinds = set(qa_kinds(configuration, name))
    for kind in workspace.folders("verdicts", name):
        if not asked or kind not in kinds:
            yield f"verdicts/{name}/{kind}", "verdicts that the configuration does not ask for; their replies stay"
            continue
        for file in set(workspace.parts("verdicts", name, kind)) - set(_present_verdicts(workspace, name, kind)):
            yield f"verdicts/{name}/{kind}/{file}", "verdicts on pairs that were remade"


def _present_verdicts(workspace: Workspace, name: str, kind: str) -> list[str]:
    """The tables of verdicts on the parts of pairs that are there."""
    stems = tuple(part.replace(".parquet", "-") for part in workspace.parts("qa", name, kind))
    return [file for file in workspace.parts("verdicts", name, kind) if file.startswith(stems)]


def _size(workspace: Workspace, place: str) -> int:
    fs, path = filesystem(workspace.url(*place.split("/")))
    return int(fs.du(path))


def check_workspace(configuration: Configuration, workspace: Workspace) -> list[Finding]:
    """What is wrong: unreadable tables, ids twice, pairs without clip or reply, sums that differ, the published set."""
    return list(_findings(configuration, workspace))


def _findings(configuration: Configuration, workspace: Workspace) -> Iterator[Finding]:
    unreadable = list(_unreadable(configuration, workspace))
    yield from unreadable
    if unreadable:
        return  # the rest reads these files
    with Ledger(workspace.url("responses"), every_line=True) as ledger:
        if ledger.damaged:
            yield Finding(
                "responses", f"{len(ledger.damaged):,} torn or damaged lines", "They are asked again by the next run."
            )
        for name in configuration.datasets:
            yield from _of_dataset(configuration, workspace, ledger, name)
    if (url := current_set(workspace)) is not None:
        try:
            report = validate(url)
        except AigError as error:
            yield Finding(url, error.message, error.advice)
            return
        if not report.ok:
            first = report.errors[0]
            message = f"{len(report.errors):,} errors, the first: {first.code}: {first.message}"
            yield Finding(
                url, message, f"See all with `aig validate {url}`; `aig rollback` goes back to another version."
            )


def _unreadable(configuration: Configuration, workspace: Workspace) -> Iterator[Finding]:
    places = [("selection",), (HELD_OUT_AUDIO,), *(("quarantine", stage) for stage in workspace.folders("quarantine"))]
    for name in configuration.datasets:
        places += [("clips", name), ("features", name)]
        places += [(table, name, kind) for table in ("qa", "verdicts") for kind in workspace.folders(table, name)]
    for place in places:
        for file in workspace.files(*place):
            if not file.endswith(".parquet"):
                continue
            try:
                with open_file(workspace.url(*place, file)) as stream:
                    for _ in pq.ParquetFile(stream).iter_batches(batch_size=8192):
                        pass
            except (pa.ArrowException, OSError) as error:
                where = "/".join((*place, file))
                message = f"cannot be read: {str(error).splitlines()[0][:200]}"
                yield Finding(where, message, "Remove the file; the next run makes it again, replies cost nothing.")

    for place in ((), (VERSIONS,), (RUNS,), *(place for place in places if place[0] == "qa")):
        for file in workspace.files(*place):
            if file.endswith(".json"):
                try:
                    workspace.read_json(*place, file)
                except DataError as error:
                    yield Finding("/".join((*place, file)), "is not JSON", error.advice)


def _of_dataset(configuration: Configuration, workspace: Workspace, ledger: Ledger, name: str) -> Iterator[Finding]:
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    kinds = qa_kinds(configuration, name)
    parts = [f"{kind}/{part}" for kind in kinds for part in workspace.parts("qa", name, kind)]
    workspace.view(database, "qa", QA, ("qa", name), parts)
    again = "Remove the tables named and run again: they are remade from the annotations and the replies."
    for what, table, column in (("clips", "clips", "audio_id"), ("pairs", "qa", "qa_id")):
        ((twice,),) = database.execute(
            f"SELECT count(*) FROM (SELECT {column} FROM {table} GROUP BY 1 HAVING count(*) > 1)"  # noqa: S608
        ).fetchall()
        if twice:
            yield Finding(f"{table}/{name}", f"{twice:,} {what} are there twice", again)
    asked_about = clips_sql("qa", "dataset, qa_id")
    ((lost,),) = database.execute(
        f"SELECT count(DISTINCT qa_id) FROM {asked_about} ANTI JOIN clips USING (audio_id)"  # noqa: S608
    ).fetchall()
    if lost:
        yield Finding(f"qa/{name}", f"{lost:,} pairs are about clips that are not in clips/{name}", "Run `aig run`.")
    asked = database.execute("SELECT DISTINCT request_id FROM qa WHERE source = 'model'").fetchall()
    verdicts = [f"{kind}/{file}" for kind in kinds for file in _present_verdicts(workspace, name, kind)]
    workspace.view(database, "verdicts", VERDICTS, ("verdicts", name), verdicts)
    ((strange,),) = database.execute("SELECT count(*) FROM verdicts ANTI JOIN qa USING (qa_id)").fetchall()
    if strange:
        yield Finding(f"verdicts/{name}", f"{strange:,} verdicts are on pairs that are not in qa/{name}", again)
    missing = sum(key not in ledger for (key,) in asked)
    if missing:
        message = f"the replies of {missing:,} requests that pairs came from are not in the ledger"
        yield Finding(f"qa/{name}", message, "Restore responses/ from a back-up, or pay for them again.")
    if not unselected(configuration, workspace, name):
        try:
            check_sums(name, clip_sums(configuration, workspace, name))
        except AigError as error:
            yield Finding(f"clips/{name}", error.message, error.advice)


def as_rows(found: list[Leftover] | list[Finding]) -> list[dict[str, Any]]:
    """Leftovers or findings as dictionaries."""
    return [asdict(one) for one in found]
