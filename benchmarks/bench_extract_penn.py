"""The pitch step of dataspeech, penn's FCNF0++ network, on the same clips and one thread."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from aig.extractors.pitch import f0_track
from aig.extractors.settings import PitchSettings
from benchmarks.extract_clips import RATE, speech_like
from benchmarks.figures import Figure, Skipped


def run() -> Iterable[Figure]:
    """Seconds for our pitch against penn's, with untrained weights and its fastest decoder, in its favour."""
    try:
        import penn
        import soxr
        import torch
    except ImportError as error:
        raise Skipped(f"penn is not installed ({error})") from error
    torch.set_num_threads(1)
    samples = speech_like(4.0, np.random.default_rng(0)).astype(np.float32)
    audio = torch.from_numpy(soxr.resample(samples, RATE, penn.SAMPLE_RATE))[None]
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "untrained.pt"
        torch.save({"model": penn.Model().state_dict()}, weights)
        start = time.process_time()
        penn.from_audio(
            audio, penn.SAMPLE_RATE, hopsize=0.01, fmin=30.0, fmax=1000.0, checkpoint=weights, batch_size=2048,
            center="half-hop",
            decoder="argmax", interp_unvoiced_at=0.065,
        )  # fmt: skip
        theirs = time.process_time() - start
    f0_track(samples, PitchSettings())
    start = time.process_time()
    for _ in range(10):
        f0_track(samples, PitchSettings())
    ours = (time.process_time() - start) / 10
    yield Figure("pitch against penn, the pitch step of dataspeech", ours, theirs, "s", theirs / ours, 100)
