"""How much the encoder hears, and how many windows are decoded together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.batches import FRAME, MOST, WHOLE, context_frames, free_gpu_bytes, room_for
from aig.extractors.whisper.recogniser import BatchedBackend, Decoded

TINY = SimpleNamespace(n_audio_state=384, n_audio_head=6, n_text_state=384, n_text_layer=4, n_vocab=51864)
LARGE = SimpleNamespace(n_audio_state=1280, n_audio_head=20, n_text_state=1280, n_text_layer=32, n_vocab=51866)
GIB = 2**30


class Recorded(BatchedBackend):
    """Says how long a window is, and keeps which ones were decoded together."""

    def __init__(self, settings: WhisperSettings, most: int = 10**9, *, on_gpu: bool = False) -> None:
        super().__init__(settings, on_gpu=on_gpu, dims=LARGE, free_bytes=80 * GIB if on_gpu else None)
        self.most, self.asked = most, []

    def _decode(self, batch: Sequence[Samples], temperature: float, frames: int) -> list[Decoded]:
        if len(batch) > self.most:
            raise RuntimeError("CUDA failed with error out of memory")
        self.asked.append((frames, len(batch)))
        return [Decoded(str(len(window)), (), 0.0, 0.0, "en") for window in batch]


def clips(*seconds: float) -> list[Samples]:
    return [np.zeros(round(each * SAMPLE_RATE), np.float32) for each in seconds]


@given(samples=st.integers(0, 30 * SAMPLE_RATE), more=st.integers(0, 30 * SAMPLE_RATE))
def test_the_encoder_hears_the_window_and_silence_after_it(samples: int, more: int) -> None:
    frames = context_frames(samples)
    assert frames == WHOLE or frames * FRAME >= samples + SAMPLE_RATE
    assert frames % 2 == 0
    assert frames // 2 not in {80, 128}, "CTranslate2 takes as many positions as mel bands for a spectrogram"
    assert context_frames(min(samples + more, 30 * SAMPLE_RATE)) >= frames


def test_windows_of_like_length_go_together_and_come_back_in_order() -> None:
    recogniser = Recorded(WhisperSettings(batch=2))
    batch = clips(4.5, 12, 4.6, 29, 4.7)
    assert [each.text for each in recogniser.decode(batch, 0.0, whole=False)] == [str(len(each)) for each in batch]
    assert recogniser.asked == [
        (context_frames(len(batch[0])), 2),
        (context_frames(len(batch[0])), 1),
        (context_frames(len(batch[1])), 1),
        (WHOLE, 1),
    ]
    recogniser.asked.clear()
    recogniser.decode(batch, 0.0, whole=True)
    assert recogniser.asked == [(WHOLE, 2), (WHOLE, 2), (WHOLE, 1)]


def test_a_window_is_alone_on_a_cpu_and_where_chance_decides() -> None:
    batch = clips(4.5, 4.6, 4.7)
    on_cpu, together = Recorded(WhisperSettings()), Recorded(WhisperSettings(batch=8))
    on_cpu.decode(batch, 0.0, whole=False)
    together.decode(batch, 0.4, whole=False)
    assert [size for _, size in on_cpu.asked] == [size for _, size in together.asked] == [1, 1, 1]


def test_a_batch_that_does_not_fit_is_halved_and_stays_so(caplog: pytest.LogCaptureFixture) -> None:
    recogniser = Recorded(WhisperSettings(batch=8), most=3)
    batch = clips(*(4.5 + index / 100 for index in range(16)))
    assert [each.text for each in recogniser.decode(batch, 0.0, whole=False)] == [str(len(each)) for each in batch]
    assert [size for _, size in recogniser.asked] == [2] * 8
    assert "from now on 2" in caplog.text
    with pytest.raises(RuntimeError, match="out of memory"):
        Recorded(WhisperSettings(), most=0).decode(batch, 0.0, whole=False)


def test_a_gpu_takes_as_many_windows_as_half_its_free_memory_holds() -> None:
    assert room_for(80 * GIB, LARGE, WHOLE, half=True) in range(40, MOST + 1)
    assert room_for(8 * GIB, LARGE, WHOLE, half=True) in range(4, 16)
    assert room_for(8 * GIB, LARGE, WHOLE, half=True) > room_for(8 * GIB, LARGE, WHOLE, half=False)
    assert room_for(8 * GIB, LARGE, 1000, half=True) > 2 * room_for(8 * GIB, LARGE, WHOLE, half=True)
    assert room_for(8 * GIB, TINY, 1000, half=True) == MOST
    assert room_for(0, LARGE, WHOLE, half=True) == 1
    assert Recorded(WhisperSettings(), on_gpu=True).together == MOST
    assert Recorded(WhisperSettings(batch=5), on_gpu=True).together == 5


def test_free_memory_is_asked_of_the_device_that_this_process_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5")
    assert free_gpu_bytes(0) is None
    tool.write_text('#!/bin/sh\n[ "$4" = GPU-5 ] && echo 4096 || echo N/A\n')
    tool.chmod(0o755)
    assert free_gpu_bytes(1) == 4 * GIB
    assert free_gpu_bytes(0) is None
