"""What reads the outside, each as a function of bytes: records, quarantine or an error with advice come out, no more.

A target writes the bytes where its reader looks, in a folder of its own, and calls the reader as AIG does.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from aig.core.errors import AigError
from aig.core.qa_id import make_pair
from aig.core.records import Clip, QAPair, Quarantined
from aig.core.tables import to_table
from aig.core.temporary import process_folder
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest
from aig.extractors.audio import read_audio
from aig.extractors.errors import AudioError
from aig.generators.chat import ChatRequest
from aig.generators.client.batch_outcomes import answer_in, read_outcomes
from aig.generators.client.endpoint import Answer, Endpoint
from aig.generators.client.errors import RejectedError, RetryableError, check, read_reply
from aig.generators.client.prices import Price
from aig.generators.open_ended.parse import parse_reply
from aig.generators.settings import GenerateSettings
from aig.pipelines import configuration
from aig.pipelines.cli.import_rows import _reader as rows_of
from aig.shards.import_rows import survey
from aig.shards.manifest import Build, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of the outside.

    Attributes:
        run: reads the bytes; raises where something else than what is allowed came out.
        seeds: inputs to begin with.
    """

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


@cache
def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-", dir=process_folder()))


def _in(name: str, file: str, content: bytes) -> Path:
    path = _folder(name) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _check(error: AigError | AudioError) -> None:
    """An error says what is wrong and what to do about it."""
    if not (error.message and error.advice):
        raise ValueError(f"an error without message or advice: {error!r}")


def _noted(note: str) -> None:
    note.encode()


def _read(dataset: Any, root: Path) -> None:
    """Reads a dataset as the index stage does; each item must go into its table."""
    try:
        items = list(dataset.read(Source(root, note=_noted)))
    except AigError as error:
        _check(error)
        return
    to_table([item for item in items if isinstance(item, Clip)], Clip)
    to_table([item for item in items if isinstance(item, Quarantined)], Quarantined)


_SUFFIXES = (".jsonl", ".csv", ".tsv", ".jsonl.gz", ".parquet", ".arrow", ".tar")


def _manifest(content: bytes) -> None:
    suffix = _SUFFIXES[content[0] % len(_SUFFIXES)] if content else ".jsonl"
    file = _in("manifest", f"m{suffix}", content[1:])
    _read(manifest.dataset("own", file), file.parent)


def _parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


_CUT = {
    "id": "c", "start": 0.0, "duration": 1.0, "channel": 0, "type": "MonoCut",
    "recording": {"id": "r", "sources": [{"type": "file", "channels": [0], "source": "a.wav"}], "num_samples": 16000,
                  "sampling_rate": 16000, "duration": 1.0},
    "supervisions": [{"id": "s", "start": 0.0, "duration": 1.0, "channel": 0, "text": "hi", "speaker": "A"}],
}  # fmt: skip
_MANIFESTS = (
    b'\0{"path": "a.wav", "labels": ["Dog"], "events": [{"label": "a", "onset_s": 0, "offset_s": 1.5}], "age": 3}\n',
    b'\0{"audio_filepath": "a.wav", "offset": 1, "duration": 2.5, "text": "hi"}\n',
    b"\0" + json.dumps(_CUT).encode(),
    b"\1path,text,labels,captions,start_s\na.wav,hi,Dog;Cat,\"['a', 'b']\",1.5\n",
    b"\2path\ttext\na.wav\thi\n",
    b"\4" + _parquet(path=["a.wav"], labels=[["Dog"]], age=[3]),
    b"\4" + _parquet(audio=[{"bytes": b"RIFF", "path": "a"}], text=["hi"]),
)

