"""Makes a few hundred short clips whose metadata is known: voices of espeak-ng, and sounds worked out with numpy.

    python examples/made_clips.py FOLDER [--clips 480] [--seed 0]

Writes `FOLDER/clips/*.wav`, `FOLDER/clips.jsonl` and `FOLDER/aig.yaml`; then `aig run FOLDER/aig.yaml` makes pairs of
them. Needs numpy, soundfile and the program espeak-ng.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16_000
SECONDS = 1.6
MALE, FEMALE = ("m1", "m2", "m3", "m4", "m7"), ("f1", "f2", "f3", "f4", "f5")
WORDS = [
    "river",
    "stone",
    "morning",
    "window",
    "letter",
    "garden",
    "paper",
    "summer",
    "table",
    "winter",
    "money",
    "people",
    "water",
    "music",
    "story",
]

CONFIGURATION = """\
workspace: ./workspace
datasets:
  made: {manifest: clips.jsonl, root: clips, title: Made clips, licence: CC0-1.0}
extract: {whisper: null}
generate: {open_ended: false}
"""

Samples = NDArray[np.float64]


def _time() -> Samples:
    return np.arange(int(SECONDS * RATE)) / RATE


def _sine(draw: random.Random) -> Samples:
    return np.sin(2 * np.pi * draw.uniform(200, 2000) * _time())


def _noise(draw: random.Random) -> Samples:
    return np.random.default_rng(draw.getrandbits(32)).normal(0, 0.3, len(_time()))


def _chirp(draw: random.Random) -> Samples:
    low, high = draw.uniform(100, 400), draw.uniform(1500, 5000)
    return np.sin(2 * np.pi * (low + (high - low) * _time() / (2 * SECONDS)) * _time())


def _clicks(draw: random.Random) -> Samples:
    out = np.zeros(len(_time()))
    out[:: int(RATE / draw.uniform(4, 14))] = 1
    return np.convolve(out, np.exp(-np.arange(80) / 12), "same")


def _buzz(draw: random.Random) -> Samples:
    return 2 * ((draw.uniform(60, 160) * _time()) % 1) - 1


def _bell(draw: random.Random) -> Samples:
    base = draw.uniform(400, 900)
    parts = (np.sin(2 * np.pi * base * ratio * _time()) / ratio for ratio in (1, 2.76, 5.4))
    return sum(parts, np.zeros(len(_time()))) * np.exp(-3 * _time())


def _siren(draw: random.Random) -> Samples:
    rate, middle = draw.uniform(0.8, 2.0), draw.uniform(600, 1000)
    return np.sin(2 * np.pi * middle * _time() - 250 / rate * np.cos(2 * np.pi * rate * _time()))


SOUNDS: dict[str, Callable[[random.Random], Samples]] = {
    "Sine wave": _sine,
    "White noise": _noise,
    "Chirp tone": _chirp,
    "Clicking": _clicks,
    "Buzz": _buzz,
    "Bell": _bell,
    "Siren": _siren,
}


def _voice(draw: random.Random, gender: str) -> Samples:
    voice = f"en+{draw.choice(MALE if gender == 'male' else FEMALE)}"
    text = " ".join(draw.sample(WORDS, 4))
    command = ["espeak-ng", "-v", voice, "-s", str(draw.randint(90, 300)), "-p", str(draw.randint(0, 99)), "--stdout"]
    done = subprocess.run([*command, text], capture_output=True, check=True)  # noqa: S603
    samples, rate = soundfile.read(io.BytesIO(done.stdout))
    count = int(len(samples) * RATE / rate)
    return np.interp(np.arange(count) * rate / RATE, np.arange(len(samples)), samples)


def make(folder: Path, clips: int, seed: int) -> None:
    """Writes clips, manifest and configuration; half are voices."""
    draw = random.Random(seed)
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(clips):
        line: dict[str, object] = {"path": f"{number:04d}.wav"}
        if number % 2:
            gender = draw.choice(("male", "female"))
            samples = _voice(draw, gender)
            line |= {"gender": gender, "labels": ["Speech"]}
        else:
            label = list(SOUNDS)[number // 2 % len(SOUNDS)]
            samples = SOUNDS[label](draw)
            line |= {"labels": [label]}
        level = 10 ** (draw.uniform(-42, 0) / 20)
        soundfile.write(folder / "clips" / f"{number:04d}.wav", samples / np.abs(samples).max() * 0.9 * level, RATE)
        lines.append(json.dumps(line))
    (folder / "clips.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "aig.yaml").write_text(CONFIGURATION, encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Makes clips whose metadata is known.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=480)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if shutil.which("espeak-ng") is None:
        print("espeak-ng is not installed: apt install espeak-ng, brew install espeak-ng", file=sys.stderr)
        return 2
    make(given.folder, given.clips, given.seed)
    print(f"{given.clips} clips in {given.folder}; next: aig run {given.folder / 'aig.yaml'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
