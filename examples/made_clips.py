"""Makes a few hundred short clips whose metadata is known: real recordings placed in time, and voices of espeak-ng.

    python examples/made_clips.py FOLDER [--clips 700] [--samples FOLDER] [--seed 0]

Two in three are sounds: one or two of `SOUNDS`, each heard one to four times, out of the recordings of the Debian
package sonic-pi-samples (CC0, of Freesound). The others are voices that say ten words. Writes `FOLDER/clips/*.wav`,
`FOLDER/clips.jsonl` and `FOLDER/aig.yaml`; then `aig run FOLDER/aig.yaml` makes pairs of them.

Needs numpy, scipy, soundfile and the program espeak-ng. Where the package is not installed, apt-get fetches and dpkg
unpacks it, which needs no rights; elsewhere `--samples` names the folder, such as `etc/samples` of Sonic Pi.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

RATE = 16_000
SECONDS = 3.2
LONGEST_S = 0.4
"""A recording is cut to this, so that four fit into a clip."""

APART_S = 0.25
"""Least silence between two sounds; what lies nearer than 0.2 s is not counted."""

INSTALLED = Path("/usr/share/sonic-pi/samples")
PACKAGE = "sonic-pi-samples"

SOUNDS = {
    "Kick drum": ("bd_*", "drum_bass_*", "drum_heavy_kick"),
    "Snare drum": ("sn_*", "drum_snare_*", "elec_snare", "elec_*_snare"),
    "Cymbal": ("drum_cymbal_*", "drum_splash_*", "elec_cymbal"),
    "Tabla": ("tabla_*",),
    "Robot": ("mehackit_robot*", "glitch_robot*"),
    "Telephone": ("mehackit_phone*",),
    "Finger snapping": ("perc_snap*",),
    "Burping": ("misc_burp",),
    "Crow": ("misc_crow",),
    "Door": ("perc_door",),
}
"""Sounds, and which recordings they are heard in."""

MALE, FEMALE = ("m1", "m2", "m3", "m4", "m7"), ("f1", "f2", "f3", "f4", "f5")
SAID = "river stone morning window letter garden paper summer table winter money people water music story"

CONFIGURATION = """\
workspace: ./workspace
datasets:
  made: {manifest: clips.jsonl, root: clips, title: Made clips, licence: CC0-1.0}
extract: {whisper: null, extractors: []}
generate:
  open_ended: false
  tasks: [cla_label, gender_cla, pitch_cla, energy_cla, presence, count, choice_label, choice_count, choice_first,
          choice_gender, choice_pitch, choice_volume]
"""

Samples = NDArray[np.float64]


def recordings(folder: Path) -> dict[str, list[Samples]]:
    """The beginnings of the recordings of each sound, at 16 kHz, as loud as each other, faded out."""
    found: dict[str, list[Samples]] = {}
    for label, patterns in SOUNDS.items():
        found[label] = []
        for file in sorted(file for pattern in patterns for file in folder.glob(f"{pattern}.flac")):
            samples, rate = soundfile.read(file, always_2d=True)
            mono = resample_poly(samples.mean(axis=1), RATE, rate)[: int(LONGEST_S * RATE)]
            fade = min(len(mono), int(0.05 * RATE))
            mono[-fade:] *= np.linspace(1, 0, fade)
            found[label].append(mono / np.abs(mono).max())
        assert found[label], f"no recordings of {label} in {folder}"
    return found


def scene(draw: random.Random, sounds: dict[str, list[Samples]]) -> tuple[Samples, dict[str, object]]:
    """One or two sounds, each one to four times, one after the other; and their times."""
    labels = sorted(draw.sample(sorted(sounds), draw.choice((1, 2))))
    times = [draw.randint(1, 4)] if len(labels) == 1 else draw.choice([[1, 1], [1, 2], [2, 1], [1, 3], [3, 1], [2, 2]])
    heard = [
        (label, piece) for label, n in zip(labels, times, strict=True) for piece in [draw.choice(sounds[label])] * n
    ]
    draw.shuffle(heard)
    silent = SECONDS - sum(len(piece) for _, piece in heard) / RATE - APART_S * (len(heard) - 1)
    cuts = sorted(draw.uniform(0, silent) for _ in heard)
    out, events, at = np.zeros(int(SECONDS * RATE)), [], 0.0
    for (label, piece), gap in zip(heard, np.diff([0, *cuts]), strict=True):
        at += gap
        start = int(at * RATE)
        out[start : start + len(piece)] += piece[: len(out) - start]
        end = at + len(piece) / RATE
        events.append({"label": label, "onset_s": round(at, 2), "offset_s": round(min(max(end, at + 0.1), SECONDS), 2)})
        at = end + APART_S
    return out * 10 ** (draw.uniform(-12, 0) / 20), {"labels": labels, "events": events}


def voice(draw: random.Random) -> tuple[Samples, dict[str, object]]:
    """Ten words, said by a voice of espeak-ng."""
    gender = draw.choice(("male", "female"))
    name = f"en+{draw.choice(MALE if gender == 'male' else FEMALE)}"
    command = ["espeak-ng", "-v", name, "-s", str(draw.randint(150, 300)), "-p", str(draw.randint(0, 99)), "--stdout"]
    done = subprocess.run([*command, " ".join(draw.sample(SAID.split(), 10))], capture_output=True, check=True)  # noqa: S603
    samples, rate = soundfile.read(io.BytesIO(done.stdout))
    said = resample_poly(samples, RATE, rate)[: int(SECONDS * RATE)]
    level = 10 ** (draw.uniform(-42, -8) / 20)
    return np.tanh(said / np.sqrt((said**2).mean()) * level), {"gender": gender}


def make(folder: Path, samples: Path, clips: int, seed: int) -> None:
    """Writes clips, manifest and configuration; one in three is a voice."""
    draw, sounds = random.Random(seed), recordings(samples)
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(clips):
        audio, known = scene(draw, sounds) if number % 3 else voice(draw)
        soundfile.write(folder / "clips" / f"{number:04d}.wav", 0.9 * audio, RATE)
        lines.append(json.dumps({"path": f"{number:04d}.wav", **known}))
    (folder / "clips.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "aig.yaml").write_text(CONFIGURATION, encoding="utf-8")


def fetched(folder: Path) -> Path | None:
    """The recordings of the Debian package: where it is installed, else unpacked below `folder`; none elsewhere."""
    if INSTALLED.is_dir():
        return INSTALLED
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for command in (["apt-get", "download", "-qq", PACKAGE], ["sh", "-c", f"dpkg -x {PACKAGE}_*.deb {PACKAGE}"]):
        if subprocess.run(command, cwd=folder, check=False).returncode:  # noqa: S603 - fixed commands
            return None
    return folder / PACKAGE / INSTALLED.relative_to("/")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Makes clips whose metadata is known.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=700)
    parser.add_argument("--samples", type=Path, help="the recordings of sonic-pi-samples")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if shutil.which("espeak-ng") is None:
        print("espeak-ng is not installed: apt install espeak-ng, brew install espeak-ng", file=sys.stderr)
        return 2
    if (samples := given.samples or fetched(given.folder)) is None:
        print("no recordings: apt install sonic-pi-samples, or name those of Sonic Pi with --samples", file=sys.stderr)
        return 2
    make(given.folder, samples, given.clips, given.seed)
    print(f"{given.clips} clips in {given.folder}; next: aig run {given.folder / 'aig.yaml'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
