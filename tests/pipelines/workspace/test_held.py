"""A held workspace on a store says what the plain one does, and asks the store only where something was written."""

from __future__ import annotations

import pickle
import uuid
from typing import Any

import fsspec
import pytest

from aig.core.records import Clip
from aig.core.storage import write_bytes
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.workspace import Workspace


def write(workspace: Workspace, *place: str) -> None:
    workspace.write([Clip(audio_id="mine/a", dataset="mine")], Clip, *place)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The store's listings and looks, as they are made."""
    store: Any = type(fsspec.filesystem("memory"))
    made: list[str] = []

    def noted(do: Any) -> Any:
        def look(self: Any, path: str, *rest: Any, **more: Any) -> Any:
            made.append(path)
            return do(self, path, *rest, **more)

        return look

    for name in ("ls", "info", "find"):
        monkeypatch.setattr(store, name, noted(getattr(store, name)))
    return made


def told(workspace: Workspace) -> list[Any]:
    return [
        workspace.parts("clips", "mine"),
        workspace.state("clips", "mine", prefix="part-1"),
        workspace.folders("qa"),
        workspace.folders("qa", "mine"),
        workspace.exists("qa", "mine"),
        workspace.exists("qa", "other"),
        workspace.exists("clips", "mine", "part-1.parquet"),
        workspace.read_text("qa", "mine", "closed", "made_from.json"),
        workspace.read_text("answers", "none.json"),
        workspace.exists("qa", "mine", "clos"),
        workspace.exists("quarantine"),
        workspace.folders("quarantine"),
        workspace.tree("qa"),
        workspace.tree("qa", "mi"),
        workspace.tree("versions", "v0001"),
        workspace.state("versions"),
        workspace.exists("report.html"),
        workspace.read_json("shards.json"),
        workspace.read_json("forgotten.json"),
    ]


def test_it_says_what_the_plain_one_says_before_and_after_each_change(looks: list[str]) -> None:
    plain = Workspace(f"memory://{uuid.uuid4().hex}")
    for part in range(3):
        write(plain, "clips", "mine", f"part-{part}.parquet")
    write(plain, "qa", "mine", "closed", "part-0.parquet")
    write(plain, "qa", "mine", "closed", "of", "other", "depth", "part-0.parquet")
    plain.write_text("{}", "versions", "v0001.json")
    plain.write_text("{}", "versions", "v0001", "manifest.json")
    plain.write_text('{"version": "v0001"}', "shards.json")
    held = Held(plain.root)
    assert told(held) == told(plain)
    looks.clear()
    told(held)
    assert looks == []

    held.write_text("{}", "qa", "mine", "closed", "made_from.json")
    held.remove("clips", "mine", "part-1.parquet")
    held.remove("shards.json")
    held.write_text("<html>", "report.html")
    write(held, "qa", "mine", "open_audio", "part-0.parquet")
    assert told(held) == told(plain)
    assert held.folders("qa", "mine") == ["closed", "open_audio"]

    write(plain, "clips", "mine", "part-9.parquet")  # by a worker, of which the run then tells
    held.forget()
    assert told(held) == told(plain)


def test_what_is_written_below_a_folder_by_its_address_alone_is_seen() -> None:
    plain = Workspace(f"memory://{uuid.uuid4().hex}")
    plain.write_text("{}", "versions", "v0001", "data", "a.json")
    held = Held(plain.root)
    assert [name for name, *_ in held.tree("versions", "v0001")] == ["data/a.json"]
    address = held.target("versions", "v0001")
    write_bytes(f"{address}/data/b.json", b"{}")
    assert held.files("versions", "v0001", "data") == ["a.json", "b.json"]
    held.remove("versions", "v0001")
    assert held.tree("versions", "v0001") == []


def test_a_folder_that_the_store_does_not_have_is_not_asked_for(looks: list[str]) -> None:
    plain = Workspace(f"memory://{uuid.uuid4().hex}")
    plain.write_text("{}", "answers", "a.json")
    held = Held(plain.root)
    looks.clear()
    assert (held.parts("quarantine", "mine"), held.exists("report.html"), held.tree("versions")) == ([], False, [])
    assert len(looks) == 1


def test_a_worker_gets_the_plain_one() -> None:
    held = Held("memory://held")
    held.parts("clips", "mine")
    assert type(pickle.loads(pickle.dumps(held))) is Workspace
