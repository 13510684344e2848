"""Whisper in 8 bits on a CPU: near to what 32 bits give, and nothing that depends on what is decoded beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.extractors.settings import WhisperSettings

torch = pytest.importorskip("torch")
pytest.importorskip("whisper")

from whisper.model import Linear, ModelDimensions, Whisper  # noqa: E402

from aig.extractors.whisper import int8  # noqa: E402
from aig.extractors.whisper.openai_whisper import OpenAIWhisper  # noqa: E402

DIMS = ModelDimensions(80, 1500, 64, 2, 2, 51864, 448, 64, 2, 2)
in_8_bits = pytest.mark.skipif(not int8.multiplies_8_bits(), reason="this processor does not multiply 8 bits exactly")


def model() -> Whisper:
    """A small model of random weights."""
    torch.manual_seed(0)
    made = Whisper(DIMS).eval()
    with torch.no_grad():
        made.decoder.positional_embedding.normal_(0, 0.1)
    return made


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    torch.save({"dims": vars(DIMS), "model_state_dict": model().state_dict()}, tmp_path / "small.pt")
    return str(tmp_path / "small.pt")


@in_8_bits
@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 40),
    inputs=st.integers(2, 300),
    loud=st.floats(1e-6, 1e6),
    bias=st.booleans(),
    seed=st.integers(0, 9),
)
def test_a_layer_rounds_to_a_127th_of_each_row(rows: int, inputs: int, loud: float, bias: bool, seed: int) -> None:
    torch.manual_seed(seed)
    layer = Linear(inputs, 48, bias=bias).requires_grad_(False)
    x = torch.randn(rows, inputs) * loud
    error = (int8.Int8Linear(layer.weight, layer.bias)(x) - layer(x)).abs()
    top = x.abs().amax(1)[:, None] * layer.weight.abs().amax(1)
    assert (error <= inputs * top * (1 / 127 + 1 / 254**2) * 1.001 + 1e-5 * (1 + layer(x).abs())).all()


@in_8_bits
def test_a_row_is_the_same_whatever_stands_beside_it_and_nothing_is_the_bias() -> None:
    torch.manual_seed(0)
    layer = int8.Int8Linear(torch.randn(48, 64), torch.randn(48))
    x = torch.randn(2, 9, 64) * torch.logspace(-3, 3, 9)[:, None]
    x[1, 4] = 0
    together = layer(x)
    assert together.shape == (2, 9, 48)
    alone = torch.stack([torch.cat([layer(row[None]) for row in each]) for each in x])
    assert torch.equal(together, alone)
    assert torch.equal(together[1, 4], layer.bias)


@in_8_bits
def test_a_model_in_8_bits_says_nearly_what_it_said_in_32_and_takes_less_memory() -> None:
    mel, tokens = torch.randn(2, 80, 3000), torch.tensor([[50257, 50362, 11, 400], [50257, 50362, 7, 9]])
    before, after = model(), model()
    int8.hold_in_8_bits(after)
    assert not any(isinstance(module, Linear) for module in after.modules())
    with torch.inference_mode():
        wanted, said = before(mel, tokens), after(mel, tokens)
    assert said.shape == wanted.shape
    assert ((said - wanted).norm() / wanted.norm()).item() < 0.03
    assert sum(weight.numel() for weight in after.parameters()) < sum(weight.numel() for weight in before.parameters())


@in_8_bits
def test_token_by_token_is_the_same_as_all_at_once() -> None:
    made, tokens = model(), torch.tensor([[50257, 50362, 11, 400, 5]])
    int8.hold_in_8_bits(made)
    with torch.inference_mode():
        heard = made.encoder(torch.randn(1, 80, 3000))
        wanted = made.decoder(tokens, heard)
        cache, hooks = made.install_kv_cache_hooks()
        steps = [made.decoder(tokens[:, :2], heard, kv_cache=cache)]
        steps += [made.decoder(tokens[:, at : at + 1], heard, kv_cache=cache) for at in (2, 3, 4)]
    for hook in hooks:
        hook.remove()
    assert torch.cat(steps, dim=1).argmax(-1).equal(wanted.argmax(-1))
    torch.testing.assert_close(torch.cat(steps, dim=1), wanted, atol=0.05 * wanted.std().item(), rtol=0)


@in_8_bits
def test_a_processor_that_cuts_sums_is_found_out() -> None:
    """The library told to do without VNNI, as on an older processor."""
    code = "from aig.extractors.whisper.int8 import multiplies_8_bits as m; print(m())"
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("options", "able", "held"),
    [({}, True, True), ({"int8": False}, True, False), ({"half": True}, True, False), ({}, False, False)],
    ids=["by default", "not wanted", "half precision", "an older processor"],
)
def test_weights_are_of_8_bits_where_wanted_and_possible(
    checkpoint: str,
    options: dict[str, bool],
    able: bool,
    held: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(int8, "multiplies_8_bits", lambda: able)
    recogniser = OpenAIWhisper(WhisperSettings.model_validate({"model": checkpoint, "device": "cpu"} | options))
    assert isinstance(recogniser._model.decoder, int8.Int8Decoder) is held
    assert ("stays in 32" in caplog.text) is (not able)


@in_8_bits
def test_windows_together_get_the_words_that_each_gets_alone(checkpoint: str) -> None:
    chosen = WhisperSettings(model=checkpoint, device="cpu", batch=3)
    recogniser = OpenAIWhisper(chosen)
    windows = [np.random.default_rng(seed).normal(0, 0.1, 40000).astype(np.float32) for seed in range(3)]
    together = recogniser.decode(windows, 0.0, whole=False)
    alone = [recogniser.decode([window], 0.0, whole=False)[0] for window in windows]
    assert [(each.text, each.language) for each in together] == [(each.text, each.language) for each in alone]
    assert [each.avg_logprob for each in together] == pytest.approx([each.avg_logprob for each in alone], rel=0.01)
