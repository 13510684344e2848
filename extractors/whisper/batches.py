"""How much of 30 s the encoder hears, and how many windows a device decodes together."""

from __future__ import annotations

import logging
import math
import os
import shutil
import subprocess
from typing import Protocol

from aig.extractors.audio import SAMPLE_RATE

__all__ = [
    "CPU_BATCH",
    "FRAME",
    "MOST",
    "WHOLE",
    "WINDOW_S",
    "Dimensions",
    "context_frames",
    "free_gpu_bytes",
    "room_for",
]

log = logging.getLogger(__name__)

WINDOW_S = 30.0
"""Whisper hears 30 s at a time."""

FRAME = 160
"""Samples between two frames of Whisper's spectrogram."""

WHOLE = int(WINDOW_S * SAMPLE_RATE) // FRAME
"""Frames of a spectrogram of 30 s, for which Whisper was trained."""

CPU_BATCH = 1
"""Windows decoded together on a CPU: alone, so that a transcript is the same to the last bit whatever is beside it.

Eight together would take a seventh less time, and differ in the last digits of a float with what is in the batch, which
now and then is another word.
"""

MOST = 64
"""Windows decoded together at most; beyond that a GPU gains little and waits for the longest text."""

_PAD_S = 4.0
_STEP_S = 2.0
_SHORTEST_S = 8.0
_TOKENS = 228
_SHARE = 0.5


class Dimensions(Protocol):
    """Of a Whisper model, under openai-whisper's names."""

    n_audio_state: int
    n_audio_head: int
    n_text_state: int
    n_text_layer: int
    n_vocab: int


def context_frames(samples: int) -> int:
    """Frames of the spectrogram that a window of `samples` samples needs: its own, some silence, rounded up.

    It depends on nothing but the window's length, so that a transcript does not depend on its neighbours in a batch.
    """
    heard_s = math.ceil((samples / SAMPLE_RATE + _PAD_S) / _STEP_S) * _STEP_S
    return min(WHOLE, int(max(heard_s, _SHORTEST_S) * SAMPLE_RATE) // FRAME)


def room_for(free_bytes: int, dims: Dimensions, frames: int, *, half: bool) -> int:
    """How many windows of `frames` frames are decoded together in half of the free memory: 1 to `MOST`.

    Counted per window: keys and values of the decoder's attention to the audio and to 228 tokens, in all layers; the
    activations and scores of one layer of the encoder; two rows of logits.
    """
    size, positions = 2 if half else 4, frames // 2
    keys = 2 * dims.n_text_layer * (positions + _TOKENS) * dims.n_text_state * size
    activations = 8 * positions * dims.n_audio_state * size + dims.n_audio_head * positions**2 * 4
    window = keys + activations + 2 * dims.n_vocab * 4
    return max(1, min(MOST, int(_SHARE * free_bytes / window)))


def free_gpu_bytes(index: int) -> int | None:
    """Free memory of a CUDA device as its driver's tool says, or `None` where there is no such tool.

    Args:
        index: of the device among those this process may use.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    device = visible[index] if index < len(visible) else str(index)
    command = [tool, "--query-gpu=memory.free", "--format=csv,noheader,nounits", "-i", device]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603
        return int(said.split()[0]) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        log.warning("nvidia-smi does not say how much memory device %s has: %s", device, error)
        return None
