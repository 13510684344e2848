"""Lhotse manifests give the same clips as a manifest; what is not a stretch of one file is refused with its reason."""

import gzip
import json
import re

import numpy as np
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest

RECORDING = {
    "id": "rec",
    "sources": [{"type": "file", "channels": [0], "source": "sub/a.wav"}],
    "sampling_rate": 16_000,
    "num_samples": 1600,
    "duration": 0.1,
    "channel_ids": [0],
}
CALL = RECORDING | {
    "sources": [{"type": "file", "channels": [0, 1], "source": "sub/a.wav"}],
    "channel_ids": [0, 1],
}


def supervision(start, text, speaker, gender="Female"):
    return {"id": f"{start}", "start": start, "duration": 0.01, "text": text, "speaker": speaker, "gender": gender}


def cut(**differs):
    return {
        "id": "cut-1", "start": 0.02, "duration": 0.05, "channel": 0, "recording": RECORDING, "type": "MonoCut",
        "supervisions": [supervision(0.03, "world", "s1"), supervision(0.0, "hello", "s2")],
    } | differs  # fmt: skip


@pytest.fixture
def read(tmp_path):
    """Reads lines as a manifest with the file that they name beside it."""
    (tmp_path / "sub").mkdir()
    soundfile.write(tmp_path / "sub" / "a.wav", np.zeros(1600), 16_000)

    def call(*lines, packed=False):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
        file = tmp_path / ("cuts.jsonl.gz" if packed else "cuts.jsonl")
        file.write_bytes(gzip.compress(text) if packed else text)
        return list(manifest.dataset("mine", file).read(Source(tmp_path)))

    return call


@pytest.mark.parametrize("packed", [False, True])
def test_cuts(read, packed):
    (clip,) = read(cut(), packed=packed)
    assert clip == Clip(
        audio_id="mine/cut-1",
        dataset="mine",
        path="sub/a.wav",
        start_s=0.02,
        end_s=0.07,
        text="hello world",
        gender="female",
    )


def test_recordings(read, tmp_path):
    assert read(RECORDING) == [Clip(audio_id="mine/rec", dataset="mine", path="sub/a.wav")]
    (tmp_path / "sub" / "a.wav").unlink()
    assert read(RECORDING) == [Clip(audio_id="mine/rec", dataset="mine", path=None)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (json.dumps(cut())[:80], "not JSON"),
        (cut(channel=2, recording=CALL), "the channels 2 of a recording of 2"),
        (cut(type="MultiCut", channel=[0, 2], recording=CALL | {"channel_ids": [0, 1, 2]}), "channels 0, 2 of"),
        (
            cut(recording=RECORDING | {"transforms": [{"name": "Speed", "kwargs": {"factor": 2}}]}),
            r"transform \(Speed\)",
        ),
        (cut(recording=RECORDING | {"transforms": [{"name": "Volume"}, {"name": "Resample"}]}), "Resample, Volume"),
        ({"id": "x", "type": "MixedCut", "tracks": [{"cut": cut(), "offset": 0}]}, "mixed or padded"),
        (cut(recording=RECORDING | {"sources": [{"type": "url", "source": "https://x/a.wav"}]}), r"1 sources \(url\)"),
        (cut(recording=RECORDING | {"sources": RECORDING["sources"] * 2}), "2 sources"),
        (cut(recording=None), "without a recording"),
        (cut(duration="long"), "not a cut or recording"),
        (cut(start=None), "not a cut or recording"),
        (cut(supervisions=[{"start": "x"}]), "not a cut or recording"),
        (cut(supervisions=[{"start": 0, "text": 5}]), "not a cut or recording"),
        (cut(id={"a": 1}), "audio_id must be text"),
        (cut(duration=0), "not after its start"),
        ({"id": "s", "recording_id": "rec", "start": 0, "duration": 1, "text": "a supervision"}, "without a recording"),
    ],
)
def test_a_cut_that_is_not_a_stretch_of_one_file_costs_that_line(read, line, why):
    first, bad, last = read(RECORDING, line, cut())
    assert isinstance(bad, Quarantined)
    assert bad.message.startswith("cuts.jsonl, line 2")
    assert re.search(why, bad.message)
    assert (first.audio_id, last.audio_id) == ("mine/rec", "mine/cut-1")


