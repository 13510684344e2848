"""A build whose replies are of no use fails, whichever run asked for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aig.core.errors import DataError
from aig.core.qa_id import make_pair
from aig.core.records import Dropped, QAPair, Quarantined
from aig.core.tables import DROPPED, to_table, write_table
from aig.pipelines.configuration import Configuration
from aig.pipelines.stages.generate.check import check_replies
from aig.pipelines.workspace.workspace import Workspace


def check(folder: Path, good: int, dropped: dict[str, int], given_up: int = 0, limit: float = 0.05) -> None:
    content = {"workspace": str(folder), "datasets": {"mine": {"manifest": "m.jsonl"}}, "max_quarantine": limit}
    workspace = Workspace(str(folder))
    rows = [
        make_pair(
            instruction="q", input="", audio_id=f"mine/g{n}", dataset="mine", task="open-ended question", output="a",
            prompt="audio@1", prompt_sha256="0",
        )
        for n in range(good)
    ]  # fmt: skip
    gone = [
        Dropped(audio_id=f"mine/{rule}{n}", dataset="mine", rule=rule, reason=f"why {rule}", prompt="audio@1")
        for rule, count in dropped.items()
        for n in range(count)
    ]
    refused = [
        Quarantined(
            dataset="mine", audio_id=f"mine/r{n}", stage="generate", error="no_reply", message="boom", advice="Try."
        )
        for n in range(given_up)
    ]
    workspace.write(rows, QAPair, "qa", "mine", "open_audio", "part-0.parquet")
    if gone:
        table = to_table(gone, Dropped)
        write_table(workspace.url("qa", "mine", "open_audio", "dropped-0.parquet"), [table], DROPPED)
    if refused:
        workspace.write(refused, Quarantined, "quarantine", "generate", "part-mine-open_audio-0.parquet")
    check_replies(Configuration.model_validate(content), workspace, ["mine"])


def test_useful_replies_pass(tmp_path: Path) -> None:
    check(tmp_path, 5, {"token_limit": 5, "short": 20}, given_up=1)


def test_nothing_asked_passes(tmp_path: Path) -> None:
    check(tmp_path, 0, {})


def test_most_replies_without_a_pair_fail_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine, open_audio: 6 of 10 replies hold no .* token_limit: why") as caught:
        check(tmp_path, 4, {"token_limit": 4, "no_pairs": 2})
    assert "max_tokens" in caught.value.advice


def test_many_requests_given_up_fail_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2 of 10 requests were given up \(20.0%\).*boom") as caught:
        check(tmp_path, 8, {}, given_up=2)
    assert caught.value.advice.startswith("Try. `aig retry-quarantine` asks them again.")


def test_who_wants_to_publishes_all_the_same(tmp_path: Path) -> None:
    check(tmp_path, 1, {"token_limit": 9}, given_up=5, limit=1.0)
