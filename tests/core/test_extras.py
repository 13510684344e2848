from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PathDistribution
from typing import Any

import pytest

from aig.core import extras
from aig.core.errors import UsageError
from aig.core.extras import EXTRA_OF, explain_missing, install_command, missing_extra, need
from helpers import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file:///home/me/my%20aig", "dir_info": {"editable": True}}, "pip install -e '/home/me/my aig[s3]'"),
        ({"url": "file:///home/me/aig", "dir_info": {}}, "pip install '/home/me/aig[s3]'"),
        (
            {"url": "file:///d/aig_audio-1-py3-none-any.whl", "archive_info": {}},
            "pip install '/d/aig_audio-1-py3-none-any.whl[s3]'",
        ),
        (None, "pip install 'aig-audio[s3]'"),
    ],
)
def test_the_command_fits_the_way_it_was_installed(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None, command: str
) -> None:
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: origin and json.dumps(origin))
    extras._installed_from.cache_clear()
    assert install_command("s3") == command
    extras._installed_from.cache_clear()


def test_each_module_belongs_to_an_extra_that_exists() -> None:
    assert set(EXTRA_OF.values()) <= set(PROJECT["optional-dependencies"])


def test_each_requirement_of_an_extra_has_its_module_here() -> None:
    """A package that is added to an extra and forgotten in the table would end in a traceback."""
    module_of = {"praat-parselmouth": "parselmouth", "pillow": "PIL", "openai-whisper": "whisper"}
    unseen = {"fastapi", "sqlalchemy", "ctranslate2", "pip"}  # imported by others first, or never by us
    for extra, requirements in PROJECT["optional-dependencies"].items():
        for requirement in requirements if extra not in ("all", "dev", "docs", "test") else ():
            name = re.split(r"[\[<>=; ]", requirement)[0]
            if name != "aig-audio" and name not in unseen:
                assert module_of.get(name, name.replace("-", "_")) in EXTRA_OF, requirement


def brought_by(extra: str) -> set[str]:
    """The extras that an extra includes, directly or through others."""
    direct = {
        name
        for requirement in PROJECT["optional-dependencies"][extra]
        if requirement.startswith("aig-audio[")
        for name in re.findall(r"[a-z-]+", requirement.partition("[")[2])
    }
    return direct.union(*map(brought_by, direct))


def test_what_an_extra_includes_is_what_it_needs() -> None:
    for extra, brought in extras._WITH.items():
        assert set(brought) == brought_by(extra)


ANYWHERE = """
import importlib, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
for name in sys.argv[2].split(","):
    importlib.import_module(name)
"""


def test_what_is_there_can_be_looked_at_without_extras() -> None:
    """Commands that read what a build made do not fail for packages that made it, nor calls before they can say so."""
    views = [f"aig.pipelines.views.{view}" for view in ("plan", "status", "trace", "upkeep", "clip_lookup")]
    modules = ",".join([*views, "aig.pipelines.api", "aig.extractors.measure"])
    done = subprocess.run([sys.executable, "-c", ANYWHERE, ",".join(sorted(EXTRA_OF)), modules], check=False)
    assert done.returncode == 0


def test_all_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None if module in ("av", "prefect") else module)
    with pytest.raises(UsageError, match="av, prefect") as error:
        need("run")
    assert "[run]'" in error.value.advice
    need("pull")


def test_a_missing_package_names_the_command() -> None:
    error = explain_missing(ModuleNotFoundError("No module named 'av.audio'", name="av.audio"))
    assert error is not None
    assert "av" in error.message
    assert "[measure]'" in error.advice
    assert explain_missing(ModuleNotFoundError("No module named 'mine'", name="mine")) is None


def test_another_way_out_is_a_sentence_of_its_own() -> None:
    assert missing_extra("no tagger", "tagger", "Or leave it out.").advice.endswith("[tagger]'. Or leave it out.")
