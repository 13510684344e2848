"""What a run cannot do is refused before it starts."""

from pathlib import Path

import pytest

from aig.core.errors import UsageError
from aig.pipelines.configuration import Configuration
from aig.pipelines.preflight import check
from aig.pipelines.runtime.process_pool import gpus


def clustered(folder: Path, address: str | None) -> Configuration:
    return Configuration.model_validate(
        {
            "workspace": str(folder),
            "datasets": {"mine": {"manifest": "m.jsonl"}},
            "runner": {"kind": "dask", "address": address},
        }
    )


@pytest.mark.parametrize(
    "url", [None, "http://127.0.0.1:4200/api", "http://localhost:4200/api", "http://0.0.0.0:4200/api"]
)
def test_workers_elsewhere_need_a_server_that_they_reach(
    url: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    if url:
        monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(UsageError, match="tcp://scheduler:8786 cannot reach") as refused:
        check(clustered(tmp_path, "tcp://scheduler:8786"), (), ("select",))
    assert "PREFECT_API_URL" in refused.value.advice
    check(clustered(tmp_path, "tcp://127.0.0.1:8786"), (), ("select",))
    check(clustered(tmp_path, None), (), ("select",))
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example:4200/api")
    check(clustered(tmp_path, "tcp://scheduler:8786"), (), ("select",))


def test_the_gpus_of_a_process_are_those_it_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert gpus() == ["2", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []
