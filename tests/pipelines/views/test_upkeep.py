"""What nothing needs is told before it goes; what is damaged is found."""

from pathlib import Path

import pytest

from aig.core.records import Clip, Features, QAPair
from aig.core.verdict import Verdict
from aig.pipelines.configuration import Configuration
from aig.pipelines.views.upkeep import check_workspace, clean, leftovers
from aig.pipelines.workspace.workspace import Workspace
from helpers.small_build import small_build


@pytest.fixture
def build(tmp_path: Path) -> tuple[Configuration, Workspace]:
    return small_build(tmp_path / "b", published=False)


def test_what_other_settings_and_unfinished_publishes_left_is_listed_and_goes(
    build: tuple[Configuration, Workspace],
) -> None:
    configuration, workspace = build
    assert leftovers(configuration, workspace) == []
    old = next(iter(workspace.records(Features, "features", "mine")))
    workspace.write([old], Features, "features", "mine", "part-00000000-00000000-00000000-00000000-a.parquet")
    workspace.write_text("x", "versions", "v0007", "README.md")
    pair = next(iter(workspace.records(QAPair, "qa", "mine", "closed")))
    workspace.write([pair], QAPair, "qa", "mine", "open_whale", "part-0.parquet")
    verdict = Verdict(qa_id=pair.qa_id, audio_id=pair.audio_id, dataset="mine", prompt=pair.prompt)
    workspace.write([verdict], Verdict, "verdicts", "mine", "closed", "part-00000-a-0123456789ab.parquet")
    workspace.write_text("x", "held_out_audio", "0123456789abcdef-1.parquet")
    found = leftovers(configuration, workspace)
    assert [one.place for one in found] == [
        "features/mine/part-00000000-00000000-00000000-00000000-a.parquet",
        "qa/mine/open_whale",
        "verdicts/mine/closed",
        "held_out_audio/0123456789abcdef-1.parquet",
        "versions/v0007",
    ]
    assert all(one.bytes > 0 for one in found)
    before = len(list(workspace.records(Features, "features", "mine")))
    clean(workspace, found)
    assert leftovers(configuration, workspace) == []
    assert len(list(workspace.records(Features, "features", "mine"))) == before - 1


def test_damage_is_found_by_name(build: tuple[Configuration, Workspace]) -> None:
    configuration, workspace = build
    sound = {finding.message for finding in check_workspace(configuration, workspace)}
    clip = next(iter(workspace.records(Clip, "clips", "mine")))
    workspace.write([clip], Clip, "clips", "mine", "part-00001.parquet")
    assert "1 clips are there twice" in {one.message for one in check_workspace(configuration, workspace)} - sound
    pair = next(iter(workspace.records(QAPair, "qa", "mine", "closed")))
    strange = Verdict(qa_id="0" * 64, audio_id=pair.audio_id, dataset="mine", prompt=pair.prompt)
    workspace.write([strange], Verdict, "verdicts", "mine", "closed", "part-00000-a-0123456789ab.parquet")
    assert "1 verdicts are on pairs that are not in qa/mine" in {
        one.message for one in check_workspace(configuration, workspace)
    }
    workspace.remove("responses")
    assert any("not in the ledger" in one.message for one in check_workspace(configuration, workspace))
    file = Path(workspace.url("clips", "mine", "part-00000.parquet"))
    content = file.read_bytes()
    for damaged in (content[:-20], b"", content[:200] + bytes(300) + content[500:]):
        file.write_bytes(damaged)
        (finding,) = check_workspace(configuration, workspace)
        assert finding.place == "clips/mine/part-00000.parquet"
        assert "next run makes it again" in finding.advice
