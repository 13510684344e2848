"""The records that travel through the pipeline: plain frozen values, one class each, no behaviour.

`aig.core.tables` declares the Arrow schema of each and turns one into the other.
An absent field is `None` (never an empty string, "unknown" or NaN), so that whatever is built on a record
can leave out what a dataset does not annotate.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Clip",
    "Dropped",
    "Event",
    "Features",
    "Measured",
    "OwnValue",
    "QAPair",
    "Quarantined",
    "Reason",
    "TaggedEvent",
    "Word",
]


@dataclass(frozen=True, slots=True)
class Event:
    """A sound with its time in the clip, in seconds from the clip's own start."""

    label: str
    onset_s: float
    offset_s: float


@dataclass(frozen=True, slots=True)
class TaggedEvent:
    """A sound that a tagger heard, with its time in the clip in seconds, and its highest score, 0 to 1."""

    label: str
    onset_s: float
    offset_s: float
    score: float


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word with its time in the clip, in seconds from the clip's own start."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value of `Features` is absent: the field's name and a short sentence."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class OwnValue:
    """What one's own extractor measured, or the word of one's own scale.

    Attributes:
        name: of the extractor or scale.
        value: the number; of a scale, the number that its word stands for.
        text: where the value is not a number.
        level: the word of a scale.
        reason: why there is no value.
    """

    name: str
    value: float | None = None
    text: str | None = None
    level: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One clip of a dataset: where its audio is and what its owners annotated.

    Attributes:
        audio_id: `<dataset>/<clip>`, unique over all datasets, stable, free of machine paths.
        dataset: registry name or the user's own.
        split: the owners' split, `train` where there is none.
        path: audio file relative to the dataset's root, with `/`; `None` where the audio is not on this disk.
        start_s: where the clip starts in the file, in seconds; `None`: at its start.
        end_s: where the clip ends in the file, in seconds; `None`: at its end.
        channel: which of the file's channels is the clip, from 0; `None`: all of them, mixed.
        stamp: the file's size and time of change, `<bytes>-<nanoseconds since 1970>`, by which a file that was
            exchanged under its name is noticed, and of a table or tar samples of its bytes; filled in when the clip is
            indexed, `None` where the audio is not on this disk.
        labels: display names of the sounds heard, in the dataset's order.
        parents: what the sounds of `labels` and `events` are kinds of, by AudioSet's ontology, the nearest first;
            filled in when the clip is indexed, `None` without an ontology or where it knows none of them.
        events: sounds with their times, ordered by onset.
        captions: what people wrote about the clip.
        text: the words spoken or sung, by the dataset (not by a recogniser).
        speaker_id: the owners' name of the speaker.
        gender: `male`, `female`, or whatever else the owners annotate.
        age: speaker's age in years.
        emotion: class name in lower case, such as `angry`, `happy`, `neutral`, `sad`.
        sentiment: -3 (highly negative) to 3 (highly positive).
        genres: music genres, display names.
        title: title of the piece.
        licence: by the name of `aig.core.licences`, or as the owners write it; `None` where it is not known.
        source_key: the recording it was taken from, as other datasets name it too: `youtube:<id>@<start>-<end>`,
            `freesound:<number>`; see `aig.core.source_keys`.
    """

    audio_id: str
    dataset: str
    split: str = "train"
    path: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    channel: int | None = None
    stamp: str | None = None
    labels: tuple[str, ...] | None = None
    parents: tuple[str, ...] | None = None
    events: tuple[Event, ...] | None = None
    captions: tuple[str, ...] | None = None
    text: str | None = None
    speaker_id: str | None = None
    gender: str | None = None
    age: int | None = None
    emotion: str | None = None
    sentiment: int | None = None
    genres: tuple[str, ...] | None = None
    title: str | None = None
    licence: str | None = None
    source_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What was measured on one clip. A value that cannot be measured is `None`; `*_reason` says why.

    Attributes:
        audio_id: the clip's.
        duration_s: length of the clip as decoded, in seconds.
        sample_rate: of the file, in Hz (everything is measured at 16 kHz).
        f0_hz: mean fundamental frequency over voiced frames of speech, in Hz.
        f0_reason: why there is no `f0_hz`.
        pitch_level: five levels among all people.
        pitch_rank: five levels within the speaker's gender; `None` for other or unknown genders.
        words_per_s: recognised words per second of the spoken span.
        syllables_per_s: syllable nuclei per second of the spoken span, from intensity peaks.
        speed_level: five levels.
        volume_dbfs: RMS over active frames, in dB relative to full scale.
        loudness_lufs: integrated loudness, ITU-R BS.1770, in LUFS.
        volume_level: five levels.
        silent: the whole clip lies below the silence floor.
        transcript: the recogniser's words; empty where it heard none.
        words: the same with times.
        no_speech_prob: the recogniser's probability of no speech, 0 to 1, weighted by segment length.
        avg_logprob: mean log probability per token of the transcript.
        language: ISO 639-1 code the recogniser detected or was given.
        hallucination: why the transcript is taken for a hallucination; `None` where it is not.
        sounds: labels of an optional tagger, for clips without annotated ones.
        content: hash of the decoded samples, so that another recording under the same name is not taken for this one.
        fingerprint: a 32-bit word for every 64 ms, by which copies of a sound are found; `None` where the clip is too
            short or silent.
        level_curve: how loud each tenth of a second is, a byte each: half decibels below full scale, 255 for all below.
        extractor: hash of code version and settings; a feature row is up to date when it equals the present one.
        source: which audio was measured and whose rank was looked up, `<path>@<start_s>-<end_s>#<stamp>~<gender>`, with
            `[<channel>]` behind the path of a clip that is one channel; the
            other half of being up to date.
        f0_spread_st: standard deviation of the fundamental frequency, in semitones.
        monotony_level: five levels of `f0_spread_st`, the most monotonous first.
        pause_share: share of the spoken time that is pauses of at least 0.25 s, 0 to 1.
        pauses_per_min: such pauses per minute of the spoken time.
        pause_level: five levels of `pause_share`.
        snr_db: power of the speech over that of the noise, in dB.
        snr_level: five levels.
        reverberation_s: time in which sound falls by 60 dB in the room, in seconds; 0.2 stands for all below 0.3.
        reverberation_level: five levels.
        bandwidth_hz: up to which frequency there is sound, in Hz; half the file's rate where nothing is missing.
        bandwidth_level: five levels.
        clipped_share: share of the samples on flat tops, 0 to 1.
        clipping_level: five levels.
        tempo_bpm: beats per minute of music; half and double are the errors to be expected.
        tempo_level: five levels.
        music_key: tonic and mode, such as `A minor`.
        absent: why there is no value, for each of the values from `f0_spread_st` on that has none.
        own: the values of one's own extractors and the levels of one's own scales.
        tagged: sounds that an optional tagger heard, with their times, for clips without annotated ones, by onset.
    """

    audio_id: str
    duration_s: float
    sample_rate: int
    f0_hz: float | None = None
    f0_reason: str | None = None
    pitch_level: str | None = None
    pitch_rank: str | None = None
    words_per_s: float | None = None
    syllables_per_s: float | None = None
    speed_level: str | None = None
    volume_dbfs: float | None = None
    loudness_lufs: float | None = None
    volume_level: str | None = None
    silent: bool = False
    transcript: str | None = None
    words: tuple[Word, ...] | None = None
    no_speech_prob: float | None = None
    avg_logprob: float | None = None
    language: str | None = None
    hallucination: str | None = None
    sounds: tuple[str, ...] | None = None
    content: str | None = None
    fingerprint: bytes | None = None
    level_curve: bytes | None = None
    extractor: str = ""
    source: str = ""
    f0_spread_st: float | None = None
    monotony_level: str | None = None
    pause_share: float | None = None
    pauses_per_min: float | None = None
    pause_level: str | None = None
    snr_db: float | None = None
    snr_level: str | None = None
    reverberation_s: float | None = None
    reverberation_level: str | None = None
    bandwidth_hz: float | None = None
    bandwidth_level: str | None = None
    clipped_share: float | None = None
    clipping_level: str | None = None
    tempo_bpm: float | None = None
    tempo_level: str | None = None
    music_key: str | None = None
    absent: tuple[Reason, ...] | None = None
    own: tuple[OwnValue, ...] | None = None
    tagged: tuple[TaggedEvent, ...] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A clip with what was measured on it and what follows from both, worked out once and carried along.

    Attributes:
        clip: what is annotated.
        features: what was measured; `None` where nothing was.
        spoken: the recogniser's words, cleaned; empty where nothing was said, measured or truly recognised.
        sounds: the sounds heard, each once, as annotated; where nobody annotated any, what a tagger heard.
        tagged: whether the sounds, and the events of the clip, are a tagger's: others may be there too.
    """

    clip: Clip
    features: Features | None = None
    spoken: str = ""
    sounds: tuple[str, ...] = ()
    tagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QAPair:
    """One question-answer pair with its lineage.

    The first six fields are the published row (see `aig.shards.schema`); the rest is its lineage.

    Attributes:
        instruction: the question.
        input: the cleaned transcript, or empty.
        audio_id: the clip's.
        dataset: the clip's.
        task: one of the paper's closed-ended task names, or `open-ended question`.
        output: the answer, never empty.
        qa_id: content hash, see `aig.core.qa_id`.
        prompt: name and version of the prompt or question bank, `speech@1`.
        prompt_sha256: hash of that prompt's or bank's text.
        model: as the server reported it; empty where no model answered.
        request_id: key of the request in the ledger; empty where no model answered.
        finish_reason: as the server reported it; empty where no model answered.
        answerable: false where the answer says that it cannot be determined.
        source: `rule` or `model`.
        split: the clip's.
        extractor: of the features used.
        seed: of the configuration.
        licence: the clip's, by the name of `aig.core.licences`; `None` where it is not known; filled in when the pair
            is published.
        choices: options of a multiple choice, in the order in which they are asked.
        answer_index: which of them is right, from 0.
        skill: what a benchmark would file the question under, such as `counting`.
        difficulty: `basic`, `intermediate` or `advanced`, by rule.
        judge_score: of a second model, 0 to 1.
        judge_model: that model, as the server reported it.
        audio_contribution: `weak` where a model that cannot hear answers as well, `strong` where it does not.
        annotated_by: `tagger` where the sounds that the pair is about were named by one; `None`: by people.
    """

    instruction: str
    input: str
    audio_id: str
    dataset: str
    task: str
    output: str
    qa_id: str
    prompt: str
    prompt_sha256: str
    model: str = ""
    request_id: str = ""
    finish_reason: str = ""
    answerable: bool = True
    source: str = "rule"
    split: str = "train"
    extractor: str = ""
    seed: int = 0
    licence: str | None = None
    choices: tuple[str, ...] | None = None
    answer_index: int | None = None
    skill: str | None = None
    difficulty: str | None = None
    judge_score: float | None = None
    judge_model: str | None = None
    audio_contribution: str | None = None
    annotated_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A clip or a pair that a rule left out, and why.

    Attributes:
        audio_id: the clip's.
        dataset: the clip's.
        rule: name of the rule, such as `min_words`.
        reason: a short sentence with the value met and the bound, such as `3 words, fewer than 6`.
        prompt: name and version of the prompt that the pair answers; empty for a clip.
        question: of a pair that could be read.
        answer: likewise.
    """

    audio_id: str
    dataset: str
    rule: str
    reason: str
    prompt: str = ""
    question: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An item that could not be worked on: kept aside, never lost, never silent.

    Attributes:
        dataset: the dataset's name.
        audio_id: the clip's; empty where a line could not be read far enough to know.
        stage: `index`, `extract`, `generate`.
        error: a short stable code, such as `unreadable_audio`, `malformed_line`.
        message: what is wrong and where: file, line, column, or clip.
        advice: what to do about it.
    """

    dataset: str
    audio_id: str
    stage: str
    error: str
    message: str
    advice: str
