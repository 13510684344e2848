"""An openai-whisper model whose matrices are held in 8 bits, for a CPU: a quarter of the memory, and of the reading.

What is multiplied is whole numbers, so each row (a position of the encoder, a token) comes out the same whatever stands
beside it. Weights have a scale per row, what they are multiplied with has one per row too, taken as it comes, as in
CTranslate2 (https://opennmt.net/CTranslate2/quantization.html). Convolutions, norms and attention stay in 32 bits.
"""

from __future__ import annotations

import platform
from typing import Any

import torch
from torch import Tensor, nn
from whisper.model import Linear, TextDecoder

__all__ = ["Int8Decoder", "Int8Linear", "hold_in_8_bits", "multiplies_8_bits"]

_MOST = 127
_LEAST = 1e-12
"""What a row of zeros is divided by."""


class Int8Linear(nn.Module):
    """A linear layer with weights of 8 bits, its inputs and outputs of 32."""

    weight: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        """Rounds weights of shape `(outputs, inputs)`, at least two inputs: `torch._int_mm` is wrong with one."""
        super().__init__()
        top = weight.detach().float().abs().amax(1).clamp_(min=_LEAST)
        rounded = (weight.detach() * (_MOST / top)[:, None]).round_().to(torch.int8)
        self.register_buffer("weight", rounded.t())  # a view: oneDNN reads rows of inputs four times as fast
        self.register_buffer("scales", top / _MOST**2)
        self.register_buffer("bias", None if bias is None else bias.detach().float())

    def forward(self, x: Tensor) -> Tensor:
        """Multiplies the last dimension."""
        rows = x.flatten(0, -2)
        top = rows.abs().amax(1, keepdim=True).clamp_(min=_LEAST)
        product = torch._int_mm((rows * (_MOST / top)).round_().to(torch.int8), self.weight) * top
        product = product.mul_(self.scales) if self.bias is None else torch.addcmul(self.bias, product, self.scales)
        return product.view(*x.shape[:-1], -1)


class Int8Decoder(nn.Module):
    """A text decoder that computes its logits, half of a small model's time, in 8 bits."""

    def __init__(self, decoder: TextDecoder) -> None:
        """Takes over the parts of a decoder."""
        super().__init__()
        self.token_embedding, self.positional_embedding = decoder.token_embedding, decoder.positional_embedding
        self.blocks, self.ln = decoder.blocks, decoder.ln
        self.logits = Int8Linear(decoder.token_embedding.weight)
        self.register_buffer("mask", decoder.mask, persistent=False)

    def forward(self, x: Tensor, xa: Tensor, kv_cache: dict[nn.Module, Tensor] | None = None) -> Tensor:
        """The logits of tokens `x` that follow those in the cache, beside encoder output `xa`; see `TextDecoder`."""
        offset = next(iter(kv_cache.values())).shape[1] if kv_cache else 0
        x = self.token_embedding(x) + self.positional_embedding[offset : offset + x.shape[-1]]
        for block in self.blocks:
            x = block(x, xa, mask=self.mask, kv_cache=kv_cache)
        logits: Tensor = self.logits(self.ln(x))
        return logits


def multiplies_8_bits() -> bool:
    """Whether this processor multiplies 8 bits exactly and fast: x86 with VNNI.

    Without it sums of two products are cut at 16 bits, which is tried here; on other processors than x86 PyTorch
    multiplies one number by one.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    largest = torch.full((64, 64), _MOST, dtype=torch.int8)
    return bool((torch._int_mm(largest, largest) == 64 * _MOST**2).all())


def hold_in_8_bits(model: Any) -> None:
    """Replaces the linear layers of a `whisper.model.Whisper` on a CPU, and what makes logits of its embeddings."""
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, Linear):
                setattr(module, name, Int8Linear(layer.weight, layer.bias))
    model.decoder = Int8Decoder(model.decoder)
