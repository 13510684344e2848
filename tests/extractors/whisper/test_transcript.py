"""Transcripts: windows, second attempts, joining; and the genuine tiny.en where it can be had."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.records import Word
from aig.extractors.audio import SAMPLE_RATE, Samples, read_audio
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.recogniser import Decoded
from aig.extractors.whisper.transcript import Transcript, backend, transcribe, windows
from benchmarks.spoken_clips import word_error_rate

SETTINGS = WhisperSettings()


class Scripted:
    """A backend that answers from a script: temperature to result, one list per window."""

    together = 8

    def __init__(self, *script: dict[float, Decoded]) -> None:
        self.script, self.asked = script, []

    def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
        self.asked.append((temperature, len(batch), whole))
        return [self.script[int(window[0])][temperature] for window in batch]


def said(text: str, avg_logprob: float = -0.2, no_speech_prob: float = 0.1) -> Decoded:
    words = tuple(Word(word, index * 0.5, index * 0.5 + 0.4) for index, word in enumerate(text.split()))
    return Decoded(text, words, no_speech_prob, avg_logprob, "en")


def marked(index: int, duration_s: float = 2.0) -> Samples:
    return np.full(int(duration_s * SAMPLE_RATE), index, np.float32)


@settings(max_examples=30, deadline=None)
@given(duration_s=st.floats(0.01, 200), seed=st.integers(0, 9))
def test_windows_joined_are_the_audio(duration_s: float, seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0, 1, max(1, int(duration_s * SAMPLE_RATE))).astype(np.float32)
    cut = windows(samples)
    assert all(0 < len(window) <= 30 * SAMPLE_RATE for window in cut)
    np.testing.assert_array_equal(np.concatenate(cut), samples)


def test_windows_are_cut_in_the_pause() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 50 * SAMPLE_RATE).astype(np.float32)
    samples[24 * SAMPLE_RATE : 25 * SAMPLE_RATE] = 0
    assert 24 * SAMPLE_RATE < len(windows(samples)[0]) < 25 * SAMPLE_RATE


def test_one_transcript_per_clip_in_order_with_times_in_the_clip() -> None:
    class Everywhere:
        together = 8

        def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
            return [said(f"w{len(window)}") for window in batch]

    clips = [np.zeros(SAMPLE_RATE, np.float32), np.zeros(70 * SAMPLE_RATE, np.float32), np.zeros(800, np.float32)]
    short, long, tiny = transcribe(clips, SETTINGS, Everywhere())
    assert (short.text, tiny.text) == ("w16000", "w800")
    lengths = [int(word.text[1:]) for word in long.words]
    assert sum(lengths) == 70 * SAMPLE_RATE
    assert [word.start_s for word in long.words] == pytest.approx([0, *np.cumsum(lengths)[:-1] / SAMPLE_RATE], abs=1e-3)


def test_repeated_and_unsure_windows_are_tried_again_and_the_best_stays() -> None:
    loop = said("go " * 100, -0.1)
    recogniser = Scripted(
        {0.0: said("fine")},
        {0.0: loop, 0.4: said("better")},
        {0.0: said("unsure", -1.3), 0.4: said("worse", -2.0), 0.8: said("worst", -3.0)},
    )
    texts = [t.text for t in transcribe([marked(0), marked(1), marked(2)], SETTINGS, recogniser)]
    assert texts == ["fine", "better", "unsure"]
    assert recogniser.asked == [(0.0, 3, False), (0.0, 2, True), (0.4, 2, True), (0.8, 1, True)]


def test_most_likely_no_speech_is_not_tried_again_and_says_nothing() -> None:
    recogniser = Scripted({0.0: said("thank you", -1.5, 0.9)})
    (heard,) = transcribe([marked(0)], SETTINGS, recogniser)
    assert (heard.text, heard.words, heard.no_speech_prob) == ("", (), 0.9)
    assert not heard.heard_speech
    assert recogniser.asked == [(0.0, 1, False)]


class Twofold:
    """Says one thing where it hears a clip's context and another where it hears 30 s."""

    together = 8

    def __init__(self, short: Decoded) -> None:
        self.short, self.whole = short, 0

    def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
        self.whole += len(batch) * whole
        return [said("over the whole window") if whole else self.short] * len(batch)


