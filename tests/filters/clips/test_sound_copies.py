"""Copies of sounds among many: found again, placed, and told from what only has the same kind of sound."""

import io

import numpy as np
import pytest
import soundfile as sf

from aig.extractors.audio import read_audio
from aig.extractors.fingerprint import content_hash, fingerprint
from aig.filters.clips.rules.not_in_audio import HeldOutAudio
from aig.filters.clips.sound_copies import KnownSound, SoundIndex

av = pytest.importorskip("av", reason="the extra `measure` is not installed")
soxr = pytest.importorskip("soxr", reason="the extra `measure` is not installed")

RATE = 16000


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(RATE * seconds)).astype(np.float32)


def known(name, samples):
    return KnownSound(name, content_hash(samples), fingerprint(samples))


def test_a_cut_is_found_in_the_recording_it_is_from_with_its_place():
    index = SoundIndex([known(str(seed), noise(20, seed)) for seed in range(20)])
    copy = index.find(fingerprint(noise(20, 7)[5 * RATE : 12 * RATE]))
    assert copy is not None
    assert copy.name == "7"
    assert copy.start_s == pytest.approx(5, abs=0.07)
    assert copy.different < 0.15
    before = index.find(fingerprint(np.concatenate([noise(3, 99), noise(20, 7)])))
    assert before is not None
    assert before.start_s == pytest.approx(-3, abs=0.07)


def test_other_sounds_and_nothing_are_not_found():
    index = SoundIndex([known(str(seed), noise(10, seed)) for seed in range(20)])
    assert all(index.find(fingerprint(noise(10, seed))) is None for seed in range(20, 60))
    assert index.find(None) is None
    assert SoundIndex([]).find(fingerprint(noise(10))) is None
    assert SoundIndex([KnownSound("short", "x", None)]).find(fingerprint(noise(10))) is None


def test_a_steady_tone_is_not_a_copy_of_every_other():
    time = np.arange(10 * RATE) / RATE
    tones = [np.sin(2 * np.pi * hertz * time).astype(np.float32) * 0.5 for hertz in (220, 440, 441, 880)]
    index = SoundIndex([known(str(number), tone) for number, tone in enumerate(tones[:3])])
    assert index.find(fingerprint(tones[3])) is None


def test_reasons_name_the_sound_and_counts_add_up():
    audio = HeldOutAudio([known("mmau/a.wav", noise(10, 1)), KnownSound("mmau/b.wav", "b", None)])
    assert audio.reason(content_hash(noise(10, 1)), None) == "has the same samples as mmau/a.wav"
    assert audio.reason("b", None) == "has the same samples as mmau/b.wav"
    near = audio.reason("other", fingerprint(noise(10, 1)[RATE:]))
    assert near is not None
    assert near.startswith("is a copy of mmau/a.wav from 1.0 s on: ")
    assert audio.reason("other", fingerprint(noise(10, 2))) is None
    assert audio.reason("other", None) is None
    assert (audio.clips, audio.exact, audio.near, audio.too_short) == (5, 2, 1, 1)


def mp3(samples):
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=RATE, layout="mono")
        stream.bit_rate = 32_000
        whole = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    out.seek(0)
    return sf.read(out, dtype="float32")[0]


def noisy(samples):
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-20 / 20)
    return (samples + np.random.default_rng(0).normal(0, level, len(samples))).astype(np.float32)


COPIES = {
    "mp3 at 32 kbit/s": mp3,
    "8 kHz": lambda samples: soxr.resample(soxr.resample(samples, RATE, 8000), 8000, RATE),
    "+6 dB": lambda samples: np.clip(2 * samples, -1, 1),
    "0.5 s later": lambda samples: np.concatenate([np.zeros(RATE // 2, np.float32), samples]),
    "first 0.5 s cut": lambda samples: samples[RATE // 2 :],
    "noise at 20 dB": noisy,
}


@pytest.mark.slow
def test_copies_of_real_clips(shared_data):
    """The table of docs/quality.md: at most one clip in 33 is missed of each kind of copy, and none is mistaken."""
    files = [file for file in sorted((shared_data / "audio").rglob("*.*")) if file.suffix != ".jams"]
    clips = {file.name: read_audio(file).samples[: 30 * RATE] for file in files}
    index = SoundIndex([known(name, samples) for name, samples in clips.items()])
    for kind, change in COPIES.items():
        found = {name: index.find(fingerprint(change(samples))) for name, samples in clips.items()}
        wrong = {name: copy for name, copy in found.items() if copy is not None and copy.name != name}
        missed = [name for name, copy in found.items() if copy is None]
        assert not wrong, kind
        assert len(missed) <= 1, (kind, missed)
    for name in clips:
        others = SoundIndex([known(other, samples) for other, samples in clips.items() if other != name])
        copy = others.find(fingerprint(clips[name]))
        # One is the other with noise added: a copy, rightly.
        assert copy is None or {name, copy.name} == {
            "vctk_demand_clean_p287_003.wav",
            "vctk_demand_noisy_p287_003.wav",
        }
