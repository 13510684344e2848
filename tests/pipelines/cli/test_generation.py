"""`aig estimate`, `aig ledger`, `aig mock-server`, and the rate shared between machines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from aig.core.records import Clip, Features
from aig.core.tables import CLIPS, write_table
from aig.extractors.measure import extractor_version
from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.ask import ask
from aig.generators.client.estimate import estimate_cost, total
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server import MockServer
from aig.generators.settings import GenerateSettings
from aig.pipelines.configuration import load
from aig.pipelines.runtime import shared_rate
from aig.pipelines.workspace.buckets import KEPT, SOURCE_OF_CLIP
from aig.pipelines.workspace.workspace import Workspace

COUNT = 6


def aig(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("aig")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A workspace whose clips are selected and not asked about: written as the stages before would."""
    file = tmp_path / "aig.yaml"
    content = {
        "workspace": "./workspace",
        "datasets": {"mine": {"manifest": "clips.jsonl"}},
        "generate": {"model": "gpt-4o-mini", "max_cost_usd": 0.001},
    }
    file.write_text(yaml.safe_dump(content))
    (tmp_path / "clips.jsonl").write_text("".join(json.dumps({"path": f"{n}.wav"}) + "\n" for n in range(COUNT)))
    workspace = Workspace(str(tmp_path / "workspace"))
    version = extractor_version(load(file).extract)
    clips = [
        Clip(audio_id=f"mine/{n}", dataset="mine", path=f"{n}.wav", labels=("Rain",), captions=(f"Rain falls {n}.",))
        for n in range(COUNT)
    ]
    workspace.write(clips, Clip, "clips", "mine", "part-0.parquet")
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), ["part-0.parquet"])
    sources = database.execute(f"SELECT audio_id, {SOURCE_OF_CLIP} FROM clips").fetchall()
    features = [
        Features(audio_id=audio_id, duration_s=5.0, sample_rate=16_000, extractor=version, source=source)
        for audio_id, source in sources
    ]
    workspace.write(features, Features, "features", "mine", f"part-{version}-0.parquet")
    kept = KEPT.empty_table().from_pydict({"audio_id": [clip.audio_id for clip in clips]}, schema=KEPT)
    write_table(workspace.url("selection", "mine.parquet"), [kept], KEPT)
    return file


def test_estimate_then_ask_then_ledger(config: Path, tmp_path: Path) -> None:
    before = json.loads(aig("estimate", str(config), "--json").stdout)
    assert before["total"]["calls"] == COUNT
    assert before["total"]["output_tokens"] == COUNT * 1024
    assert before["total"]["batch_usd"] == pytest.approx(before["total"]["live_usd"] / 2)
    (row,) = before["rows"]
    assert (row["dataset"], row["prompt"].partition("@")[0]) == ("mine", "audio")
    shown = aig("estimate", str(config))
    assert "gpt-4o-mini" in shown.stdout
    assert "budget generate.max_cost_usd is $0.001" in shown.stderr.replace("\n", " ")

    empty = json.loads(aig("ledger", str(config), "--json").stdout)
    assert (empty["replies"], empty["cost_usd"], empty["hit_rate"], empty["rows"]) == (0, 0, None, [])
    with Ledger(str(tmp_path / "workspace" / "responses")) as ledger:
        ledger.append(_reply("a" * 64, row["prompt"], "0.5"), _reply("b" * 64, row["prompt"], "0.25"))
    with Ledger(str(tmp_path / "workspace" / "responses")) as ledger:
        ledger.append(_reply("c" * 64, row["prompt"], "0.25"))
    after = json.loads(aig("ledger", str(config), "--json", "--compact").stdout)
    assert (after["replies"], after["cost_usd"], after["files"]) == (3, 1.0, 1)
    assert after["rows"][0]["model"] == "gpt-4o-mini-2024-07-18"
    again = json.loads(aig("estimate", str(config), "--json").stdout)
    assert again["total"]["output_tokens"] == COUNT * 300, "as long as the replies so far"
    assert again["total"]["most_usd"] == before["total"]["most_usd"]


def _reply(key: str, prompt: str, cost: str) -> Reply:
    return Reply(
        key=key,
        content="{}",
        model="gpt-4o-mini-2024-07-18",
        request_id="x",
        finish_reason="stop",
        input_tokens=10,
        output_tokens=300,
        cost_usd=cost,
        answered_at=1.0,
        dataset="mine",
        prompt=prompt,
    )


def test_what_cannot_be_estimated_is_said(config: Path) -> None:
    wrong = aig("estimate", str(config), "--only", "yours")
    assert wrong.returncode == 2
    assert "no dataset yours" in wrong.stderr
    config.write_text(config.read_text().replace("gpt-4o-mini", "unheard-of"))
    unpriced = aig("estimate", str(config))
    assert unpriced.returncode == 2
    assert "generate.prices" in unpriced.stderr


def test_estimate_counts_a_request_once(tmp_path: Path) -> None:
    asked = [
        ChatRequest("gpt-4o-mini", ({"role": "user", "content": f"{n % 3}"},), {"max_tokens": 9}) for n in range(5)
    ]
    rows = estimate_cost(asked, Ledger(str(tmp_path)), GenerateSettings(model="gpt-4o-mini"))
    assert (total(rows).calls, total(rows).cached, total(rows).output_tokens) == (3, 2, 27)
    assert total(rows).live_usd == Decimal("0.15") * total(rows).input_tokens / 10**6 + Decimal("0.6") * 27 / 10**6


@pytest.fixture
def served() -> Iterator[str]:
    command = [str(Path(sys.executable).with_name("aig")), "mock-server", "--port", "0", "--latency", "0"]
    with subprocess.Popen([*command, "--fault", "server_error=1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0


def test_mock_server_serves_until_it_is_stopped(served: str) -> None:
    with urllib.request.urlopen(f"{served}/models") as answer:
        assert json.load(answer)["object"] == "list"
    request = urllib.request.Request(f"{served}/chat/completions", b'{"model": "m", "messages": []}')
    with pytest.raises(urllib.error.HTTPError, match="500"):
        urllib.request.urlopen(request)


@pytest.mark.parametrize("fault", ["earthquake=0.5", "slow", "slow=2"])
def test_mock_server_names_what_is_wrong(fault: str) -> None:
    done = aig("mock-server", "--fault", fault)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_shared_rate_takes_slots_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[Any, ...]] = []

    async def rate_limit(name: str, *, occupy: int, strict: bool) -> None:
        taken.append((name, occupy, strict))

    monkeypatch.setattr("prefect.concurrency.asyncio.rate_limit", rate_limit)
    asked = [ChatRequest("mock", ({"role": "user", "content": f"{n}"},), {"max_tokens": 9}) for n in range(25)]
    with MockServer() as server, Ledger(str(tmp_path)) as ledger:
        settings = GenerateSettings(base_url=server.url, model="mock")
        asyncio.run(ask(asked, ledger, settings, shared_limit=shared_rate.shared_rate("aig-requests")))
    assert taken == [("aig-requests", shared_rate.BLOCK, True)] * 3
