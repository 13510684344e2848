"""The faster-whisper backend: the same models on CTranslate2, several times as fast on a CPU."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.records import Word
from aig.extractors.audio import Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.batches import FRAME, free_gpu_bytes
from aig.extractors.whisper.ct2_to_whisper import read_dimensions
from aig.extractors.whisper.recogniser import (
    PUNCTUATION_AFTER,
    PUNCTUATION_BEFORE,
    SEED,
    BatchedBackend,
    Decoded,
)
from aig.extractors.whisper.weights import ct2_below, package_advice, packaged_folder

__all__ = ["FasterWhisper"]

log = logging.getLogger(__name__)

_MAX_TOKENS = 224
"""Tokens of one window, as in openai-whisper."""


class FasterWhisper(BatchedBackend):
    """A loaded model of the faster-whisper package (https://github.com/SYSTRAN/faster-whisper)."""

    def __init__(self, settings: WhisperSettings) -> None:
        try:
            import ctranslate2
            import faster_whisper
        except ImportError as error:
            raise missing_extra(
                "the faster-whisper backend is not installed",
                "faster-whisper",
                "Or set extract.whisper.backend to openai-whisper.",
            ) from error
        device = settings.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        kind, _, index = device.partition(":")
        on_gpu = kind == "cuda"
        half = on_gpu if settings.half is None else settings.half
        folder = _folder(settings)
        try:
            self._model = faster_whisper.WhisperModel(
                folder,
                device=kind,
                device_index=int(index or 0),
                compute_type="float16" if half else "int8" if settings.int8 and not on_gpu else "float32",
                cpu_threads=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise UsageError(
                f"{folder} cannot be loaded on {device}: {error}",
                "Check extract.whisper.model and extract.whisper.device.",
            ) from error
        super().__init__(
            settings,
            on_gpu=on_gpu,
            dims=SimpleNamespace(**read_dimensions(Path(folder) / "model.bin")),
            free_bytes=free_gpu_bytes(int(index or 0)) if on_gpu else None,
        )
        self._language = settings.language
        self._tokenizers: dict[str, Any] = {}

    def _decode(self, batch: Sequence[Samples], temperature: float, frames: int) -> list[Decoded]:
        import ctranslate2

        encoded = self._model.encode(np.stack([self._mel(window, frames) for window in batch]))
        languages = self._languages(encoded, len(batch))
        ctranslate2.set_random_seed(SEED)
        results = self._model.model.generate(
            encoded,
            [list(self._tokenizer(language).sot_sequence) for language in languages],
            beam_size=1,
            max_length=_MAX_TOKENS,
            sampling_temperature=temperature,
            sampling_topk=0 if temperature else 1,
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=50,
        )
        tokens = [result.sequences_ids[0] for result in results]
        words = self._words(encoded, languages, tokens, batch) if self._word_times else {}
        return [
            Decoded(
                text=self._tokenizer(language).decode(ids).strip(),
                words=words.get(index, ()),
                no_speech_prob=float(result.no_speech_prob),
                avg_logprob=float(result.scores[0] * len(ids) / (len(ids) + 1)),
                language=language,
            )
            for index, (language, ids, result) in enumerate(zip(languages, tokens, results, strict=True))
        ]

    def _mel(self, window: Samples, frames: int) -> Any:
        padded = np.pad(window, (0, frames * FRAME - len(window)))
        return self._model.feature_extractor(padded, padding=0)[:, :frames]

    def _languages(self, encoded: Any, count: int) -> list[str]:
        if not self._model.model.is_multilingual:
            return ["en"] * count
        if self._language:
            return [self._language] * count
        return [ranked[0][0].strip("<|>") for ranked in self._model.model.detect_language(encoded)]

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        if language not in self._tokenizers:
            multilingual = self._model.model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _words(
        self, encoded: Any, languages: Sequence[str], tokens: Sequence[list[int]], batch: Sequence[Samples]
    ) -> dict[int, tuple[Word, ...]]:
        """Word times of the windows with text, by CTranslate2's alignment, those of one language together.

        They count in seconds from each window's start.
        """
        from faster_whisper.transcribe import merge_punctuations

        timed: dict[int, tuple[Word, ...]] = {}
        for language in sorted(set(languages)):
            tokenizer = self._tokenizer(language)
            texts = {
                index: [token for token in ids if token < tokenizer.eot]
                for index, ids in enumerate(tokens)
                if languages[index] == language
            }
            some = [index for index, text in texts.items() if text]
            if not some:
                continue
            aligned = self._model.find_alignment(
                tokenizer,
                [texts[index] for index in some],
                _taken(encoded, some, len(batch)),
                [-(-len(batch[index]) // FRAME) for index in some],
            )
            for index, timings in zip(some, aligned, strict=True):
                merge_punctuations(timings, PUNCTUATION_BEFORE, PUNCTUATION_AFTER)
                found = ((timing["word"], float(timing["start"]), float(timing["end"])) for timing in timings)
                timed[index] = self._timed_words(found, len(batch[index]))
        return timed


def _taken(encoded: Any, indices: list[int], count: int) -> Any:
    """Some windows of an encoder's output of `count` windows."""
    import ctranslate2

    if len(indices) == count:
        return encoded
    here = encoded if encoded.device == "cpu" else encoded.to_device(ctranslate2.Device.cpu)
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(here)[indices]))


def _folder(settings: WhisperSettings) -> str:
    """The CTranslate2 folder of a model: a path, Hugging Face's cache, a download, an installed package."""
    from faster_whisper.utils import _MODELS, download_model

    path = Path(settings.model).expanduser()
    if path.is_dir():
        return str(ct2_below(path))
    name = settings.model
    if name not in _MODELS and "/" not in name:
        raise UsageError(
            f"{name!r} is neither a faster-whisper model nor a folder",
            f"Use one of {', '.join(_MODELS)}, a repository of Hugging Face, or a CTranslate2 folder.",
        )
    failure = ""
    for local in (True, False) if settings.download else (True,):
        try:
            folder = str(download_model(name, local_files_only=local))
            log.info("Whisper %s: weights from %s %s", name, "the cache" if local else "a download to", folder)
            return folder
        except (OSError, ValueError, RuntimeError) as error:
            failure = str(error).splitlines()[0]
    packaged = packaged_folder(name)
    if packaged is not None:
        log.info("Whisper %s: weights from an installed package %s", name, packaged)
        return str(packaged)
    raise UsageError(
        f"Whisper {name} is not on this machine, and it could not be downloaded: {failure}",
        f"Connect once, or set extract.whisper.model to a CTranslate2 folder.{package_advice(name)}",
    )
