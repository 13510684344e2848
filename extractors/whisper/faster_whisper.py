"""The faster-whisper backend: the same models on CTranslate2, several times as fast on a CPU."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.records import Word
from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.recogniser import (
    FRAME,
    PUNCTUATION_AFTER,
    PUNCTUATION_BEFORE,
    SEED,
    WINDOW_S,
    BatchedBackend,
    Decoded,
)
from aig.extractors.whisper.weights import ct2_below, package_advice, packaged_folder

__all__ = ["FasterWhisper"]

log = logging.getLogger(__name__)


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
        super().__init__(settings, on_gpu=kind == "cuda")
        folder = _folder(settings)
        try:
            self._model = faster_whisper.WhisperModel(
                folder,
                device=kind,
                device_index=int(index or 0),
                compute_type="float16" if self._half else "float32",
                cpu_threads=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise UsageError(
                f"{folder} cannot be loaded on {device}: {error}",
                "Check extract.whisper.model and extract.whisper.device.",
            ) from error
        self._language = settings.language

    def _decode(self, batch: Sequence[Samples], temperature: float) -> list[Decoded]:
        import ctranslate2

        model = self._model
        encoded = model.encode(np.stack([self._mel(window) for window in batch]))
        languages = self._languages(encoded, len(batch))
        tokenizers = [self._tokenizer(language) for language in languages]
        ctranslate2.set_random_seed(SEED)
        results = model.model.generate(
            encoded,
            [list(tokenizer.sot_sequence) for tokenizer in tokenizers],
            beam_size=1,
            sampling_temperature=temperature,
            sampling_topk=0 if temperature else 1,
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=50,
        )
        decoded = []
        tokens = [result.sequences_ids[0] for result in results]
        words = self._words(encoded, tokenizers, tokens, batch) if self._word_times else [()] * len(batch)
        for language, tokenizer, ids, result, timed in zip(languages, tokenizers, tokens, results, words, strict=True):
            decoded.append(
                Decoded(
                    text=tokenizer.decode(ids).strip(),
                    words=timed,
                    no_speech_prob=float(result.no_speech_prob),
                    avg_logprob=float(result.scores[0] * len(ids) / (len(ids) + 1)),
                    language=language,
                )
            )
        return decoded

    def _mel(self, window: Samples) -> Any:
        padded = np.pad(window, (0, int(WINDOW_S * SAMPLE_RATE) - len(window)))
        return self._model.feature_extractor(padded, padding=0)[:, : int(WINDOW_S * SAMPLE_RATE) // FRAME]

    def _languages(self, encoded: Any, count: int) -> list[str]:
        if not self._model.model.is_multilingual:
            return ["en"] * count
        if self._language:
            return [self._language] * count
        return [ranked[0][0].strip("<|>") for ranked in self._model.model.detect_language(encoded)]

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        multilingual = self._model.model.is_multilingual
        return Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=language)

    def _words(
        self, encoded: Any, tokenizers: Sequence[Any], tokens: Sequence[list[int]], batch: Sequence[Samples]
    ) -> list[tuple[Word, ...]]:
        """Word times by the alignment of CTranslate2, in seconds from each window's start."""
        import ctranslate2
        from faster_whisper.transcribe import merge_punctuations

        features = (
            np.asarray(encoded) if encoded.device == "cpu" else np.asarray(encoded.to_device(ctranslate2.Device.cpu))
        )
        timed: list[tuple[Word, ...]] = []
        for index, (tokenizer, ids, window) in enumerate(zip(tokenizers, tokens, batch, strict=True)):
            text = [token for token in ids if token < tokenizer.eot]
            one = ctranslate2.StorageView.from_array(np.ascontiguousarray(features[index : index + 1]))
            (timings,) = self._model.find_alignment(tokenizer, [text], one, -(-len(window) // FRAME)) or ([],)
            merge_punctuations(timings, PUNCTUATION_BEFORE, PUNCTUATION_AFTER)
            found = ((timing["word"], float(timing["start"]), float(timing["end"])) for timing in timings)
            timed.append(self._timed_words(found, len(window)))
        return timed


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
