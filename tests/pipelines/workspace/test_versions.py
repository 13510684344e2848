"""What is published is kept as versions; readers see one or another, never a mixture."""

import json
from pathlib import Path

import pytest

from aig.core.errors import DataError, UsageError
from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.stages.publish import publish_and_validate
from aig.pipelines.workspace import versions as kept
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.published import PublishedSet


def rows(count: int, dataset: str = "mine", word: str = "low") -> list[QAPair]:
    return [
        make_pair(
            instruction=f"What is the pitch of voice {number}?",
            input="",
            audio_id=f"{dataset}/{number}.wav",
            dataset=dataset,
            task="pitch_cla",
            output=f"The pitch is {word}.",
            prompt="pitch_cla@1",
            prompt_sha256="ab" * 32,
        )
        for number in range(count)
    ]


class Published:
    """A workspace whose pairs are written by the test."""

    def __init__(self, root: str, **publish: object) -> None:
        self.workspace = Workspace(root)
        self.configuration = Configuration.model_validate(
            {
                "workspace": root,
                "datasets": {"mine": {"manifest": "m.jsonl"}, "yours": {"manifest": "y.jsonl"}},
                "extract": {"whisper": None},
                "generate": {"open_ended": False},
                "publish": publish,
            }
        )

    def pairs(self, name: str, made: list[QAPair], part: str) -> None:
        self.workspace.remove("qa", name, "closed")
        if made:
            self.workspace.write(made, QAPair, "qa", name, "closed", f"part-00000-{part}.parquet")

    def publish(self, **options: bool) -> str:
        progress = Progress("", None, "rows", lambda *_: None)
        return publish_and_validate(self.configuration, self.workspace, (), progress, **options)

    def now(self) -> tuple[str, int]:
        version = kept.current(self.workspace)
        url = kept.current_set(self.workspace)
        assert version is not None
        assert url is not None
        return version.name, PublishedSet(url).manifest().rows


@pytest.fixture(params=["disk", "store"])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> Published:
    if request.param == "disk":
        return Published(str(tmp_path / "w"))
    return Published(f"memory://{tmp_path.name}")


def test_each_publish_is_a_version_and_the_same_pairs_are_not(published: Published) -> None:
    published.pairs("mine", rows(20), "a")
    assert published.publish() == kept.current_set(published.workspace)
    assert published.now() == ("v0001", 20)
    published.publish()
    assert [version.name for version in kept.versions(published.workspace)] == ["v0001"]
    published.pairs("mine", rows(21), "b")
    published.publish()
    assert published.now() == ("v0002", 21)


def test_an_empty_mount_stops_the_publish_and_the_set_before_stays(published: Published) -> None:
    published.pairs("mine", rows(200), "a")
    published.pairs("yours", rows(20, "yours"), "a")
    published.publish()
    published.pairs("yours", rows(2, "yours"), "b")  # 8 % of the rows, 90 % of a dataset
    with pytest.raises(DataError, match=r"18 of 20 clips of yours.*v0001 stays") as refused:
        published.publish()
    assert "--accept-shrink" in refused.value.advice
    assert published.now() == ("v0001", 220)
    with pytest.raises(DataError, match="clips of yours"):  # and again: nothing was half taken
        published.publish()
    published.publish(accept_shrink=True)
    assert published.now() == ("v0002", 202)


def test_a_small_loss_passes_and_a_dataset_left_out_of_the_configuration_does_not(published: Published) -> None:
    published.pairs("mine", rows(100), "a")
    published.pairs("yours", rows(100, "yours"), "a")
    published.publish()
    published.pairs("mine", rows(95), "b")
    published.publish()
    assert published.now() == ("v0002", 195)
    datasets = {"mine": published.configuration.datasets["mine"]}
    published.configuration = published.configuration.model_copy(update={"datasets": datasets})
    with pytest.raises(DataError, match="100 of 100 clips of yours"):
        published.publish()


def test_going_back_is_not_undone_by_the_next_night(published: Published, caplog: pytest.LogCaptureFixture) -> None:
    published.pairs("mine", rows(20), "a")
    published.publish()
    published.pairs("mine", rows(20, word="high"), "b")
    published.publish()
    kept.make_current(published.workspace, kept.version_named(published.workspace, "v0001"))
    published.publish()
    assert published.now() == ("v0001", 20)
    published.pairs("mine", rows(20, word="medium"), "c")
    published.publish()
    assert published.now() == ("v0003", 20)
    with pytest.raises(UsageError, match="no version 'v9'"):
        kept.version_named(published.workspace, "v9")


def test_earlier_settings_are_published_again_though_a_version_is_made_of_them(published: Published) -> None:
    published.pairs("mine", rows(20), "a")
    published.publish()
    published.pairs("mine", rows(20, word="high"), "b")
    published.publish()
    published.pairs("mine", rows(20), "a")  # as the first, with nobody having gone back
    published.publish()
    assert published.now() == ("v0003", 20)
    assert len({version.made_from for version in kept.versions(published.workspace)}) == 2


def test_a_set_of_which_nothing_is_left_is_refused_with_what_vanished(published: Published) -> None:
    published.pairs("mine", rows(20), "a")
    published.publish()
    published.pairs("mine", [], "b")
    with pytest.raises(DataError, match="20 of 20 rows") as error:
        published.publish()
    assert "mounted" in error.value.advice
    assert published.now() == ("v0001", 20)


def test_the_oldest_versions_go_but_never_the_current_one(published: Published) -> None:
    settings = published.configuration.publish.model_copy(update={"keep": 2})
    published.configuration = published.configuration.model_copy(update={"publish": settings})
    for number in range(4):
        published.pairs("mine", rows(20 + number), str(number))
        published.publish()
    assert [version.name for version in kept.versions(published.workspace)] == ["v0003", "v0004"]
    assert published.workspace.folders("versions") == ["v0003", "v0004"]
    kept.make_current(published.workspace, kept.version_named(published.workspace, "v0003"))
    published.pairs("mine", rows(30), "z")
    assert kept.prune(published.workspace, 1) == []  # v0004 is the newest, v0003 the current one
    assert published.now() == ("v0003", 22)


def test_a_disk_stores_what_versions_have_in_common_once(tmp_path: Path) -> None:
    published = Published(str(tmp_path / "w"))
    published.pairs("mine", rows(20), "a")
    published.publish()
    published.pairs("mine", rows(20), "b")  # another part, the same rows
    published.publish()
    one, other = (tmp_path / f"w/versions/{name}/data/classification" for name in ("v0001", "v0002"))
    (file,) = one.iterdir()
    assert file.samefile(other / file.name)
    assert (tmp_path / "w/shards").is_symlink()


def test_the_set_of_a_workspace_without_versions_becomes_the_first(tmp_path: Path) -> None:
    published = Published(str(tmp_path / "w"))
    published.pairs("mine", rows(20), "a")
    published.publish()
    root = tmp_path / "w"
    (root / "shards").unlink()
    (root / "versions/v0001").rename(root / "shards")
    made_from = json.loads((root / "versions/v0001.json").read_text())["made_from"]
    (root / "versions/v0001.json").unlink()
    (root / "shards.made_from").write_text(made_from)
    published.publish()
    assert published.now() == ("v0001", 20)
    assert kept.versions(published.workspace)[0].made_from == made_from
    assert sorted(path.name for path in root.iterdir() if "made_from" in path.name) == []
