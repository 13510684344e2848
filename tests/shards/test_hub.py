"""Sets on the Hugging Face hub: pushed version by version, read back by address, whatever the hub answers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aig.core.errors import AigError, DataError, UsageError
from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.shards.export.export import export
from aig.shards.export.form import Options
from aig.shards.hub import push
from aig.shards.manifest import Manifest
from aig.shards.statistics import statistics
from aig.shards.validator.validate import validate
from helpers.hub_server import Answer, Fault, Hub, Repo

Sets = Callable[[int], Path]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory, pairs: Callable, published_by: Callable[..., Manifest]) -> Sets:
    """Sets of the first pairs, by how many."""
    made: dict[int, Path] = {}

    def get(number: int) -> Path:
        if number not in made:
            made[number] = tmp_path_factory.mktemp("set")
            published_by(made[number], pairs(number), rows_per_shard=200)
        return made[number]

    return get


def status_of(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)


def test_each_push_is_a_version_that_stays_readable(hub: Hub, sets: Sets, tmp_path: Path) -> None:
    shares: list[tuple[int, int]] = []
    first = push(str(sets(220)), "team/questions", progress=lambda *share: shares.append(share))
    assert (first.tag, first.changed, shares[-1]) == ("v1", True, (first.bytes, first.bytes))
    repo = hub.repos["team/questions"]
    assert repo.private
    assert b'"team/questions", "stage3", split="train", revision="v1"' in repo.commits[first.commit]["README.md"]
    second = push(str(sets(110)), "hf://datasets/team/questions")
    assert (second.tag, second.url) == ("v2", "hf://datasets/team/questions@v2")
    assert len(repo.commits) == 3  # one a version, and the hub's own
    again = push(str(sets(110)), "team/questions")
    assert (again.tag, again.commit, again.changed) == ("v2", second.commit, False)
    for url, rows in (("@v1", 220), ("@v2", 110), ("", 110), (f"@{first.commit}", 220)):
        report = validate(f"hf://datasets/team/questions{url}")
        assert (report.to_dict()["errors"], report.rows) == ([], rows)
        assert {finding.code for finding in report.warnings} <= {"longer_than_108", "longer_than_160"}
    assert statistics("hf://datasets/team/questions@v1").rows == 220
    done = export("hf://datasets/team/questions@v1", "jsonl", tmp_path / "rows.jsonl", Options())
    assert done.rows == 220


def test_the_newest_set_is_one_commit_while_another_is_pushed(hub: Hub, sets: Sets) -> None:
    from aig.shards.published import PublishedSet

    push(str(sets(220)), "team/questions")
    opened = PublishedSet("hf://datasets/team/questions")
    push(str(sets(110)), "team/questions")
    assert opened.manifest().rows == 220


def test_a_push_that_is_cut_continues(hub: Hub, sets: Sets) -> None:
    hub.faults = {"PUT /large/": ["cut"] * 60}
    with pytest.raises(DataError, match="did not take the set") as error:
        push(str(sets(220)), "team/questions")
    assert "not sent twice" in error.value.advice
    assert hub.repos["team/questions"].tags == {}
    hub.faults = {"POST .*/commit/": [500], "PUT /large/": [429, 503]}
    with pytest.raises(DataError, match="did not take the set: a fault"):
        push(str(sets(220)), "team/questions")
    sent = len(hub.uploads)
    hub.faults = {"POST .*/tag/": [500]}
    with pytest.raises(DataError, match="did not take the set: a fault"):
        push(str(sets(220)), "team/questions")
    done = push(str(sets(220)), "team/questions")
    assert (done.tag, len(hub.uploads), len(set(hub.uploads))) == ("v1", sent, sent)
    assert len(hub.repos["team/questions"].commits) == 2
    assert validate(done.url).ok


def test_a_download_that_is_cut_or_refused_for_a_moment_is_tried_again(hub: Hub, sets: Sets) -> None:
    push(str(sets(110)), "team/questions")
    hub.faults = {"GET .*/resolve/.*parquet": ["cut", 503, 429]}
    assert validate("hf://datasets/team/questions").ok
    assert hub.faults == {"GET .*/resolve/.*parquet": []}


@pytest.mark.parametrize(
    ("faults", "message", "advice"),
    [
        (
            {"POST /api/repos/create": [Answer(401, 'User Access Token "laptop" is expired')]},
            'answers 401, User Access Token "laptop" is expired',
            "has not expired",
        ),
        (
            {"POST /api/repos/create": [Answer(403, "You don't have the rights to create a dataset under team")]},
            "answers 403, You don't have the rights to create",
            "HF_TOKEN",
        ),
        ({"POST .*/commit/": [Answer(403, "Private repository storage limit reached")]}, "storage limit", "HF_TOKEN"),
        (
            {"POST .*/commit/": [Answer(400, "Invalid metadata in README.md.")]},
            "Invalid metadata in README",
            "Correct it",
        ),
        ({"POST .*/tag/": [409]}, "somebody else pushed", "Push again"),
        (
            {"POST .*/commit/": [Answer(429, "rate-limited", {"ratelimit": '"api";r=0;t=55'})]},
            "no more requests",
            "in 55 seconds",
        ),
        ({"POST .*/commit/": [Answer(429, "slow", {"Retry-After": "120"})]}, "no more requests", "in 120 seconds"),
        ({"POST .*/preupload/": [404]}, "answers 404", "Check the name"),
        ({"POST .*/commit/": [412]}, "somebody else pushed", "Push again"),
        ({"POST .*/preupload/": [429] * 6}, "no more requests", "continues"),
        ({"POST .*/preupload/": [503] * 6}, "did not take the set", "not sent twice"),
    ],
)
def test_what_the_hub_refuses_is_said(
    hub: Hub, sets: Sets, faults: dict[str, list[Fault]], message: str, advice: str
) -> None:
    hub.faults = faults
    with pytest.raises(AigError, match=message) as error:
        push(str(sets(110)), "team/questions")
    assert advice in error.value.advice
    assert "hf_good" not in str(error.value)
    if "POST .*/commit/" in faults and "meanwhile" not in str(error.value):
        assert hub.asked[-1].startswith("POST /api/datasets/team/questions/commit/")  # a clear refusal is believed


def test_a_commit_whose_answer_is_lost_is_found(hub: Hub, sets: Sets) -> None:
    hub.faults = {"POST .*/commit/": ["lost"]}
    done = push(str(sets(110)), "team/questions")
    assert (done.tag, done.changed, done.commit) == ("v1", True, hub.repos["team/questions"].head)
    assert validate(done.url).ok


def test_somebody_elses_commit_is_not_taken_for_ones_own(hub: Hub, sets: Sets) -> None:
    push(str(sets(220)), "team/questions")
    repo = hub.repos["team/questions"]
    other = dict(repo.commits[repo.head])
    hub.before_commit = lambda: repo.commit({**other, "README.md": b"edited on the hub meanwhile"})
    with pytest.raises(DataError, match="somebody else pushed"):
        push(str(sets(110)), "team/questions")
    hub.before_commit = None
    done = push(str(sets(110)), "team/questions")
    assert (done.tag, validate(done.url).rows) == ("v2", 110)


def test_what_stops_a_reader_is_said(hub: Hub, sets: Sets, capfd: pytest.CaptureFixture[str]) -> None:
    pushed = push(str(sets(110)), "team/questions")
    gated = Answer(403, "Access to dataset team/questions is restricted.", {"X-Error-Code": "GatedRepo"})
    expired = Answer(401, 'User Access Token "laptop" is expired')
    limited = Answer(429, "rate-limited", {"Retry-After": "90"})
    for fault, message, advice in (
        (gated, "answers 403, Access to dataset team/questions is restricted", "Ask for access on its page"),
        (expired, 'User Access Token "laptop" is expired', "HF_TOKEN"),
        (limited, "answers 429", "in 90 seconds"),
    ):
        hub.faults = {"GET /api/datasets/": [fault] * 9}
        for command in ("validate", "stats"):
            assert status_of(command, pushed.url) == 2
            told = capfd.readouterr().err
            assert message in told
            assert advice in " ".join(told.split())
    hub.faults = {}
    assert status_of("validate", "hf://datasets/team/hidden") == 2
    assert "hides a private set" in " ".join(capfd.readouterr().err.split())


def test_nothing_is_overwritten_or_shown_to_everybody_unasked(hub: Hub, sets: Sets, tmp_path: Path) -> None:
    hub.repos["team/other"] = Repo(private=True)
    hub.repos["team/other"].commit({"model.safetensors": b"weights"})
    with pytest.raises(UsageError, match="not a published set"):
        push(str(sets(110)), "team/other")
    hub.repos["team/open"] = Repo(private=False)
    hub.repos["team/open"].commit({})
    with pytest.raises(UsageError, match="everybody could read"):
        push(str(sets(110)), "team/open")
    assert push(str(sets(110)), "team/open", public=True, tag="2026-11").tag == "2026-11"
    with pytest.raises(UsageError, match="another version tagged"):
        push(str(sets(220)), "team/open", public=True, tag="2026-11")
    push(str(sets(110)), "team/closed")
    with pytest.raises(UsageError, match="does not open"):
        push(str(sets(220)), "team/closed", public=True)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(DataError, match="is not valid, so it is not pushed"):
        push(str(tmp_path), "team/broken")
    assert "team/broken" not in hub.repos


@pytest.mark.parametrize(
    ("repo", "tag", "message"),
    [("questions", None, "not the name of a repository"), ("team/questions", "a b", "not a valid tag")],
)
def test_a_wrong_call_is_refused(hub: Hub, sets: Sets, repo: str, tag: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        push(str(sets(110)), repo, tag=tag)


def test_the_commands_read_and_write_it(
    hub: Hub, sets: Sets, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status_of("push", str(sets(110)), "team/questions", "--json") == 0
    pushed = json.loads(capfd.readouterr().out)
    assert (pushed["url"], pushed["tag"]) == ("hf://datasets/team/questions@v1", "v1")
    assert status_of("validate", pushed["url"]) == 0
    assert status_of("validate", "hf://datasets/team/questions@v9") == 2
    assert "nothing is at hf://datasets/team/questions@v9" in capfd.readouterr().err
    assert status_of("validate", "hf://team/questions") == 2
    assert "Write hf://datasets/OWNER/NAME" in capfd.readouterr().err
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setenv("HF_TOKEN_PATH", os.devnull)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", os.devnull)
    assert status_of("push", str(sets(110)), "team/questions") == 2
    assert "HF_TOKEN" in capfd.readouterr().err
    assert status_of("stats", "hf://datasets/team/questions@v1") == 2
    assert "Log in" in capfd.readouterr().err


def test_a_set_on_the_hub_is_browsed(hub: Hub, sets: Sets) -> None:
    from aig.pipelines.views.browse.sources import published_set

    push(str(sets(110)), "team/questions")
    source = published_set("hf://datasets/team/questions@v1")
    assert sum(file.rows for file in source.files) == 110
    assert Path(source.root.root, source.files[0].lineage).is_file()
