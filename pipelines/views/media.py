"""What people look at and listen to: a clip as compact audio, and its spectrogram as a small picture."""

from __future__ import annotations

import io

import numpy as np

from aig.extractors.audio import SAMPLE_RATE, Samples

__all__ = ["mp3", "spectrogram_png", "wav"]

_WINDOW = 512
"""Samples per frame: 32 ms at 16 kHz, long enough to part the harmonics of a voice."""

_RANGE_DB = 70.0
"""What lies this far below the loudest point is shown as silence."""


def wav(samples: Samples) -> bytes:
    """Mono samples at 16 kHz as a 16-bit WAV file."""
    return _encoded(samples, format="WAV", subtype="PCM_16")


def mp3(samples: Samples) -> bytes:
    """Mono samples at 16 kHz as an MP3 file of about 3 kB per second, which every browser plays."""
    return _encoded(samples, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.9)


def _encoded(samples: Samples, **options: object) -> bytes:
    import soundfile

    stream = io.BytesIO()
    soundfile.write(stream, np.clip(samples, -1.0, 1.0), SAMPLE_RATE, **options)
    return stream.getvalue()


def spectrogram_png(samples: Samples, *, columns: int = 480, rows: int = 96) -> bytes:
    """Spectrogram of mono samples at 16 kHz as a PNG picture: time to the right, 0 to 8 kHz upwards, 70 dB deep.

    Args:
        samples: float32, full scale at 1, at least one sample.
        columns: most pixels in width; each shows the loudest of the frames it covers.
        rows: pixels in height, linear in frequency.
    """
    import matplotlib as mpl
    from PIL import Image

    count = max(1, min(columns, len(samples) // (_WINDOW // 4)))
    padded = np.pad(samples, (0, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: _WINDOW // 4]
    edges = np.linspace(0, len(frames), count + 1).astype(int)
    power = np.empty((count, rows), np.float32)
    window = np.hanning(_WINDOW).astype(np.float32)
    bins = np.linspace(0, _WINDOW // 2, rows + 1).astype(int)[:-1]
    for column in range(count):
        block = frames[edges[column] : max(edges[column] + 1, edges[column + 1])]
        spectrum = np.square(np.abs(np.fft.rfft(block * window, axis=1))).max(axis=0)
        power[column] = np.maximum.reduceat(spectrum[:-1], bins)
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    top = max(float(decibels.max()), -60.0)
    shade = np.clip((decibels - top + _RANGE_DB) / _RANGE_DB, 0, 1)
    colours = (np.asarray(mpl.colormaps["magma"](np.linspace(0, 1, 48)))[:, :3] * 255).astype(np.uint8)
    picture = Image.fromarray(np.flipud((shade * 47).astype(np.uint8).T), mode="P")
    picture.putpalette(colours.tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, bits=6)
    return stream.getvalue()