def test_a_recording_that_is_resampled_sounds_the_same(read):
    (clip,) = read(cut(recording=RECORDING | {"transforms": [{"name": "Resample", "kwargs": {}}]}))
    assert clip.path == "sub/a.wav"


@pytest.mark.parametrize("channel", [0, [0]])
def test_the_only_channel_of_a_recording_is_the_recording(read, channel):
    (clip,) = read(cut(channel=channel))
    assert clip.path == "sub/a.wav"


@pytest.mark.parametrize("channel", [1, [1]])
def test_a_cut_of_one_channel_of_several_is_that_channel(read, channel):
    (clip,) = read(cut(channel=channel, recording=CALL))
    assert (clip.path, clip.channel) == ("sub/a.wav", 1)
    (clip,) = read(cut(channel=7, recording=CALL | {"channel_ids": [3, 7]}))
    assert clip.channel == 1


def test_a_cut_of_all_channels_is_read_as_the_file(read):
    (clip,) = read(cut(type="MultiCut", channel=[0, 1], recording=CALL))
    assert clip.path == "sub/a.wav"


@pytest.mark.parametrize(
    ("given", "gender"),
    [("m", "male"), ("F", "female"), ("male_masculine", "male"), ("unknown", None), ("other", "other")],
)
def test_genders_of_kaldi_and_common_voice(read, given, gender):
    (clip,) = read(cut(supervisions=[supervision(0, "hello", "s1", given)]))
    assert clip.gender == gender


@pytest.mark.parametrize("name", ["lhotse_broken_line", "lhotse_channels", "lhotse_padded_cut", "lhotse_perturbed"])
def test_the_cases_collected(shared_data, name):
    folder = shared_data / "cases" / name
    (file,) = folder.glob("*.jsonl")
    found = list(manifest.dataset("mine", file).read(Source(folder)))
    refused = {"lhotse_broken_line": 1, "lhotse_channels": 0, "lhotse_padded_cut": 1, "lhotse_perturbed": 3}[name]
    assert sum(isinstance(item, Quarantined) for item in found) == refused
    assert all(item.path for item in found if isinstance(item, Clip))


@pytest.mark.slow
def test_what_lhotse_itself_writes_is_read(tmp_path, read):
    lhotse = pytest.importorskip("lhotse")
    recording = lhotse.Recording.from_file(tmp_path / "sub" / "a.wav")
    plain = recording.to_cut()
    cuts = [plain, plain.perturb_speed(1.1), plain.pad(1.0), plain.truncate(duration=0.05), plain.perturb_volume(2.0)]
    lhotse.CutSet.from_cuts(one.with_id(str(number)) for number, one in enumerate(cuts)).to_file(tmp_path / "x.jsonl")
    found = list(manifest.dataset("mine", tmp_path / "x.jsonl").read(Source(tmp_path)))
    assert [type(item) for item in found] == [Clip, Quarantined, Quarantined, Clip, Quarantined]
    assert (found[3].start_s, found[3].end_s) == (0.0, 0.05)


def test_what_is_said_on_another_channel_is_not_the_cuts_text(read):
    said = [{**supervision(0.0, text, speaker), "channel": channel} for channel, text, speaker in
            ((0, "hello", "s1"), (1, "goodbye", "s2"), ([0, 1], "both", "s1"))]  # fmt: skip
    left, right = read(
        cut(recording=CALL, supervisions=said), cut(id="b", recording=CALL, channel=1, supervisions=said)
    )
    assert (left.text, left.speaker_id, right.text, right.speaker_id) == ("hello both", "s1", "goodbye both", None)


@pytest.mark.parametrize(("start", "duration"), [(-3.0, 5.0), (0.0, 2.0), (1.0, 0.5)])
def test_a_text_that_the_cut_does_not_hold_is_refused(read, start, duration):
    (told,) = read(cut(supervisions=[{**supervision(start, "hello world", "s1"), "duration": duration}]))
    assert told.error == "unsupported_cut"
    assert "reaches out of the cut" in told.message


def test_supervisions_alone_are_refused(read):
    with pytest.raises(UsageError, match="manifest of supervisions"):
        read(supervision(0.0, "hello", "s1") | {"recording_id": "rec"})