_LISTS: tuple[tuple[str, str, dict[str, bytes], bytes], ...] = (
    ("vggsound", "vggsound.csv", {}, b'abcdefghijk,30,"playing violin, fiddle",train\n'),
    ("audiocaps", "train.csv", {}, b'audiocap_id,youtube_id,start_time,caption\n1,abcdefghijk,30,"a dog, barks"\n'),
    ("audioset", "balanced_train_segments.csv",
     {"class_labels_indices.csv": b"index,mid,display_name\n0,/m/1,Dog\n"}, b'abcdefghijk, 30.0, 40.0, "/m/1"\n'),
    ("audioset_strong", "audioset_train_strong.tsv", {"mid_to_display_name.tsv": b"/m/1\tDog\n"},
     b"segment_id\tstart_time_seconds\tend_time_seconds\tlabel\nabcdefghijk_30000\t0\t1.5\t/m/1\n"),
    ("fsd50k", "dev.csv", {}, b'fname,labels,mids,split\n1,"Dog,Bark","/m/1,/m/2",train\n'),
    ("clotho", "clotho_captions_development.csv", {},
     b"file_name,caption_1,caption_2,caption_3,caption_4,caption_5\na.wav,a,b,c,d,e\n"),
    ("voxceleb2", "vox2_meta.csv", {"dev/aac/id00012/v/1.m4a": b""}, b"VoxCeleb2 ID\tGender\tSet\nid00012\tm\tdev\n"),
    ("voxceleb2", "age-train.txt", {"dev/aac/id00012/v/1.m4a": b"", "vox2_meta.csv": b"VoxCeleb2 ID,Gender,Set\n"},
     b"VoxCeleb_ID,video_id,speaker_age\nid00012,v,33.5\n"),
    ("mosei", "CMU_MOSEI_Labels.csv", {}, b"video,segment,start,end,sentiment,happy,split\nv,0,0.5,2,-1.5,1,train\n"),
    ("mosei", "Combined/v.txt", {"CMU_MOSEI_Labels.csv": b"video,segment,start,end,sentiment,split\nv,0,0,2,1,train\n"},
     b"v___0___0.0___2.0___hello\nv___1___2___3___b'hi'\n"),
    ("mosei", "cmu_mosei_std_folds.py", {"CMU_MOSEI_Labels.csv": b"video,segment,start,end,sentiment\nv,0,0,2,1\n"},
     b"standard_train_fold = ['v']\n"),
    ("soundbible", "sb_final.json", {}, b'{"data": [{"id": 1, "duration": 3.5, "caption": "a dog", "title": "x"}]}'),
    ("freesound", "blacklist/blacklist.json", {"fsd_final.json": b'{"data": []}'}, b'{"FreeSound": ["1.wav", 2]}'),
    ("fma", "tracks.csv", {"genres.csv": b"genre_id,title\n1,Rock\n"},
     b",set,track,track,track\n,split,genres_all,title,license\ntrack_id,,,,\n2,training,[1],x,CC\n"),
    ("libritts", "SPEAKERS.txt", {"train-clean-100/1/2/1_2.wav": b""}, b"; x\n1 | F | train | 2.5 | A\n"),
    ("iemocap", "Session1/dialog/EmoEvaluation/Ses01F_a.txt", {},
     b"[6.2 - 8.2]\tSes01F_a_F000\tneu\t[2.5, 2.5, 2.5]\n"),
)  # fmt: skip
"""Dataset, its list that is made up, what lies beside it, a seed."""


def _list(content: bytes) -> None:
    number = content[0] % len(_LISTS) if content else 0
    name, file, beside, _ = _LISTS[number]
    for path, other in beside.items():
        _in(f"list{number}", path, other)
    _in(f"list{number}", file, content[1:])
    _read(registry.get(name), _folder(f"list{number}"))


_AUDIO = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".m4a")


def _audio(content: bytes) -> None:
    file = _in("audio", "a.wav", content)
    for start_s, end_s in ((None, None), (0.05, 0.1)):
        try:
            if not np.isfinite(read_audio(file, max_clip_s=5, start_s=start_s, end_s=end_s).samples).all():
                raise ValueError("samples that are not finite")
        except AudioError as error:
            _check(error)


def _tone(**options: str) -> bytes:
    sink = io.BytesIO()
    soundfile.write(sink, np.sin(np.arange(2400) / 5).astype(np.float32) / 2, 16_000, **options)
    return sink.getvalue()


@cache
def _endpoint() -> Endpoint:
    return Endpoint(GenerateSettings(base_url="http://127.0.0.1:1/v1"))


_REQUEST = ChatRequest(
    model="m", messages=({"role": "user", "content": "x"},), parameters={"max_tokens": 20}, dataset="d", prompt="p@1"
)
_PRICE = Price(input=Decimal(1), output=Decimal(2))
_STATUSES = (200, 200, 200, 400, 401, 402, 403, 404, 413, 422, 429, 500)


def _reply(content: bytes) -> None:
    status = _STATUSES[content[0] % len(_STATUSES)] if content else 200
    _answer(Answer(status, {"retry-after": content[1:4].decode("latin-1")}, content[4:]))


def _answer(answer: Answer) -> None:
    try:
        check(answer, _endpoint(), "m", outage_s=300)
        reply = read_reply(answer, _REQUEST, _PRICE, _endpoint(), outage_s=300)
    except (RetryableError, RejectedError, AigError):
        return
    for question, told in parse_reply(reply.content, reply.finish_reason).pairs:
        (question + told).encode()


def _outcomes(content: bytes) -> None:
    for _, outcome in read_outcomes(_in("outcomes", "o.jsonl", content)):
        _answer(answer_in(outcome))


