"""One's own extractors and scales, as docs/extend.md says, and what is refused."""

import numpy as np
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.records import Clip, Features, OwnValue
from aig.core.tables import from_batch, to_table
from aig.extractors.measure import measure_clips
from aig.extractors.registry import EXTRACTORS, extractors
from aig.extractors.scales import SCALES, own_scales
from aig.extractors.settings import ExtractSettings
from aig.extractors.version import Parts, parts
from helpers.voices import RATE, vowel

CLIP = Clip(audio_id="mine/a", dataset="mine", path="a.wav")


def measured(folder, settings, known=None):
    (result,) = measure_clips([CLIP], str(folder), settings, {CLIP.audio_id: known} if known else None)
    assert isinstance(result, Features)
    return result


def settings_of(page, section):
    return ExtractSettings.model_validate({"whisper": None, **page(section)["extract"]})


def test_an_extractor_of_ones_own(follow_extend_page, tmp_path):
    settings = settings_of(follow_extend_page, "An extractor")
    soundfile.write(tmp_path / "a.wav", np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE), RATE)
    found = measured(tmp_path, settings)
    (own,) = found.own
    assert (own.name, own.reason) == ("zero_crossings", None)
    assert own.value == pytest.approx(800 / RATE, rel=0.01)
    assert found.bandwidth_hz is not None
    assert list(from_batch(to_table([found], Features), Features)) == [found]
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    assert measured(tmp_path, settings).own == (OwnValue("zero_crossings", reason="silent"),)


def test_an_extractor_that_fails_leaves_its_error(follow_extend_page, tmp_path):
    follow_extend_page("An extractor")
    text = (tmp_path / "my_measures.py").read_text()
    (tmp_path / "failing.py").write_text(text.replace('return Absent("silent")', "pass").replace("np.diff(", "np.dif("))
    soundfile.write(tmp_path / "a.wav", vowel(150), RATE)
    found = measured(tmp_path, ExtractSettings(whisper=None, extractors=("snr_db", "failing:ZERO_CROSSINGS")))
    assert "the extractor failed: AttributeError" in found.own[0].reason
    assert found.f0_hz == pytest.approx(150, rel=0.01)
    assert found.bandwidth_hz is None


def test_a_scale_of_ones_own(follow_extend_page, tmp_path):
    settings = settings_of(follow_extend_page, "A scale")
    soundfile.write(tmp_path / "a.wav", vowel(150, 3.0), RATE)
    first = measured(tmp_path, settings)
    assert first.own == (OwnValue("length", value=3.0, level="medium"),)
    module = tmp_path / "my_scales.py"
    module.write_text(module.read_text().replace('"medium"', '"middling"'))
    follow_again = settings.model_copy()
    before = parts(settings)
    assert before != Parts.of(first.extractor)
    assert before._replace(levels="") == Parts.of(first.extractor)._replace(levels="")
    (tmp_path / "a.wav").unlink()
    import sys

    del sys.modules["my_scales"]
    assert measured(tmp_path, follow_again, first).own == (OwnValue("length", value=3.0, level="middling"),)


def test_features_of_before_have_no_part_for_the_recording(tmp_path):
    settings = ExtractSettings(whisper=None)
    soundfile.write(tmp_path / "a.wav", vowel(150, 3.0), RATE)
    now = measured(tmp_path, settings)
    old = now.extractor.rpartition("-")[0]
    assert Parts.of(old) == Parts.of(now.extractor)._replace(recording="")
    assert Parts.of("a-b-c") is None
    assert Parts.of("a-b-c-d-e-f") is None


def test_what_is_refused(follow_extend_page, tmp_path):
    follow_extend_page("An extractor")
    follow_extend_page("A scale")
    with pytest.raises(UsageError, match="no extractor 'snr'") as error:
        extractors(["snr"])
    assert error.value.advice == "Did you mean 'snr_db'?"
    for call in (lambda: extractors(["my_measures:measure"]), lambda: own_scales(["my_scales:NOTHING"])):
        with pytest.raises(UsageError):
            call()
    text = (tmp_path / "my_measures.py").read_text()
    (tmp_path / "measures_of_pitch.py").write_text(text.replace('"zero_crossings"', '"f0_hz"'))
    with pytest.raises(UsageError, match="already a value called 'f0_hz'"):
        extractors(["measures_of_pitch:ZERO_CROSSINGS"])
    text = (tmp_path / "my_scales.py").read_text()
    (tmp_path / "scales_of_pitch.py").write_text(text.replace('"length"', '"pitch"'))
    with pytest.raises(UsageError, match="already a scale called 'pitch'"):
        own_scales(["scales_of_pitch:LENGTH"])


def test_every_value_and_level_is_a_field():
    fields = set(Features.__dataclass_fields__)
    assert {extractor.name for extractor in EXTRACTORS} <= fields
    assert {scale.field for scale in SCALES} | {scale.level for scale in SCALES} <= fields


def test_only_those_that_are_named_are_measured(tmp_path):
    assert extractors([]) == ()
    assert extractors(["all"]) == EXTRACTORS
    soundfile.write(tmp_path / "a.wav", vowel(150, 3.0), RATE)
    found = measured(tmp_path, ExtractSettings(whisper=None, extractors=()))
    assert found.absent == ()
    assert found.bandwidth_hz is None
