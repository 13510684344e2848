"""Exports, read by the loaders of trainers: each in an environment of its own, named by a variable.

python -m venv swift && swift/bin/pip install ms-swift==4.6.0 librosa soundfile
python -m venv factory && factory/bin/pip install llamafactory==0.9.5 torchcodec
MS_SWIFT_PYTHON=$PWD/swift/bin/python LLAMAFACTORY_PYTHON=$PWD/factory/bin/python pytest -m slow FILE
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aig.shards.export import export as exporting
from aig.shards.export.audio_copies import Place
from aig.shards.export.form import Options

pytestmark = pytest.mark.slow

SWIFT = """
import json, sys
from swift.dataset import load_dataset
from swift.template.vision_utils import load_audio
rows, _ = load_dataset(sys.argv[1], load_from_cache_file=False)
paths = [each if isinstance(each, str) else each["path"] for row in rows for each in row["audios"]]
print(json.dumps({"rows": len(rows), "audio": sum(len(load_audio(path, 16_000)) > 0 for path in paths)}))
"""

LLAMAFACTORY = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.mm_plugin import get_mm_plugin
from llamafactory.data.parser import get_dataset_list
from llamafactory.hparams import DataArguments, ModelArguments
file = Path(sys.argv[1])
data = DataArguments(dataset=file.stem, dataset_dir=str(file.parent), template="qwen2_audio")
(entry,) = get_dataset_list([file.stem], str(file.parent))
training = SimpleNamespace(do_train=True, should_log=False)
rows = _load_single_dataset(entry, ModelArguments(model_name_or_path="none"), data, training)
plugin = get_mm_plugin("qwen2_audio", audio_token="<|AUDIO|>")
opened = [plugin._regularize_audios(row["_audios"], sampling_rate=16_000)["audios"] for row in rows]
assert all(row["_prompt"][0]["content"].count("<audio>") == 1 for row in rows)
print(json.dumps({"rows": len(rows), "audio": sum(len(sound) > 0 for sounds in opened for sound in sounds)}))
"""


class Hum:
    """Every clip is a file of half a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, audio_id: str) -> Place:
        file = self.folder / f"{audio_id.replace('/', '_')}.wav"
        if not file.exists():
            soundfile.write(file, self.read(audio_id), 16_000)
        return Place(file, True, audio_id)

    def read(self, _: str) -> np.ndarray:
        return np.sin(np.arange(8000) * 0.05).astype(np.float32)


@pytest.mark.parametrize(
    ("variable", "code"), [("MS_SWIFT_PYTHON", SWIFT), ("LLAMAFACTORY_PYTHON", LLAMAFACTORY)], ids=["swift", "factory"]
)
def test_the_trainers_loader_reads_every_row_and_opens_its_audio(
    published_set: Path, tmp_path: Path, variable: str, code: str
) -> None:
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} does not name the Python of an environment with the trainer")
    file = tmp_path / "rows.jsonl"
    done = exporting.export(str(published_set), "messages", file, Options(audio="path"), audio=Hum(tmp_path))
    assert (done.rows, done.left_out) == (660, {})
    caches = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "MODELSCOPE_CACHE": str(tmp_path / "ms")}
    read = subprocess.run(
        [python, "-c", code, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | caches,
    )
    assert read.returncode == 0, read.stderr[-3000:]
    assert json.loads(read.stdout.splitlines()[-1]) == {"rows": done.rows, "audio": done.rows}
