"""docs/metadata.md: its example runs as it stands, and it lists every code that the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile

from helpers import ROOT
from helpers.voices import RATE, vowel

PAGE = (ROOT / "docs" / "metadata.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.+?)```", PAGE, re.S)
    soundfile.write(tmp_path / "hello.wav", vowel(210, 1.0), RATE)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/metadata.md", "exec"), {})
    assert "pitch_rank='medium'" in capsys.readouterr().out


def test_every_code_is_listed() -> None:
    source = "".join(file.read_text() for file in (ROOT / "extractors").glob("*.py"))
    codes = set(re.findall(r'AudioError\(\s*"([a-z_]+)"', source))
    assert len(codes) >= 9
    table = PAGE.split("| code | what is wrong |")[1].split("\n\n")[0]
    assert codes == set(
        re.findall(r"`([a-z]+_[a-z_]+)`", table.replace("`audio.max_clip_s`", "").replace("`start_s`", ""))
    )


def test_the_settings_shown_are_settings() -> None:
    import yaml

    from aig.extractors.settings import ExtractSettings

    examples = re.findall(r"```yaml\n(extract:.+?)```", PAGE, re.S)
    assert len(examples) == 2
    for example in examples:
        ExtractSettings.model_validate(yaml.safe_load(example)["extract"])
