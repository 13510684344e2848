"""What the index stage says of a dataset as a whole, and the names by which its sounds are found."""

import json

import pytest

from aig.core.records import Clip, Quarantined
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.stages.index import index_dataset
from aig.pipelines.workspace.workspace import Workspace
from helpers.reader_files import build

AUDIOSET = {
    "class_labels_indices.csv": "index,mid,display_name\n0,/m/1,Speech\n",
    "balanced_train_segments.csv": "".join(f'{n:011d}, 30.000, 40.000, "/m/1"\n' for n in range(10)),
}


def index(tmp_path, name, **settings):
    about = {"workspace": str(tmp_path / "ws"), "datasets": {name: {"root": str(tmp_path / "root")}}, **settings}
    configuration = Configuration.model_validate(about)
    workspace = Workspace(configuration.workspace)
    indexed = index_dataset(configuration, workspace, name, Progress("", None, "clips", lambda *_: None))
    return list(indexed.notes), list(workspace.records(Clip, "clips", name))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There is no audio file, and nothing that is still packed."),
        ({"a/clip_00000000000.wav": None}, "There is 1 audio file; those that are no clip's are called like a/clip_"),
        ({"00000000000_70.wav": None}, "called like 00000000000_70.wav."),
        (
            {"x/part.tar.gz": None, "x/y.z01": None, "x/y.z02": None},
            "packed: 2 .z01, .z02 … such as x/y.z01, 1 .gz such as",
        ),
        ({"data/train-0.parquet": None, "00000000000.wav": None}, "packed: 1 .parquet such as data/train-0.parquet."),
    ],
)
def test_where_much_audio_is_missing_what_was_found_instead_is_said(tmp_path, files, said):
    build(tmp_path / "root", **AUDIOSET, **files)
    (note,), clips = index(tmp_path, "audioset")
    missing = sum(clip.path is None for clip in clips)
    assert note.startswith(
        f"audioset: {missing} of 10 clips have no audio below {tmp_path / 'root'}. It was looked for as"
    )
    assert "<video>.*; Y<video>.*" in note
    assert said in note


def test_clips_that_would_share_a_file_are_told_when_they_are_read(tmp_path):
    paths = ["a/x/y/z/1.wav", "b/x/y/z/1.wav", "x/y/z/1.wav", "x/y/2.wav", "X/y/2.wav"]
    build(tmp_path, **{"m.jsonl": "".join(json.dumps({"path": path}) + "\n" for path in paths)})
    _, clips = index(tmp_path, "own", datasets={"own": {"manifest": str(tmp_path / "m.jsonl")}})
    assert [clip.audio_id for clip in clips] == ["own/a/x/y/z/1.wav", "own/x/y/2.wav"]
    told = list(Workspace(str(tmp_path / "ws")).records(Quarantined, "quarantine", "index"))
    assert [item.error for item in told] == ["shared_name"] * 3
    assert "feature file x_y_z_1.npz" in told[0].message


def test_where_little_is_missing_nothing_is_said(tmp_path):
    build(tmp_path / "root", **AUDIOSET, **{f"{n:011d}.wav": None for n in range(9)})
    assert index(tmp_path, "audioset")[0] == []


def test_names_of_their_own_stand_beside_the_ontologys(tmp_path):
    nodes = [
        {"id": "/m/1", "name": "Bird", "child_ids": ["/m/2"]},
        {"id": "/m/2", "name": "Chirp, tweet", "child_ids": []},
    ]
    build(tmp_path, **{"ontology.json": json.dumps(nodes)})
    rows = "fname,labels,mids,split\n1,Chirp_and_tweet,/m/07pggtn,train\n"
    build(tmp_path / "root", **{"FSD50K.ground_truth/dev.csv": rows})
    _, (clip,) = index(tmp_path, "fsd50k")
    assert (clip.labels, clip.parents) == (("Chirp and tweet",), ("Chirp, tweet",))
    _, (clip,) = index(tmp_path, "fsd50k", ontology=str(tmp_path / "ontology.json"))
    assert (clip.labels, clip.parents) == (("Chirp and tweet",), ("Chirp, tweet", "Bird"))
