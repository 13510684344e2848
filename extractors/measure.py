"""Measuring clips: each is decoded once, shared by all extractors, and becomes `Features` or `Quarantined`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aig.core.records import Clip, Features, OwnValue, Quarantined, Reason
from aig.extractors.audio import Audio, locate, read_audio
from aig.extractors.errors import AudioError
from aig.extractors.extractor import Absent, Recording, Value
from aig.extractors.fingerprint import content_hash, fingerprint
from aig.extractors.hallucination import hallucination_reason
from aig.extractors.levels import load_levels
from aig.extractors.registry import EXTRACTORS, extractors
from aig.extractors.scales import SCALES, own_scales
from aig.extractors.settings import ExtractSettings, WhisperSettings
from aig.extractors.tagger import Tags, tagger
from aig.extractors.threads import hold_to_one
from aig.extractors.version import Parts, extractor_version, parts
from aig.extractors.voice import NO_SPEECH, Voice, measure_voice
from aig.extractors.volume import Volume, level_curve, measure_volume
from aig.extractors.whisper.transcript import Transcript, backend, transcribe

__all__ = ["extractor_version", "measure_clips"]

_BATCHES = 4
"""Batches of clips that are read before the recogniser is asked, so that it finds clips of like length among them."""

_SECONDS = 60.0
"""Seconds of audio that are held meanwhile, for each clip of a batch, so that long clips do not pile up."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A clip that has to be decoded, and its earlier features where they are of the same audio."""

    clip: Clip
    audio: Audio
    content: str
    known: Features | None


def measure_clips(
    clips: Sequence[Clip],
    root: str,
    settings: ExtractSettings,
    known: Mapping[str, Features] | None = None,
) -> Iterator[Features | Quarantined]:
    """Measures clips; yields exactly one result per clip, in the same order.

    Args:
        clips: a batch of one dataset; those without a `path` are quarantined as `missing_audio`.
        root: the dataset's root, to which paths are relative.
        settings: what to measure with.
        known: earlier features by `audio_id`. What a setting or the code has not changed since is taken from them:
            where only the levels differ nothing is decoded, and a transcript of the same samples is not made again.

    Raises:
        UsageError: the recogniser, the tagger or the levels file named in the settings is not to be had.
    """
    hold_to_one()
    now = parts(settings)
    group: list[Features | Quarantined | _Job] = []
    waiting, seconds = 0, 0.0
    for clip in clips:
        item = _prepared(clip, root, settings, now, (known or {}).get(clip.audio_id))
        group.append(item)
        if isinstance(item, _Job):
            waiting += settings.whisper is not None and _earlier(item.known, now) is None
            seconds += item.audio.duration_s
        if _enough(waiting, seconds, settings.whisper):
            yield from _finished(group, settings, now)
            group, waiting, seconds = [], 0, 0.0
    yield from _finished(group, settings, now)


def _enough(waiting: int, seconds: float, whisper: WhisperSettings | None) -> bool:
    """Whether to go on with the clips that are read; `waiting` of them wait for the recogniser."""
    if whisper is None or not waiting:
        return True
    together = backend(whisper).together
    return waiting >= _BATCHES * together or seconds >= _SECONDS * together


def _finished(
    group: Sequence[Features | Quarantined | _Job], settings: ExtractSettings, now: Parts
) -> Iterator[Features | Quarantined]:
    transcripts = iter(_transcripts([item for item in group if isinstance(item, _Job)], settings, now))
    for item in group:
        yield _measured(item, next(transcripts), settings, now) if isinstance(item, _Job) else item


def _prepared(
    clip: Clip, root: str, settings: ExtractSettings, now: Parts, known: Features | None
) -> Features | Quarantined | _Job:
    then = Parts.of(known.extractor) if known else None
    if known and then and then._replace(levels=now.levels) == now:
        return _levelled(replace(known, extractor=str(now)), clip, settings)
    try:
        if clip.path is None:
            raise AudioError("missing_audio", "its audio is not on this disk", "Get the audio, or leave the clip out.")
        audio = read_audio(
            locate(root, clip.path),
            start_s=clip.start_s,
            end_s=clip.end_s,
            max_clip_s=settings.audio.max_clip_s,
            channel=clip.channel,
            stamp=clip.stamp,
        )
    except AudioError as error:
        return Quarantined(
            dataset=clip.dataset,
            audio_id=clip.audio_id,
            stage="extract",
            error=error.code,
            message=error.message,
            advice=error.advice,
        )
    content = content_hash(audio.samples)
    return _Job(clip, audio, content, known if known and known.content == content else None)


def _transcripts(jobs: Sequence[_Job], settings: ExtractSettings, now: Parts) -> list[Transcript | None]:
    """Each job's transcript: the earlier one where it still holds; all others in one batch."""
    if settings.whisper is None:
        return [None] * len(jobs)
    earlier = [_earlier(job.known, now) for job in jobs]
    new = [job.audio.samples for job, transcript in zip(jobs, earlier, strict=True) if transcript is None]
    made = transcribe(new, settings.whisper, backend(settings.whisper)) if new else iter(())
    return [transcript or next(made) for transcript in earlier]


