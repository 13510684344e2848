"""LTU's and LTU-AS's own `finetune.py` trains on their exports, in an environment with its pins and a copy of its code.

git clone https://github.com/YuanGongND/ltu
uv venv --python 3.10 ltu-env
uv pip install --python ltu-env torch==1.13.1 torchaudio==0.13.1 torchvision==0.14.1 numpy==1.23.5 scipy==1.11.3 \
    datasets==2.14.5 pyarrow==13.0.0 pandas==2.1.1 fsspec==2023.6.0 huggingface-hub==0.17.3 tokenizers==0.13.3 \
    sentencepiece==0.1.99 protobuf==4.24.4 accelerate==0.23.0 timm==0.4.5 fire==0.5.0 regex "setuptools<70"
LTU_CODE=$PWD/ltu LTU_PYTHON=$PWD/ltu-env/bin/python pytest -m slow FILE
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from aig.shards.export import export as exporting
from aig.shards.export.form import Features, Options
from aig.shards.export.forms.ltu import feature_folder
from helpers.hum import Hum
from helpers.published_sets import Publish, make_pairs

pytestmark = pytest.mark.slow

MADE = 22
"""One row of each task, each about another clip."""

ROWS = 21
"""Those whose clip has audio: `Hum` has none for one of them."""

MODEL = """
import sys
from pathlib import Path
import sentencepiece
from transformers import LlamaConfig, LlamaForCausalLM
rows, folder = Path(sys.argv[1]), Path(sys.argv[2])
sentencepiece.SentencePieceTrainer.train(
    input=str(rows), model_prefix=str(folder / "tokenizer"), vocab_size=400, byte_fallback=True, hard_vocab_limit=False
)
small = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
LlamaForCausalLM(LlamaConfig(vocab_size=400, **small)).save_pretrained(folder)
"""
"""A tiny random Llama with their audio encoder, and a vocabulary of the rows."""

TRAIN = """
import os, runpy, sys
import numpy, torch, torchaudio, transformers

def noted(open_it):
    def opened(file, *rest, **more):
        made = open_it(file, *rest, **more)
        if str(file).endswith((".flac", ".npz")):
            with open(os.environ["OPENED"], "a") as log:
                log.write(f"{file}\\n")
        return made
    return opened

torchaudio.load, numpy.load = noted(torchaudio.load), noted(numpy.load)
# It divides by the number of GPUs and asks for a GPU: here there are none.
torch.cuda.device_count = lambda: 1
settings = transformers.TrainingArguments
transformers.TrainingArguments = lambda **given: settings(**{**given, "no_cuda": True})
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Their script as it is, on a CPU, noting the audio and the features that are opened, by whichever process."""


def whisper_like(file: Path) -> np.ndarray:
    """Features of the shape that Whisper large has, 32 layers of 25 steps, different for each file."""
    seed = np.random.default_rng(list(file.name.encode()))
    return seed.standard_normal((32, 25, 1280)).astype(np.float16)


@pytest.mark.parametrize(("form", "model"), [("ltu-json", "ltu"), ("ltu-as", "ltuas")], ids=["ltu", "ltu-as"])
def test_finetune_trains_on_every_row_and_opens_its_audio(
    published_by: Publish, tmp_path: Path, form: str, model: str
) -> None:
    python, code = os.environ.get("LTU_PYTHON"), os.environ.get("LTU_CODE")
    if not python or not code:
        pytest.skip("LTU_PYTHON and LTU_CODE do not name the Python of an environment with LTU's pins and its code")
    source = Path(code).resolve() / "src" / form.replace("-json", "").replace("-", "_")
    forks = next(source.glob("**/transformers-main/src")), source / "peft-main" / "src"

    published_by(tmp_path / "set", make_pairs(MADE))
    out = tmp_path / "rows.json"
    features = Features("large-v1", whisper_like) if form == "ltu-as" else None
    done = exporting.export(str(tmp_path / "set"), form, out, Options(features=features), audio=Hum())
    assert (done.rows, done.left_out) == (ROWS, {"audio not on this machine": 1})

    # The script takes all it needs from places below the folder that it is called in.
    work = tmp_path / "src" / "code" / "run"
    base = tmp_path / "pretrained_mdls" / f"vicuna_{model}"
    looked_in = tmp_path / "openasqa" / "data" / "sample_audio_feat"
    for folder in (work, base, looked_in):
        folder.mkdir(parents=True)
    (work / "templates").symlink_to(source / "templates")
    (looked_in / "whisper_feat_a6").symlink_to(feature_folder(out, "large-v1"))

    opened = tmp_path / "opened.txt"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, forks)),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_DATASETS_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "OPENED": str(opened),
    }

    def ran(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], capture_output=True, text=True, check=False, cwd=work, env=environment
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    ran("-c", MODEL, str(out), str(base))
    said = ran(
        "-c",
        TRAIN,
        str(source / "finetune.py"),
        *("--base_model", f"../../../pretrained_mdls/vicuna_{model}/", "--data_path", str(out)),
        *("--output_dir", str(tmp_path / "trained"), "--batch_size", "4", "--micro_batch_size", "4"),
        *("--num_epochs", "1", "--val_set_size", "0", "--cutoff_len", "160", "--wandb_project", ""),
        *("--trainable_params", "proj"),
    )
    # LTU takes a constant for a sound that it cannot turn into features, and says so.
    assert "loading error" not in said
    assert np.isfinite(float(re.findall(r"'train_loss': ([^,}]+)", said)[-1]))
    assert (tmp_path / "trained" / "adapter_model.bin").stat().st_size > 0

    times = Counter(opened.read_text().splitlines())
    assert len(times) == ROWS
    assert set(times.values()) == {1}
