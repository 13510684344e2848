"""FSD50K: 51,197 recordings of Freesound with 200 classes of AudioSet.

Files: `FSD50K.ground_truth/{dev,eval}.csv`, `FSD50K.{dev,eval}_audio/<fname>.wav`; where it is there, the recordings'
licences and titles come from `FSD50K.metadata/{dev,eval}_clips_info_FSD50K.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import freesound_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.parse_rows import parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "fsd50k"
_FOLDERS = ("FSD50K.ground_truth/", "ground_truth/", "labels/", "")

_AUDIOSET_NAMES = {
    "/m/07q2z82": "Accelerating, revving, vroom",
    "/m/020bb7": "Bird vocalization, bird call, bird song",
    "/m/019jd": "Boat, Water vehicle",
    "/m/03q5_w": "Burping, eructation",
    "/m/03cczk": "Chewing, mastication",
    "/m/09b5t": "Chicken, rooster",
    "/m/0ytgt": "Child speech, kid speaking",
    "/m/07q7njn": "Chink, clink",
    "/m/07pggtn": "Chirp, tweet",
    "/m/07rgt08": "Chuckle, chortle",
    "/t/dd00112": "Crumpling, crinkling",
    "/m/0463cq4": "Crying, sobbing",
    "/m/023pjk": "Cutlery, silverware",
    "/m/04brg2": "Dishes, pots, and pans",
    "/m/068hy": "Domestic animals, pets",
    "/t/dd00071": "Domestic sounds, home sounds",
    "/m/02zsn": "Female speech, woman speaking",
    "/m/0cmf2": "Fixed-wing aircraft, airplane",
    "/m/01dwxx": "Gull, seagull",
    "/m/032s66": "Gunshot, gunfire",
    "/m/0ch8v": "Livestock, farm animals, working animals",
    "/m/05zppz": "Male speech, man speaking",
    "/m/0dwsp": "Marimba, xylophone",
    "/m/05mxj0q": "Packing tape, duct tape",
    "/m/0ltv": "Race car, auto racing",
    "/m/02bm9n": "Ratchet, pawl",
    "/m/07rrlb6": "Splash, splatter",
    "/m/0195fx": "Subway, metro, underground",
    "/m/07qnq_y": "Thump, thud",
    "/m/0btp2": "Traffic noise, roadway noise",
    "/m/07pqc89": "Trickle, dribble",
    "/m/0912c9": "Vehicle horn, car horn, honking",
    "/m/07pbtc8": "Walk, footsteps",
    "/m/02jz0l": "Water tap, faucet",
    "/m/034srq": "Waves, surf",
    "/m/07rqsjt": "Whoosh, swoosh, swish",
    "/m/085jw": "Wind instrument, woodwind instrument",
}
"""AudioSet's names of the 37 of 200 classes that the owners call otherwise (`Chirp_and_tweet`). A clip's labels stay
the owners', as in LTU's list of them; AudioSet's names go into its `parents`, so that rules find it by them."""

_RECORD = "https://zenodo.org/records/4060432/files"


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the source's splits; `train` and `val` together are the development part."""
    audio = AudioFiles(source.root)
    lists = {"dev": {"train", "val"}, "eval": {"eval"}}
    found = False
    for part, splits in lists.items():
        file = locate(source.root, *(f"{folder}{part}.csv" for folder in _FOLDERS))
        asked = splits & set(source.splits) and (not source.parts or part in source.parts)
        if file is not None and asked:
            found = True
            columns = ("fname", "labels", "mids", "split") if part == "dev" else ("fname", "labels", "mids")
            about, unknown = _about(source, part), list[str]()
            clip = partial(_clip, source, audio, about, unknown)
            yield from parse_rows(file, NAME, clip, columns=columns)
            if about and unknown:
                source.note(
                    f"{NAME}: {part}_clips_info_FSD50K.json does not have {len(unknown):,} recordings of {file.name}, "
                    f"such as {unknown[0]}, so they have no licence."
                )
    if not found:
        raise wrong_folder(NAME, source.root, "FSD50K.ground_truth/dev.csv")