def _completion(content: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    return json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": usage}).encode()


_PAIRS = '{"pairs": [{"q": "What is heard?", "a": "A dog."}]}'
_REPLIES = (
    b"\0   " + _completion(_PAIRS),
    b"\0   " + _completion([{"type": "text", "text": f"```json\n{_PAIRS}\n```"}]),
    b"\0   " + _completion("Q: What?\nA: A dog.\n"),
    b"\0   data: " + json.dumps({"choices": [{"delta": {"content": _PAIRS}}]}).encode() + b"\n\ndata: [DONE]\n",
    b'\x0a1s {"error": {"message": "slow down", "code": "rate_limit_exceeded", "type": "x"}}',
)
_OUTCOME = b'{"custom_id": "a", "response": {"status_code": 200, "body": ' + _completion(_PAIRS) + b"}}\n"

_ROW_SUFFIXES = (".jsonl", ".csv", ".json", ".tsv", ".parquet", ".jsonl.gz")
_ROW = {"instruction": "What?", "input": "", "audio_id": "own/a", "dataset": "own", "task": "cla_label"}


def _rows(content: bytes) -> None:
    suffix = _ROW_SUFFIXES[content[0] % len(_ROW_SUFFIXES)] if content else ".csv"
    try:
        read = rows_of(_in("rows", f"r{suffix}", content[1:]))
        survey(read(), "own")
        for _, row in read():
            if not isinstance(row, str | dict):
                raise TypeError(f"a row is {row!r}")
    except AigError as error:
        _check(error)


def _configuration(content: bytes) -> None:
    try:
        configuration.load(_in("configuration", "aig.yaml", content))
    except AigError as error:
        _check(error)


@cache
def _published() -> Path:
    folder = _folder("shards") / "whole"
    make: dict[str, Any] = {"dataset": "clotho", "input": "", "task": "caption", "source": "rule"}
    make |= {"prompt": "p@1", "prompt_sha256": "0" * 64}
    pairs = [
        make_pair(instruction="What?", audio_id=f"clotho/{number}", output=f"Audio caption: {number} dogs.", **make)
        for number in range(6)
    ]
    sources = {"clotho": SourceDataset(title="Clotho", licence="x", home="", paper="")}
    build = Build(code="aig", levels="x", prompts={"p@1": "0" * 64}, sources=sources)
    publish(to_table(pairs, QAPair).to_batches(), str(folder), PublishSettings(), build)
    return folder


def _files() -> list[Path]:
    return sorted(path.relative_to(_published()) for path in _published().rglob("*") if path.is_file())


def _set(content: bytes) -> None:
    files = _files()
    folder = _folder("shards") / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_published(), folder)
    (folder / files[content[0] % len(files)] if content else folder / "README.md").write_bytes(content[1:])
    try:
        json.dumps(validate(str(folder)).to_dict())
    except AigError as error:
        _check(error)


def _set_seeds() -> tuple[bytes, ...]:
    return tuple(bytes([number]) + (_published() / file).read_bytes() for number, file in enumerate(_files()))


TARGETS: dict[str, Callable[[], Target]] = {
    "manifest": lambda: Target(_manifest, _MANIFESTS),
    "list": lambda: Target(_list, tuple(bytes([at]) + entry[3] for at, entry in enumerate(_LISTS))),
    "audio": lambda: Target(
        _audio,
        (
            _tone(format="WAV"), _tone(format="FLAC"), _tone(format="OGG"), _tone(format="MP3"), _tone(format="AIFF"),
            _tone(format="WAV") * 2, _tone(format="OGG") * 2, _tone(format="MP3") * 2,
        ),
    ),
    "reply": lambda: Target(_reply, _REPLIES),
    "outcomes": lambda: Target(_outcomes, (_OUTCOME, b'{"custom_id": "a", "error": {"code": "x"}}\n')),
    "rows": lambda: Target(
        _rows,
        (
            b"\0" + json.dumps(_ROW | {"output": "Labels: Dog"}).encode(),
            b"\1" + ",".join([*_ROW, "output", "seed"]).encode() + b"\nWhat?,,own/a,own,cla_label,Labels: Dog,7\n",
            b"\2" + json.dumps([_ROW | {"output": "Labels: Dog"}]).encode(),
        ),
    ),
    "configuration": lambda: Target(
        _configuration,
        (
            b"workspace: w\nseed: 0\ndatasets:\n  own: {manifest: m.jsonl, columns: {a: path}}\n"
            b"select: {own: {max_wer: 0.5}}\ngenerate: {tasks: [paper], max_cost_usd: 25}\n",
        ),
    ),
    "shards": lambda: Target(_set, _set_seeds()),
}  # fmt: skip
"""By name, each made when it is wanted."""
