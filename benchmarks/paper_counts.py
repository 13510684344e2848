"""Clips and closed-ended rows of each dataset beside the papers' table: `python -m benchmarks.paper_counts [REAL]`.

REAL is a folder with the owners' own lists, `fsd50k/`, `audiocaps/` and so on; those that it holds whole are read.
All others are made here at their owners' size, in their layout, with labels spread as is told beside each. The readers
read every row; the rows a clip gets are counted on clips drawn evenly, with everything measured.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from aig.core.records import Clip, Features, Measured
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from aig.generators.closed_ended import closed_pairs
from aig.generators.settings import QuestionSettings
from aig.prompts.descriptions import known_labels
from aig.prompts.metadata import sounds
from aig.shards.paper import DATASETS as PAPER

_ASKED = 2_000
_LABELS = known_labels()[:400]
_RNG = random.Random(0)

Rows = Iterator[str]


def _write(root: Path, name: str, rows: Rows) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(rows)


def _labels() -> Iterator[tuple[str, str]]:
    return ((f"/m/{number:04x}", label) for number, label in enumerate(_LABELS))


def _audioset(root: Path) -> str:
    _write(
        root, "class_labels_indices.csv", _csv(["index,mid,display_name"], ('0,{},"{}"'.format(*c) for c in _labels()))
    )
    for name, rows in (("balanced_train", 22_160), ("unbalanced_train", 2_041_789)):
        listed = (f'{name[0]}{i:010d}, 0.000, 10.000, "/m/{i % 400:04x},/m/{i % 7:04x}"\n' for i in range(rows))
        _write(root, f"{name}_segments.csv", listed)
    return "made, 2,063,949 rows"


def _strong(root: Path) -> str:
    _write(root, "mid_to_display_name.tsv", (f"{mid}\t{label}\n" for mid, label in _labels()))

    def events() -> Rows:
        yield "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
        for clip in range(103_463):
            for event in range(_RNG.choice((1, 2, 4, 8, 16, 24))):
                onset = _RNG.randrange(0, 90) / 10
                yield f"{clip:011d}_0\t{onset}\t{onset + 0.5}\t/m/{(clip + event % 5) % 400:04x}\n"

    _write(root, "audioset_train_strong.tsv", events())
    captions = [{"id": f"Y{clip:011d}.wav", "caption": "A sound."} for clip in range(103_463) if clip % 102 < 91]
    _write(root, "json_files/AudioSet_SL/as_final.json", iter([json.dumps({"data": captions})]))
    return "made, 103,463 clips, captions for 91 of 102 as in the released rows"


def _vggsound(root: Path) -> str:
    splits = ("train",) * 183_971 + ("test",) * 15_496
    rows = (f'{i - i % 2 if i % 20 < 2 else i:011d},{i % 290},"{_LABELS[i % 309]}",{s}\n' for i, s in enumerate(splits))
    _write(root, "vggsound.csv", rows)
    return "made, 199,467 rows"


def _freesound(root: Path) -> str:
    items = [
        {"id": str(i), "caption": "A sound.", "duration": 9.0 if i % 262_300 < 91_000 else 30.0} for i in range(262_300)
    ]
    _write(root, "json_files/FreeSound/fsd_final.json", iter([json.dumps({"data": items})]))
    return "made, 262,300 items, 91,000 of at most 10 s"


def _soundbible(root: Path) -> str:
    items = [{"id": str(i), "caption": f"Sound {i}.", "duration": 9.0} for i in range(1_232)]
    _write(root, "json_files/SoundBible/sb_final.json", iter([json.dumps({"data": items})]))
    return "made, 1,232 items"


def _clotho(root: Path) -> str:
    for split, rows in (("development", 3_839), ("validation", 1_045), ("evaluation", 1_045)):
        header = ["file_name,caption_1,caption_2,caption_3,caption_4,caption_5"]
        lines = (f"{split} {i}.wav,One {i}.,Two {i}.,Three {i}.,Four {i}.,Five {i}." for i in range(rows))
        _write(root, f"clotho_captions_{split}.csv", _csv(header, lines))
    return "made, 5,929 rows"


def _iemocap(root: Path) -> str:
    # 5,531 turns of four emotions, 4,290 of them in sessions 1 to 4, and 1,500 of other emotions.
    for session, kept in enumerate((1085, 1023, 1151, 1031, 1241), start=1):
        turns = [("neu", "hap", "ang", "sad")[i % 4] for i in range(kept)] + ["xxx"] * 300
        for part in range(0, len(turns), 900):
            dialog, piece = f"Ses{session:02d}F_part{part}", turns[part : part + 900]
            lines = (f"[1.0 - 2.0]\t{dialog}_F{i:03d}\t{e}\t[2.5, 2.5, 2.5]\n" for i, e in enumerate(piece))
            spoken = (f"{dialog}_F{i:03d} [001.0-002.0]: Well.\n" for i in range(len(piece)))
            _write(root, f"Session{session}/dialog/EmoEvaluation/{dialog}.txt", lines)
            _write(root, f"Session{session}/dialog/transcriptions/{dialog}.txt", spoken)
    return "made, 5,531 turns of four emotions"


def _mosei(root: Path) -> str:
    def rows() -> Rows:
        yield "video,segment,start,end,sentiment,happy,sad,anger,surprise,disgust,fear,split\n"
        for number in range(23_259):
            fold = "train" if number < 16_327 else "dev" if number < 18_198 else "test" if number < 22_860 else "none"
            yield f"{number:011d},0,1,5,{number % 7 - 3},{number % 3},0,0,0,0,0,{fold}\n"
            text = f"{number:011d}___0___1.0___5.0___Well, number {number}.\n"
            (root / "Transcript/Segmented/Combined" / f"{number:011d}.txt").write_text(text)

    (root / "Transcript/Segmented/Combined").mkdir(parents=True)
    _write(root, "CMU_MOSEI_Labels.csv", rows())
    return "made, 23,259 segments with transcripts"


def _fma(root: Path) -> str:
    _write(root, "fma_metadata/genres.csv", _csv(["genre_id,#tracks,parent,title,top_level"], ["17,1,0,Folk,17"]))
    splits = ("training",) * 84_353 + ("validation",) * 11_263 + ("test",) * 10_958
    header = [",set,track,track,track", ",split,genres_all,title,license", "track_id,,,,"]
    # 3,090 of the tracks that train have no genre, as many as the papers left out.
    rows = (f'{i},{split},"[{17 if i >= 3_090 else ""}]",Song {i},CC BY' for i, split in enumerate(splits))
    _write(root, "fma_metadata/tracks.csv", _csv(header, rows))
    return "made, 106,574 tracks, 3,090 of those that train without a genre"


def _csv(header: list[str], rows: Iterator[str] | list[str]) -> Rows:
    yield from (f"{row}\n" for row in header)
    yield from (f"{row}\n" for row in rows)


_MADE: dict[str, Callable[[Path], str]] = {
    "audioset_strong": _strong,
    "audioset": _audioset,
    "vggsound": _vggsound,
    "freesound": _freesound,
    "clotho": _clotho,
    "soundbible": _soundbible,
    "iemocap": _iemocap,
    "mosei": _mosei,
    "fma": _fma,
}
_REAL = {"fsd50k": "the owners', whole", "audiocaps": "the owners', whole, AudioSet's list made of it"}


def _with_audioset(real: Path, root: Path) -> None:
    """AudioCaps' own list, and a list of AudioSet that has its clips."""
    shutil.copy(real / "audiocaps" / "train.csv", root / "train.csv")
    _write(root, "class_labels_indices.csv", _csv(["index,mid,display_name"], ["0,/m/1,Speech"]))
    with (root / "train.csv").open(newline="") as file:
        clips = [(row["youtube_id"], int(row["start_time"])) for row in csv.DictReader(file)]
    rows = (f'{video}, {start}.000, {start + 10}.000, "/m/1"\n' for video, start in clips)
    _write(root, "unbalanced_train_segments.csv", rows)