def _earlier(known: Features | None, now: Parts) -> Transcript | None:
    then = Parts.of(known.extractor) if known else None
    if known is None or then is None or then.transcript != now.transcript or known.transcript is None:
        return None
    return Transcript(
        text=known.transcript,
        words=known.words or (),
        no_speech_prob=known.no_speech_prob or 0.0,
        avg_logprob=known.avg_logprob or 0.0,
        language=known.language or "",
    )


def _measured(job: _Job, transcript: Transcript | None, settings: ExtractSettings, now: Parts) -> Features:
    samples = job.audio.samples
    volume = measure_volume(samples)
    hallucination = hallucination_reason(transcript.text, job.audio.duration_s) if transcript else None
    voice = NO_SPEECH if hallucination else measure_voice(samples, volume, transcript, settings)
    tags = _tags(job, settings, now)
    sounds = tags.sounds if tags else None
    return _levelled(
        Features(
            audio_id=job.clip.audio_id,
            duration_s=job.audio.duration_s,
            sample_rate=job.audio.file_rate,
            f0_hz=voice.f0_hz,
            f0_reason=voice.f0_reason,
            words_per_s=voice.words_per_s,
            syllables_per_s=voice.syllables_per_s,
            volume_dbfs=volume.dbfs,
            loudness_lufs=volume.lufs,
            silent=volume.peak_dbfs < settings.audio.silence_dbfs,
            transcript=transcript.text if transcript else None,
            words=transcript.words if transcript else None,
            no_speech_prob=transcript.no_speech_prob if transcript else None,
            avg_logprob=transcript.avg_logprob if transcript else None,
            language=transcript.language if transcript else None,
            hallucination=hallucination,
            sounds=sounds,
            tagged=tags.events if tags else None,
            content=job.content,
            fingerprint=fingerprint(samples),
            level_curve=level_curve(volume),
            extractor=str(now),
            **_recording(job, volume, voice, sounds, settings),
        ),
        job.clip,
        settings,
    )


def _tags(job: _Job, settings: ExtractSettings, now: Parts) -> Tags | None:
    """What the tagger hears, for clips that have no labels of their own."""
    if settings.tagger is None or job.clip.labels:
        return None
    then = Parts.of(job.known.extractor) if job.known else None
    if job.known and then and then.sounds == now.sounds and job.known.sounds is not None:
        return Tags(job.known.sounds, job.known.tagged)
    return tagger(settings.tagger).tag(job.audio.samples)


def _recording(
    job: _Job, volume: Volume, voice: Voice, sounds: tuple[str, ...] | None, settings: ExtractSettings
) -> dict[str, Any]:
    """The fields that the extractors of the voice and the recording fill."""
    found: dict[str, float | str] = {}
    absent: list[Reason] = []
    own: list[OwnValue] = []
    spans = voice.spans if volume.peak_dbfs >= settings.audio.silence_dbfs else ()
    recording = Recording(
        clip=job.clip,
        audio=job.audio,
        volume=volume,
        track=voice.track,
        f0_hz=voice.f0_hz,
        spans=spans,
        sounds=sounds,
        found=found,
    )
    for extractor in extractors(settings.extractors):
        mine = extractor not in EXTRACTORS
        try:
            value = extractor.measure(recording)
        except Exception as error:
            if not mine:
                raise
            value = Absent(f"the extractor failed: {type(error).__name__}: {error}")  # it must not end the run
        if not isinstance(value, Absent):
            found[extractor.name] = value
        if mine:
            own.append(_own_value(extractor.name, value))
        elif isinstance(value, Absent):
            absent.append(Reason(extractor.name, value.reason))
    values = {name: value for name, value in found.items() if all(name != each.name for each in own)}
    return values | {"absent": tuple(absent), "own": tuple(own)}


def _own_value(name: str, value: Value) -> OwnValue:
    if isinstance(value, Absent):
        return OwnValue(name, reason=value.reason)
    return OwnValue(name, text=value) if isinstance(value, str) else OwnValue(name, value=float(value))


def _levelled(features: Features, clip: Clip, settings: ExtractSettings) -> Features:
    levels = load_levels(settings.levels)
    words: dict[str, Any] = {}
    for scale in SCALES:
        value = getattr(features, scale.field)
        if scale.field == "f0_hz" and value is not None:
            value = round(value)  # whole Hz, as it is shown beside the word
        if scale.name == "pitch_rank":
            words[scale.level] = levels.pitch_rank.level(value, clip.gender)
        elif scale.name != ("speed" if settings.whisper is None else "speed_by_syllables"):
            words[scale.level] = getattr(levels, scale.name).level(value)
    scales = own_scales(settings.scales)
    values = [
        each for each in features.own or () if each.name not in {scale.name for scale in scales} and not each.level
    ]
    numbers = {each.name: each.value for each in values}
    for own in scales:
        number = numbers.get(own.field, getattr(features, own.field, None))
        if isinstance(number, int | float):
            values.append(OwnValue(own.name, value=float(number), level=own.scale.level(number)))
    return replace(features, **words, own=tuple(values))
