"""What is known of a clip in everyday words."""

from aig.core.records import Clip, Event, Features
from aig.prompts.heard import heard


def test_everything_known_is_told_in_plain_words():
    clip = Clip(
        audio_id="x/1", dataset="x", gender="female", age=34, emotion="happy", sentiment=2, text="Hurry up!",
        labels=("Train",), events=(Event("Train", 0.0, 4.0), Event("Train horn", 1.0, 1.52)),
        captions=("A train comes",),
    )  # fmt: skip
    features = Features(
        audio_id="x/1", duration_s=4.0, sample_rate=16_000, f0_hz=196.3, pitch_level="medium",
        pitch_rank="relatively low (160-200 Hz)", monotony_level="very lively", speed_level="fast", pause_level="few",
        volume_level="high", snr_level="noisy", reverberation_level="dry", bandwidth_level="narrow",
        clipping_level="none",
    )  # fmt: skip
    assert heard(clip, features, "") == (
        "Sounds: Train [0.0s-4.0s]; Train horn [1.0s-1.5s]. Altogether: A train comes. "
        'The words: "Hurry up!". The speaker: female speaker, about 34 years old, happy. What is felt: positive. '
        "The voice: of medium pitch, relatively low for a female speaker; very lively; fast pace; few pauses; loud. "
        "The recording: strong background noise; hardly any echo; rather muffled."
    )


def test_music_and_what_is_not_known():
    clip = Clip(audio_id="x/1", dataset="x", genres=("Folk", "Pop"), title="Last Train Home", text="I hear the train")
    features = Features(
        audio_id="x/1", duration_s=4.0, sample_rate=16_000, tempo_bpm=90.0, tempo_level="slow", music_key="A minor"
    )
    assert heard(clip, features, "") == (
        'The music is Folk, Pop. A fitting title is "Last Train Home". The words sung: "I hear the train". '
        "The music has slow tempo, in A minor."
    )
    assert heard(Clip(audio_id="x/1", dataset="x"), None, "") == ""
    assert heard(Clip(audio_id="x/1", dataset="x"), None, " Good\n evening ") == 'The words: "Good evening".'


def test_words_of_a_levels_file_of_ones_own_are_not_lost():
    features = Features(
        audio_id="x/1", duration_s=4.0, sample_rate=16_000, pitch_level="bass", snr_level="poor", clipping_level="harsh"
    )
    told = heard(Clip(audio_id="x/1", dataset="x"), features, "")
    assert told == "The voice: bass in pitch. The recording: noise poor; clipping harsh."