def _rows_a_clip(name: str, clips: list[Clip]) -> tuple[float, Counter[str]]:
    dataset = registry.get(name)
    tasks: Counter[str] = Counter()
    for clip in clips:
        features = Features(
            audio_id=clip.audio_id,
            duration_s=10.0,
            sample_rate=16_000,
            pitch_level="high",
            speed_level="slow",
            volume_level="low",
            transcript="",
        )
        item = Measured(clip, features, "", sounds(clip, features))
        tasks.update(
            pair.task for pair in closed_pairs(item, dataset.for_split(clip.split), 0, QuestionSettings(), _LABELS)
        )
    return sum(tasks.values()) / len(clips), tasks


def main(real: Path | None) -> None:
    """Prints the table."""
    print("| dataset | list | clips | the papers' | closed-ended rows a clip | rows | the papers' |")
    print("|---|---|---|---|---|---|---|")
    for name, paper in PAPER.items():
        with tempfile.TemporaryDirectory() as folder:
            if name in _MADE:
                about, root = _MADE[name](Path(folder)), Path(folder)
            elif real is not None and name in _REAL:
                about, root = _REAL[name], real / name
                if name == "audiocaps":
                    _with_audioset(real, root := Path(folder))
            else:
                continue
            count, kept = 0, list[Clip]()
            for item in registry.get(name).read(Source(root, note=lambda _: None)):
                if isinstance(item, Clip):
                    count += 1
                    if len(kept) < _ASKED:
                        kept.append(item)
                    elif (place := _RNG.randrange(count)) < _ASKED:
                        kept[place] = item
        rate, _ = _rows_a_clip(name, kept)
        cells = (
            name,
            about,
            f"{count:,}",
            f"{paper.clips:,}",
            f"{rate:.2f}",
            f"{rate * count:,.0f}",
            f"{paper.closed:,}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