@pytest.mark.parametrize(
    "short",
    [
        said("go " * 40),
        said("We welcome his gospel. We welcome his gospel."),
        said("我们非常欢迎他的福音书。我们非常欢迎他的福音书。"),
        said("mumbled", -1.2),
        said("Thanks for watching!"),
    ],
    ids=["loop", "said twice", "said twice in Chinese", "unsure", "stock phrase"],
)
def test_what_a_short_context_makes_doubtful_is_decoded_over_the_whole(short: Decoded) -> None:
    recogniser = Twofold(short)
    (heard,) = transcribe([marked(0)], SETTINGS, recogniser)
    assert (heard.text, recogniser.whole) == ("over the whole window", 1)


def test_the_whole_is_heard_only_where_it_is_needed_or_wanted() -> None:
    recogniser = Twofold(said("as plain as can be"))
    assert [t.text for t in transcribe([marked(0), marked(0, 29)], SETTINGS, recogniser)] == ["as plain as can be"] * 2
    assert recogniser.whole == 0
    whole = SETTINGS.model_copy(update={"context": "whole"})
    (heard,) = transcribe([marked(0)], whole, recogniser)
    assert (heard.text, recogniser.whole) == ("over the whole window", 1)


@pytest.mark.parametrize(
    ("text", "avg_logprob", "no_speech_prob", "trusted"),
    [("hi", -0.2, 0.9, True), ("hi", -1.5, 0.1, True), ("hi", -1.5, 0.3, False), ("", -0.2, 0.0, False)],
)
def test_what_measurements_rest_on(text: str, avg_logprob: float, no_speech_prob: float, trusted: bool) -> None:
    assert Transcript(text, (), no_speech_prob, avg_logprob, "en").heard_speech is trusted


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openai-whisper", "faster-whisper"])
def test_word_error_rate_on_clean_speech(shared_data: Path, tiny_en: str, name: str) -> None:
    pytest.importorskip({"openai-whisper": "whisper", "faster-whisper": "faster_whisper"}[name])
    said_in = dict(re.findall(r"^\| speech/(\S+?)…? \|[^|]*\| (?:male|M|F): (.+?) \|$", _sources(shared_data), re.M))
    said_in |= {k.rstrip("…"): v for k, v in said_in.items()}
    options = {"backend": name, "model": tiny_en, "device": "cpu"}
    chosen = WhisperSettings.model_validate(options)
    files = sorted((shared_data / "audio" / "speech").iterdir())
    clips = [read_audio(file).samples for file in files]
    transcripts = list(transcribe(clips, chosen, backend(chosen)))
    said = [next(text for key, text in said_in.items() if file.name.startswith(key.split(".")[0])) for file in files]
    for file, heard in zip(files, transcripts, strict=True):
        assert heard.heard_speech
        assert all(a.start_s <= a.end_s for a in heard.words)
        assert heard.words[-1].end_s <= len(clips[files.index(file)]) / SAMPLE_RATE + 0.01
    assert len(files) >= 10
    assert word_error_rate(said, [heard.text for heard in transcripts]) <= 0.06


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("name", ["openai-whisper", "faster-whisper"])
def test_languages_are_told_apart_in_one_batch(multilingual: str, name: str) -> None:
    pytest.importorskip({"openai-whisper": "whisper", "faster-whisper": "faster_whisper"}[name])
    options = {"backend": name, "model": multilingual, "device": "cpu", "temperatures": (0.0,)}
    chosen = WhisperSettings.model_validate(options)
    clips = [_made(voice, text) for voice, text in SENTENCES]
    transcripts = list(transcribe(clips, chosen, backend(chosen)))
    for (voice, _), clip, heard in zip(SENTENCES, clips, transcripts, strict=True):
        assert heard.language == voice
        assert 0.5 * len(clip) < heard.words[-1].end_s * SAMPLE_RATE <= len(clip)
    texts = [" ".join(spoken(text)) for _, text in SENTENCES]
    assert jiwer.wer(texts, [" ".join(spoken(heard.text)) for heard in transcripts]) <= 0.25


SENTENCES = (
    ("de", "Guten Morgen, meine Damen und Herren, heute ist ein sehr schöner Tag."),
    ("fr", "Bonjour, je suis très content de vous voir aujourd'hui."),
    ("es", "Buenos días, la conferencia ha comenzado y todos los participantes están presentes."),
    ("it", "Buongiorno a tutti, la conferenza inizia adesso, grazie per la vostra pazienza."),
    ("en", "Good morning, the conference starts now, thank you for your patience."),
)


def spoken(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _made(voice: str, text: str) -> Samples:
    command = ["espeak-ng", "-v", voice, "-s", "140", "--stdout", text]
    sound = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    samples, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    return soxr.resample(samples, rate, SAMPLE_RATE)


def _sources(shared_data: Path) -> str:
    return (shared_data / "SOURCES.md").read_text(encoding="utf-8")
