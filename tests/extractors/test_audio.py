"""Decoding: every format gives the same sound, segments are cut exactly, and what cannot be used says why."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aig.extractors.audio import SAMPLE_RATE, locate, read_audio
from aig.extractors.errors import AudioError
from aig.extractors.levels import load_levels
from aig.extractors.pitch import f0_track, mean_f0_hz
from aig.extractors.settings import PitchSettings
from aig.extractors.volume import measure_volume
from helpers.voices import RATE, vowel, write_every_format, write_m4a


def code(file: Path, **options: float) -> str:
    with pytest.raises(AudioError) as caught:
        read_audio(file, **options)
    assert str(file.parent) not in caught.value.message
    assert caught.value.advice
    return caught.value.code


def test_every_format_rate_and_channel_count_has_the_same_levels(tmp_path: Path) -> None:
    voice = vowel(150, 1.5)
    files = write_every_format(tmp_path, voice)
    for rate in (8_000, 22_050, 44_100, 48_000, 96_000):
        import soxr

        other = tmp_path / f"{rate}.wav"
        soundfile.write(other, np.stack([soxr.resample(voice, RATE, rate)] * 2, axis=1), rate)
        files.append(other)
    levels, seen = load_levels(), set()
    for file in files:
        audio = read_audio(file)
        assert audio.duration_s == pytest.approx(1.5, abs=0.12), file.name
        f0, _ = mean_f0_hz(f0_track(audio.samples, PitchSettings()), audio.duration_s, PitchSettings())
        assert f0 == pytest.approx(150, rel=0.005), file.name
        volume = measure_volume(audio.samples).dbfs
        seen.add((levels.pitch.level(f0), levels.volume.level(volume)))
    assert len(seen) == 1, seen


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_segments_are_the_same_samples_as_in_the_whole(tmp_path: Path, rate: int) -> None:
    file = tmp_path / "long.flac"
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * rate)
    soundfile.write(file, noise, rate)
    whole = read_audio(file).samples
    part = read_audio(file, start_s=3.25, end_s=5.5).samples
    assert len(part) == round(2.25 * SAMPLE_RATE)
    middle = slice(1000, -1000)  # a resampler knows nothing beyond the segment's edges
    expected = whole[round(3.25 * SAMPLE_RATE) : round(5.5 * SAMPLE_RATE)]
    np.testing.assert_allclose(part[middle], expected[middle], atol=0.02 if rate != 16_000 else 1e-6)


def test_segments_of_files_read_by_ffmpeg(tmp_path: Path) -> None:
    file = tmp_path / "a.m4a"
    write_m4a(file, np.concatenate([vowel(120, 2.0), vowel(300, 2.0)]))
    for start, expected in ((0.2, 120), (2.3, 300)):
        audio = read_audio(file, start_s=start, end_s=start + 1.5)
        assert audio.duration_s == pytest.approx(1.5, abs=0.01)
        f0, _ = mean_f0_hz(f0_track(audio.samples, PitchSettings()), 1.5, PitchSettings())
        assert f0 == pytest.approx(expected, rel=0.005)


def test_a_segment_of_a_long_file_leaves_the_rest_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "long.wav"
    soundfile.write(file, np.zeros(RATE * 600, np.int16), RATE)
    read = 0
    original = soundfile.SoundFile.read

    def counting(self: soundfile.SoundFile, frames: int = -1, **options: object) -> object:
        nonlocal read
        block = original(self, frames, **options)
        read += len(block)
        return block

    monkeypatch.setattr(soundfile.SoundFile, "read", counting)
    assert read_audio(file, start_s=500, end_s=503).duration_s == 3
    assert read <= RATE * 40


def test_refusals(tmp_path: Path) -> None:
    voice = vowel(150, 2.0)
    files = {file.name: file.read_bytes() for file in write_every_format(tmp_path, voice)}
    wav = files["pcm16.wav"]
    floats = voice.copy()
    floats[7] = np.nan
    broken = {
        "empty.wav": b"",
        "header.wav": wav[:44],
        "half.wav": wav[: len(wav) // 2],
        "half.flac": files["a.flac"][: len(files["a.flac"]) // 2],
        "half.ogg": files["a.ogg"][: len(files["a.ogg"]) // 2],
        "half.aiff": files["a.aiff"][: len(files["a.aiff"]) // 2],
        "half.mp3": files["a.mp3"][: len(files["a.mp3"]) // 2],
        "half.m4a": files["a.m4a"][: len(files["a.m4a"]) // 2],
        "lies.wav": wav[:40] + struct.pack("<I", 10**9) + wav[44:],
        "text.wav": b"this is not audio",
        "slow.wav": wav[:24] + struct.pack("<I", 10) + wav[28:],
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    soundfile.write(tmp_path / "nan.wav", floats, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "loud.wav", voice * 32_768, RATE, subtype="FLOAT")
    assert {name: code(tmp_path / name) for name in (*broken, "nan.wav", "loud.wav")} == {
        "empty.wav": "empty_audio",
        "header.wav": "empty_audio",
        "half.wav": "truncated_audio",
        "half.flac": "unreadable_audio",
        "half.ogg": "truncated_audio",
        "half.aiff": "truncated_audio",
        "half.mp3": "truncated_audio",
        "half.m4a": "unreadable_audio",
        "lies.wav": "truncated_audio",
        "text.wav": "unreadable_audio",
        "slow.wav": "unsupported_audio",
        "nan.wav": "not_finite",
        "loud.wav": "out_of_range",
    }
    whole = tmp_path / "pcm16.wav"
    assert code(whole, max_clip_s=1.0) == "too_long"
    assert code(whole, start_s=5.0) == "segment_outside_file"
    assert code(whole, start_s=1.0, end_s=9.0) == "segment_outside_file"
    assert code(whole, start_s=1.0, end_s=1.0) == "empty_audio"
    assert read_audio(whole, start_s=1.0, end_s=2.3).duration_s == pytest.approx(1.0, abs=0.01)


def test_written_to_a_pipe_the_length_is_unknown_and_not_a_lie(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", vowel(150, 1.0), RATE)
    wav = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "pipe.wav").write_bytes(wav[:4] + b"\xff" * 4 + wav[8:40] + b"\xff" * 4 + wav[44:])
    assert read_audio(tmp_path / "pipe.wav").duration_s == 1.0


def test_a_bomb_takes_no_more_than_the_limit(tmp_path: Path) -> None:
    """Three hours of silence are 1 MB of flac."""
    file = tmp_path / "bomb.flac"
    with soundfile.SoundFile(file, "w", 8_000, 1) as stream:
        for _ in range(11):
            stream.write(np.zeros(8_000 * 1000, np.int16))
    assert file.stat().st_size < 3_000_000
    assert code(file, max_clip_s=20.0) == "too_long"


@pytest.mark.parametrize(
    "playlist", ["ffconcat version 1.0\nfile secret.wav\n", "#EXTM3U\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n"]
)
def test_a_playlist_does_not_open_other_files(tmp_path: Path, playlist: str) -> None:
    soundfile.write(tmp_path / "secret.wav", vowel(150, 1.0), RATE)
    (tmp_path / "clip.wav").write_text(playlist)
    assert code(tmp_path / "clip.wav") == "unreadable_audio"


@pytest.mark.parametrize("path", ["../out.wav", "a/../../out.wav", "/etc/passwd", "a\0b.wav"])
def test_paths_do_not_leave_the_root(tmp_path: Path, path: str) -> None:
    with pytest.raises(AudioError) as caught:
        locate(str(tmp_path), path)
    assert caught.value.code == "path_outside_root"


def test_odd_names_are_just_names(tmp_path: Path) -> None:
    for name in ("-rf.wav", "a b;c.wav", "%s {x}.wav", "ünï.wav", "http:x.wav"):
        soundfile.write(tmp_path / name, vowel(150, 0.3), RATE, format="WAV")
        assert read_audio(locate(str(tmp_path), name)).duration_s == pytest.approx(0.3, abs=0.01)


def stereo(folder: Path) -> tuple[Path, np.ndarray]:
    """A call: a man on one channel, a woman on the other."""
    both = np.stack([vowel(110, 1.0), vowel(220, 1.0)], axis=1)
    soundfile.write(folder / "call.wav", both, RATE)
    return folder / "call.wav", both


def test_one_channel_of_a_call_is_decoded_alone(tmp_path: Path) -> None:
    file, _ = stereo(tmp_path)
    for channel, hz in ((0, 110), (1, 220)):
        samples = read_audio(file, channel=channel).samples
        assert mean_f0_hz(f0_track(samples, PitchSettings()), 1.0, PitchSettings())[0] == pytest.approx(hz, rel=0.02)
    assert code(file, channel=2) == "no_such_channel"


@pytest.mark.parametrize("kind", ["tar", "parquet"])
def test_a_recording_inside_a_file_is_decoded_as_one_beside_it(tmp_path: Path, kind: str) -> None:
    """One channel inverted, so that it is decoded twice, and with its own member's name in errors."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from helpers.audio_in_files import write_tar

    file, both = stereo(tmp_path)
    soundfile.write(file, both[:, :1] * np.array([[1, -1]]), RATE)
    contents = [file.read_bytes(), b"no audio at all"]
    if kind == "tar":
        write_tar(tmp_path / "x.tar", {f"{number}.wav": content for number, content in enumerate(contents)})
        paths = ["x.tar#0.wav", "x.tar#1.wav", "x.tar#2.wav"]
    else:
        audio = [{"bytes": content, "path": None} for content in contents]
        pq.write_table(pa.table({"audio": audio}), tmp_path / "x.parquet")
        paths = ["x.parquet#000000", "x.parquet#1", "x.parquet#2"]
    inside = read_audio(locate(str(tmp_path), paths[0])).samples
    assert np.array_equal(inside, read_audio(file).samples)
    assert np.abs(inside).max() > 0.1
    assert code(locate(str(tmp_path), paths[1])) == "unreadable_audio"
    assert code(locate(str(tmp_path), paths[2])) == "missing_audio"
    with pytest.raises(AudioError, match="changed since it was indexed"):
        read_audio(locate(str(tmp_path), paths[0]), stamp="1-2-3")
