"""The page "Write a prompt" is true: its file loads, renders, and takes nothing over until it is named."""

import re

import yaml

from aig.core.records import Clip, Measured
from aig.generators.open_ended.pairs import chat_request
from aig.generators.settings import GenerateSettings
from aig.prompts.open_ended import FrontMatter, load, render
from helpers import ROOT

PAGE = (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8")


def test_the_page_is_true(tmp_path):
    found = re.search(r"<!-- file: prompts/(speech@2\.md) -->\n```markdown\n(.*?)```", PAGE, re.DOTALL)
    assert found
    (tmp_path / found[1]).write_text(found[2])
    assert load("speech", tmp_path).id == "speech@1"
    prompt = load("speech@2", tmp_path)
    clip = Clip(audio_id="mine/1", dataset="mine", text="Come {{ in }}!", age=40)
    system, user = render(prompt, clip)
    assert system["content"].startswith("Write 8 short questions")
    assert "more than\n6 words" in system["content"]
    assert "age is an estimate" in system["content"]
    assert user["content"] == 'Speech content: "Come {{ in }}!"; Estimated speaker age: 40'

    configured = re.search(r"```yaml\ngenerate:\n(.*?)```", PAGE, re.DOTALL)
    assert configured
    settings = GenerateSettings.model_validate(yaml.safe_load(configured[1]))
    assert settings.questions.prompts == {"speech": "speech@2"}
    request = chat_request(Measured(clip), prompt, settings)
    assert request is not None
    assert request.parameters["max_tokens"] == 700
    assert request.parameters["temperature"] == 0.9


def test_every_key_of_a_prompt_is_explained():
    table = PAGE.partition("| key | meaning |")[2].partition("\n\n")[0]
    assert set(
        re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "`" in line))
    ) == set(FrontMatter.model_fields) - {"summary"}
