"""Whether a clip is music, for the measurements that make sense of nothing else, or of all but that."""

from __future__ import annotations

from aig.extractors.extractor import Recording

__all__ = ["is_music", "no_music_to_measure", "not_speech"]

_MUSIC = frozenset(
    """
    music musical song singing choir orchestra instrument guitar piano drum drums drumming percussion violin fiddle
    cello trumpet flute saxophone clarinet harp organ synthesizer bass keyboard banjo ukulele mandolin accordion
    harmonica marimba xylophone metronome techno jazz rock pop blues reggae rapping melody beatboxing
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)


def is_music(recording: Recording) -> bool:
    """Whether a clip is annotated or tagged as music."""
    words = {word for label in _known(recording) for word in label.lower().replace(",", " ").replace("_", " ").split()}
    return bool(recording.clip.genres) or bool(words & _MUSIC)


def no_music_to_measure(recording: Recording, least_s: float) -> str | None:
    """Why a clip is not measured as music, or `None`.

    Something else is annotated or tagged, a voice is heard, it is silent, or shorter than `least_s` seconds.
    """
    known = [] if is_music(recording) else _known(recording)
    if known:
        return f"no music: {known[0]}"
    if recording.spans and not is_music(recording):
        return "nobody says that it is music, and a voice is heard"
    if recording.volume.dbfs is None:
        return "silent"
    if recording.audio.duration_s < least_s:
        return f"{recording.audio.duration_s:.2f} s, shorter than {least_s:g} s"
    return None


def not_speech(recording: Recording) -> str | None:
    """Why what is measured of speech is not: nobody speaks, or there is music, which is neither voice nor noise."""
    if not recording.spans:
        return "no speech"
    return "there is music" if is_music(recording) else None


def _known(recording: Recording) -> list[str]:
    clip = recording.clip
    annotated = [*(clip.labels or ()), *(event.label for event in clip.events or ()), *(clip.parents or ())]
    return annotated or list(recording.sounds or ())