def _clip(
    source: Source, audio: AudioFiles, about: dict[str, dict[str, Any]], unknown: list[str], row: list[str]
) -> Clip | None:
    name, labels, mids, split = row if len(row) == 4 else (*row, "eval")
    if not (name.isascii() and name.isdigit()):
        raise MalformedRowError(f"{name!r} is not the number of a Freesound recording", column="fname")
    if not labels:
        raise MalformedRowError("no labels", column="labels")
    if split not in ("train", "val", "eval"):
        raise MalformedRowError(f"{split!r} is neither train nor val", column="split")
    if split not in source.splits:
        return None
    names = tuple(labels.replace("_", " ").split(","))
    theirs = tuple(_AUDIOSET_NAMES[mid] for mid in mids.split(",") if mid in _AUDIOSET_NAMES)
    for other in theirs:
        if other.replace(", and ", ", ").replace(", ", " and ") not in names:
            raise MalformedRowError(f"the class {other!r} is not among the labels {labels}", column="mids")
    if name not in about:
        unknown.append(name)
    known = about.get(name, {})
    return Clip(
        audio_id=f"{NAME}/{name}",
        dataset=NAME,
        split=split,
        path=audio.find(name),
        labels=names,
        parents=theirs or None,
        title=known.get("title") or None,
        licence=known.get("license") or None,
        source_key=freesound_key(name),
    )


def _about(source: Source, part: str) -> dict[str, dict[str, Any]]:
    """What the owners tell of each recording, by its number; empty where the file is not there."""
    name = f"{part}_clips_info_FSD50K.json"
    file = locate(source.root, f"FSD50K.metadata/{name}", f"metadata/{name}", name)
    if file is None:
        source.note(f"{NAME}: no FSD50K.metadata/{name} below {source.root}, so no clip of {part} has a licence.")
        return {}
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or not all(isinstance(known, dict) for known in found.values()):
            raise ValueError("an object of objects is wanted")
    except ValueError as error:
        raise UsageError(
            f"{file} is not the owners' JSON: {error}", "Download it again, or remove it to do without licences."
        ) from None
    return found


def _archive(part: str, checksums: tuple[str, ...]) -> tuple[Download, ...]:
    """A split zip: its volumes `.z01` and on, and the last, `.zip`."""
    folder = f"FSD50K.{part}_audio"
    *volumes, last = (*(f"{folder}.z{number:02d}" for number in range(1, len(checksums))), f"{folder}.zip")
    files = [
        Download(url=f"{_RECORD}/{name}", to=name, checksum=checksum, part=part, makes=(folder,))
        for name, checksum in zip(volumes, checksums[:-1], strict=True)
    ]
    whole = Download(
        url=f"{_RECORD}/{last}",
        to="",
        checksum=checksums[-1],
        part=part,
        unpack=True,
        volumes=tuple(volumes),
        makes=(folder,),
    )
    return (*files, whole)


def _tables(name: str, checksum: str) -> Download:
    return Download(url=f"{_RECORD}/{name}.zip", to="", checksum=checksum, unpack=True, makes=(name,))


DATASET = Dataset(
    name=NAME,
    title="FSD50K",
    summary="Recordings of Freesound, 0.3 to 30 s, with 200 classes of AudioSet's ontology.",
    home="https://zenodo.org/records/4060432",
    paper="Fonseca et al., FSD50K: An open dataset of human-labeled sound events, TASLP 2022",
    licence="CC BY 4.0 as a whole; each recording has a Creative Commons licence of its own",
    redistributable=True,
    access="open",
    clips=40_966,
    fields=("labels", "title", "licence"),
    splits=("train", "val", "eval"),
    train_splits=("train", "val"),
    closed_tasks=("cla_label", "cla_label_des"),
    open_prompt="audio",
    reader=read,
    audio_names=("<fname>.*",),
    parts=("dev", "eval"),
    pull_parts=("dev",),
    downloads=(
        _tables("FSD50K.ground_truth", "md5:ca27382c195e37d2269c4c866dd73485"),
        _tables("FSD50K.metadata", "md5:b9ea0c829a411c1d42adb9da539ed237"),
        _tables("FSD50K.doc", "md5:3516162b82dc2945d3e7feba0904e800"),
        *_archive(
            "dev",
            (
                "md5:faa7cf4cc076fc34a44a479a5ed862a3",
                "md5:8f9b66153e68571164fb1315d00bc7bc",
                "md5:1196ef47d267a993d30fa98af54b7159",
                "md5:d088ac4e11ba53daf9f7574c11cccac9",
                "md5:81356521aa159accd3c35de22da28c7f",
                "md5:c480d119b8f7a7e32fdb58f3ea4d6c5a",
            ),
        ),
        *_archive("eval", ("md5:3090670eaeecc013ca1ff84fe4442aeb", "md5:6fa47636c3a3ad5c7dfeba99f2637982")),
    ),
)
