"""Files whose headers say too little: all of their audio is measured."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.extractors.audio import read_audio
from aig.extractors.audio_parts import find_parts
from aig.extractors.errors import AudioError
from helpers.voices import RATE

ID3 = b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10
ID3V1 = b"TAG" + b"x" * 125


def tone(f0_hz: float, seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * f0_hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def packed(samples: np.ndarray, rate: int = RATE, **options: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, **options)
    return stream.getvalue()


def without_index(mp3: bytes) -> bytes:
    """An MP3 file of soundfile's without its first frame, which is the index."""
    return mp3[mp3.find(mp3[:2], 4) :]


def heard(file, pieces: int, seconds: float = 2.0) -> list[int]:
    """The strongest frequency in the middle of each piece, in Hz."""
    samples = read_audio(file).samples
    middles = [int((index + 0.5) * seconds * RATE) for index in range(pieces)]
    return [int(np.abs(np.fft.rfft(samples[at - RATE // 4 : at + RATE // 4])).argmax() * 2) for at in middles]


A, B = packed(tone(220), format="MP3"), packed(tone(330), format="MP3")
OGG = packed(tone(220, 0.2), format="OGG")
BARE_A, BARE_B = without_index(A), without_index(B)


@pytest.mark.parametrize(
    ("content", "tones"),
    [
        (A + B, [220, 330]),
        (A + B + A, [220, 330, 220]),
        (A + ID3 + B, [220, 330]),
        (A + ID3V1 + BARE_B, [220, 330]),
        (BARE_A, [220]),
        (BARE_A + BARE_B, [220, 330]),
        (BARE_A + B, [220, 330]),
        (A + packed(tone(330, rate=24_000), 24_000, format="MP3"), [220, 330]),
        (A + packed(np.stack([tone(330)] * 2, 1), format="MP3"), [220, 330]),
    ],
)
def test_joined_mp3_is_read_to_its_end(tmp_path, content, tones):
    file = tmp_path / "joined.mp3"
    file.write_bytes(content)
    assert heard(file, len(tones)) == pytest.approx(tones, abs=2)
    assert read_audio(file).duration_s == pytest.approx(2 * len(tones), abs=0.2)
    part = read_audio(file, start_s=2 * len(tones) - 1.5, end_s=2 * len(tones) - 0.5)
    whole = read_audio(file).samples
    at = int((2 * len(tones) - 1.5) * RATE)
    assert part.samples[800:-800] == pytest.approx(whole[at + 800 : at + RATE - 800], abs=0.01)


def mp4(samples: np.ndarray) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="ipod") as container:
        encoder = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
        frame.sample_rate = RATE
        to_planes = av.AudioResampler("fltp", "mono", RATE, frame_size=1024)
        for part in (*to_planes.resample(frame), *to_planes.resample(None)):
            container.mux(encoder.encode(part))
        container.mux(encoder.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    "pieces",
    [
        [packed(tone(f0_hz), format="WAV") for f0_hz in (220, 330, 220)],
        [packed(tone(220), format="WAV"), packed(tone(330, rate=24_000), 24_000, format="WAV", subtype="PCM_24")],
        [packed(tone(220), format="WAV"), packed(tone(330), format="WAV")[:40] + bytes(4)],
        [packed(tone(f0_hz), format="AIFF") for f0_hz in (220, 330)],
        [packed(tone(220), format="FLAC"), packed(np.stack([tone(330)] * 2, 1), format="FLAC")],
        [mp4(tone(f0_hz)) for f0_hz in (220, 330)],
    ],
    ids=["wav", "wav of two rates", "wav and a header alone", "aiff", "flac", "mp4"],
)
def test_other_joined_files_are_read_to_their_end(tmp_path, pieces):
    file = tmp_path / "joined"
    file.write_bytes(b"".join(pieces))
    whole = [piece for piece in pieces if len(piece) > 1_000]
    assert heard(file, len(whole)) == pytest.approx([220, 330, 220][: len(whole)], abs=2)
    assert read_audio(file).duration_s == pytest.approx(2 * len(whole), abs=0.3)


@pytest.mark.parametrize("announced", [0, 1, 40])
def test_an_mp3_whose_index_counts_too_few_frames_is_read_to_its_end(tmp_path, announced):
    place = A.find(b"Xing") + 8
    file = tmp_path / "wrong.mp3"
    file.write_bytes(A[:place] + announced.to_bytes(4, "big") + A[place + 4 :])
    assert read_audio(file).duration_s == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("content", [A, ID3 + A, A + ID3V1, A + ID3V1 + b"\0" * 2_000])
def test_a_plain_mp3_is_left_to_libsndfile(tmp_path, content):
    file = tmp_path / "plain.mp3"
    file.write_bytes(content)
    assert find_parts(file) == []
    assert read_audio(file).duration_s == 2.0


@pytest.mark.parametrize(
    "kinds", [("VORBIS", "VORBIS"), ("OPUS", "OPUS"), ("VORBIS", "OPUS"), ("OPUS", "VORBIS", "OPUS")]
)
def test_chained_ogg_is_read_to_its_end(tmp_path, kinds):
    file = tmp_path / "chained.ogg"
    tones = [220, 330, 440][: len(kinds)]
    rates = {"VORBIS": 22_050, "OPUS": 48_000}
    content = [
        packed(tone(f0, rate=rates[kind]), rates[kind], format="OGG", subtype=kind)
        for f0, kind in zip(tones, kinds, strict=True)
    ]
    file.write_bytes(b"".join(content))
    assert heard(file, len(kinds)) == pytest.approx(tones, abs=2)
    assert read_audio(file).duration_s == pytest.approx(2 * len(kinds), abs=0.01)
    file.write_bytes(content[0])
    assert find_parts(file) == []


def wav_with_length(length: int, tail: bytes = b"", samples: np.ndarray | None = None) -> bytes:
    content = bytearray(packed(tone(220) if samples is None else samples, format="WAV", subtype="PCM_16"))
    content[40:44] = struct.pack("<I", length)
    return bytes(content) + tail


CHUNK = b"LIST" + struct.pack("<I", 4) + b"INFO"


@pytest.mark.parametrize("length", [0, 2 * RATE, 4 * RATE - 20_000])
@pytest.mark.parametrize("tail", [b"", CHUNK])
def test_a_wav_that_says_too_little_is_read_to_its_end(tmp_path, length, tail):
    file = tmp_path / "early.wav"
    file.write_bytes(wav_with_length(length, tail))
    assert read_audio(file).samples == pytest.approx(tone(220), abs=1e-4)
    assert read_audio(file, start_s=1.5, end_s=2.0).samples == pytest.approx(tone(220)[int(1.5 * RATE) :], abs=1e-4)


@pytest.mark.parametrize("tail", [CHUNK, ID3V1 * 40, b"ID3\x04" + b"x" * 9_000, b"\0" * 20_000, b"x" * 100])
def test_what_follows_a_wav_is_not_audio(tmp_path, tail):
    file = tmp_path / "tail.wav"
    file.write_bytes(packed(tone(220), format="WAV", subtype="PCM_16") + tail)
    assert read_audio(file).duration_s == 2.0


@pytest.mark.parametrize("form", ["AIFF", "AU", "RF64"])
def test_other_containers_that_say_too_little(tmp_path, form):
    content = bytearray(packed(tone(220), format=form, subtype="PCM_16"))
    size = 4 * RATE
    place, kind, half = {
        "AIFF": (content.find(b"SSND") + 4, ">I", size // 2 + 8),
        "AU": (8, ">I", size // 2),
        "RF64": (content.find(b"data") + 4, "<I", size // 2),
    }[form]
    content[place : place + struct.calcsize(kind)] = struct.pack(kind, half)
    file = tmp_path / "early.bin"
    file.write_bytes(content)
    assert read_audio(file).duration_s == 2.0


def test_flac_of_unknown_length(tmp_path, shared_data):
    content = bytearray(packed(tone(220), format="FLAC"))
    content[21] &= 0xF0  # the number of samples is 36 bits, from the lower half of this byte on
    content[22:26] = bytes(4)
    file = tmp_path / "piped.flac"
    file.write_bytes(content)
    assert read_audio(file).samples == pytest.approx(tone(220), abs=1e-4)
    folder = shared_data / "cases" / "audio_flac_unknown_length" / "audio"
    assert np.array_equal(read_audio(folder / "unknown.flac").samples, read_audio(folder / "known.flac").samples)


def write(file, codec: str, *, starts_s: float = 0.0, gap_s: float = 0.0) -> None:
    """Three tones of 2 s in a container; the stream starts late, and the third tone comes after a gap."""
    rate = 48_000
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate, stream.codec_context.frame_size or 960)
        at = starts_s
        for f0, seconds in ((220, 4.0), (440, 2.0)):
            frame = av.AudioFrame.from_ndarray(tone(f0, seconds, rate)[None], format="flt", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), round(at * rate)
            pieces = resampler.resample(frame)
            for piece in [*pieces, *(resampler.resample(None) if f0 == 440 else [])]:
                if f0 == 440:
                    piece.pts = (piece.pts or 0) + round(gap_s * rate) if gap_s else piece.pts
                container.mux(stream.encode(piece))
            at += seconds
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "flac"), ("a.webm", "libopus"), ("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.ts", "mp2")],
)
@pytest.mark.parametrize("starts_s", [0.0, 1.5])
def test_one_clock_for_the_whole_and_its_segments(tmp_path, name, codec, starts_s):
    file = tmp_path / name
    write(file, codec, starts_s=starts_s)
    whole = read_audio(file).samples
    assert len(whole) / RATE == pytest.approx(6.0, abs=0.1)
    for start in (0.3, 3.9, 4.5):
        part = read_audio(file, start_s=start, end_s=start + 1).samples[800:-800]
        at = int(start * RATE) + 800
        # The clock of Matroska counts milliseconds.
        assert any(part == pytest.approx(whole[at + lag :][: len(part)], abs=0.05) for lag in range(-16, 17))


def test_a_gap_in_a_stream_is_silence_in_the_whole_and_in_segments(tmp_path):
    file = tmp_path / "gap.mkv"
    write(file, "flac", gap_s=3.0)
    whole = read_audio(file).samples
    assert len(whole) / RATE == pytest.approx(9.0, abs=0.05)
    assert np.abs(whole[int(4.2 * RATE) : int(6.8 * RATE)]).max() < 0.01
    for start in (3.5, 5.0, 7.5):
        part = read_audio(file, start_s=start, end_s=start + 1).samples
        at = int(start * RATE)
        assert part[800:-800] == pytest.approx(whole[at + 800 : at + RATE - 800], abs=0.05)


@pytest.mark.parametrize("name", ["audio_starts_late_mkv/audio/late.mkv", "audio_starts_late_mp4/audio/late.mp4"])
def test_streams_that_start_late(shared_data, name):
    file = shared_data / "cases" / name
    for start, f0 in ((0.0, 120), (2.1, 220), (4.1, 330)):
        part = read_audio(file, start_s=start, end_s=start + 1.8).samples[4_000:20_000]
        assert np.abs(np.fft.rfft(part)).argmax() == pytest.approx(f0, abs=2)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([A, A + B, wav_with_length(0), OGG]),
    st.data(),
)
def test_damage_is_an_audio_error_or_audio(tmp_path_factory, junk, content, data):
    at = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(at, len(content)))
    file = tmp_path_factory.mktemp("fuzz") / "damaged.bin"
    file.write_bytes(content[:at] + junk + content[cut:])
    told: AudioError | None = None
    try:
        audio = read_audio(file)
    except AudioError as error:
        told = error
    else:
        assert np.isfinite(audio.samples).all()
    assert told is None or (told.code and told.advice.endswith("."))
