"""The openai-whisper backend: windows decoded in batches, words aligned on the same encoder output."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.records import Word
from aig.extractors.audio import Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.batches import FRAME, WINDOW_S
from aig.extractors.whisper.recogniser import (
    PUNCTUATION_AFTER,
    PUNCTUATION_BEFORE,
    SEED,
    BatchedBackend,
    Decoded,
)
from aig.extractors.whisper.weights import checkpoint

if TYPE_CHECKING:
    import torch

__all__ = ["OpenAIWhisper", "encoder_layers", "load_whisper"]

log = logging.getLogger(__name__)

_TOKEN_S = 0.02
"""Seconds from one of the encoder's positions to the next."""


class OpenAIWhisper(BatchedBackend):
    """A loaded model of the openai-whisper package (Radford et al. 2022, https://arxiv.org/abs/2212.04356)."""

    def __init__(self, settings: WhisperSettings) -> None:
        self._model, heads = _loaded(settings)
        import torch
        import whisper

        if heads is not None:
            dims = self._model.dims
            mask = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
            mask[tuple(np.array(heads).T)] = True
            self._model.register_buffer("alignment_heads", mask.to_sparse().to(self._model.device), persistent=False)
        elif settings.model in whisper._ALIGNMENT_HEADS:
            self._model.set_alignment_heads(whisper._ALIGNMENT_HEADS[settings.model])
        on_gpu = self._model.device.type == "cuda"
        free_bytes = torch.cuda.mem_get_info(self._model.device)[0] if on_gpu else None
        super().__init__(settings, on_gpu=on_gpu, dims=self._model.dims, free_bytes=free_bytes)
        if settings.int8 and not on_gpu and not self._half:
            from aig.extractors.whisper.int8 import hold_in_8_bits, multiplies_8_bits

            if multiplies_8_bits():
                hold_in_8_bits(self._model)
            else:
                log.warning("this processor does not multiply 8 bits exactly and fast: Whisper stays in 32")
        self._language = settings.language if self._model.is_multilingual else "en"

    def _decode(self, batch: Sequence[Samples], temperature: float, frames: int) -> list[Decoded]:
        import torch
        import whisper

        mels = torch.stack([self._mel(window, frames) for window in batch])
        options = whisper.DecodingOptions(
            language=self._language,
            temperature=temperature,
            fp16=self._half,
            max_initial_timestamp=WINDOW_S / (frames // 2) / _TOKEN_S,
        )
        torch.manual_seed(SEED)
        with torch.inference_mode(), _hearing(self._model, frames):
            results = self._model.decode(mels.to(self._model.device), options)
            return [
                Decoded(
                    text=result.text,
                    words=self._words(result, len(window)) if self._word_times else (),
                    no_speech_prob=float(result.no_speech_prob),
                    avg_logprob=float(result.avg_logprob),
                    language=result.language,
                )
                for window, result in zip(batch, results, strict=True)
            ]

    def _mel(self, window: Samples, frames: int) -> torch.Tensor:
        import torch
        import whisper

        padded = np.pad(window, (0, frames * FRAME - len(window)))
        mel: torch.Tensor = whisper.log_mel_spectrogram(torch.from_numpy(padded), self._model.dims.n_mels)
        return mel

    def _words(self, result: Any, length: int) -> tuple[Word, ...]:
        """Word times by dynamic time warping of the cross-attention, in seconds from the window's start."""
        from whisper.timing import find_alignment, merge_punctuations
        from whisper.tokenizer import get_tokenizer

        model = self._model
        tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=result.language, task="transcribe"
        )
        tokens = [token for token in result.tokens if token < tokenizer.eot]
        features = result.audio_features.float() if not self._half else result.audio_features
        timings = find_alignment(_Decoder(model), tokenizer, tokens, features, -(-length // FRAME))
        merge_punctuations(timings, PUNCTUATION_BEFORE, PUNCTUATION_AFTER)
        found = ((timing.word, float(timing.start), float(timing.end)) for timing in timings)
        return self._timed_words(found, length)


def _loaded(settings: WhisperSettings) -> tuple[Any, Any]:
    """A model, and the heads of its cross-attention that word times are read from, where its checkpoint names them.

    Raises:
        UsageError: the package is not installed, or the model is nowhere to be had or cannot be loaded.
    """
    try:
        import torch
        import whisper
    except ImportError as error:
        raise missing_extra(
            "the openai-whisper backend is not installed", "whisper", "Or set extract.whisper to null."
        ) from error
    path = checkpoint(settings.model, download=settings.download)
    device = settings.device if settings.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = whisper.load_model(path, device=device)
        return model, torch.load(path, map_location="cpu", weights_only=True, mmap=True).get("alignment_heads")
    except (RuntimeError, KeyError, TypeError, EOFError, OSError) as error:
        raise UsageError(
            f"{path} cannot be loaded on {device}: {str(error).splitlines()[0]}",
            "Check extract.whisper.model and extract.whisper.device, or delete the file to get it again.",
        ) from error


def encoder_layers(model: Any, samples: Samples, frames: int) -> torch.Tensor:
    """What each layer of a model's encoder gives for the first frames of a recording.

    Unlike in transcription, the spectrogram is cut or filled up with zeros to `frames`, not to 30 s, after it was made
    of all samples, as LTU-AS does (`transcribe_audio`, https://github.com/YuanGongND/ltu).

    Args:
        model: as `load_whisper` gives it.
        samples: 16 kHz, one channel.
        frames: of 10 ms.

    Returns:
        Shape `(layers, frames / 2, width)`.
    """
    import torch
    import whisper
    from torch.nn import functional

    encoder, gpu = model.encoder, model.device.type == "cuda"
    mel = whisper.log_mel_spectrogram(torch.from_numpy(np.ascontiguousarray(samples)), model.dims.n_mels)
    mel = whisper.pad_or_trim(mel, frames).to(model.device, torch.float16 if gpu else torch.float32)
    with torch.inference_mode():
        x = functional.gelu(encoder.conv2(functional.gelu(encoder.conv1(mel[None])))).permute(0, 2, 1)
        x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
        layers = []
        for block in encoder.blocks:
            x = block(x)
            layers.append(x[0])
        return torch.stack(layers)


def load_whisper(settings: WhisperSettings) -> Any:
    """A model of the openai-whisper package.

    Raises:
        UsageError: see `OpenAIWhisper`.
    """
    return _loaded(settings)[0]


@contextmanager
def _hearing(model: Any, frames: int) -> Iterator[None]:
    """The model with an encoder for spectrograms of `frames` frames: the first positions of its table.

    A whole second as the latest start of the first word (openai-whisper's rule) is an index into the positions, which
    openai-whisper computes as if they always lasted 30 s: `_decode` asks for the time that gives the same index.
    """
    encoder, dims = model.encoder, model.dims
    table, most = encoder.positional_embedding, dims.n_audio_ctx
    try:
        encoder.positional_embedding, dims.n_audio_ctx = table[: frames // 2], frames // 2
        yield
    finally:
        encoder.positional_embedding, dims.n_audio_ctx = table, most


class _Decoder:
    """A model as `find_alignment` calls it, fed with encoder output instead of a spectrogram: encoded once only."""

    def __init__(self, model: Any) -> None:
        self.device, self.dims, self.decoder = model.device, model.dims, model.decoder
        self.alignment_heads = model.alignment_heads

    def __call__(self, features: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.decoder(tokens, features)
        return logits
