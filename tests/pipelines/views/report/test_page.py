from __future__ import annotations

import json
import re
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aig.core.records import QAPair
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.stages.publish import FINDINGS, publish_and_validate
from aig.pipelines.views.report.page import write_report
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.validator.validate import validate
from helpers.accessibility import axe_violations
from helpers.small_build import CLIPS, HOSTILE, small_build

ADDRESSES = {"src", "href", "action", "formaction", "poster", "srcset", "data", "xlink:href", "ping", "background"}


PLAYED = """async () => {
    const sound = document.querySelector("audio");
    await sound.play();
    await new Promise((heard) => { sound.ontimeupdate = () => sound.currentTime > 0 && heard(); });
}"""


class Seen(HTMLParser):
    """Tags, the addresses they name, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.policy = ""
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ADDRESSES:
                self.addresses.append(value or "")
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Configuration, Workspace]:
    return small_build(tmp_path_factory.mktemp("report") / "build")


@pytest.fixture(scope="module")
def page(build: tuple[Configuration, Workspace]) -> str:
    address = write_report(*build)
    assert address.endswith("report.html")
    return Path(address).read_text(encoding="utf-8")


def test_nothing_runs_and_nothing_comes_from_elsewhere(page: str) -> None:
    seen = Seen(page)
    assert "script" not in seen.tags
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert "style" not in seen.attributes
    assert all(address.startswith(("data:image/png", "data:audio/mpeg", "#")) for address in seen.addresses)
    assert seen.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in seen.policy


def test_hostile_text_is_text(page: str) -> None:
    text = "".join(Seen(page).text)
    assert "<script>window.pwned=1</script>" in text
    assert "{{ 7*7 }}" in text
    assert "$\\frac{1}$" in text
    assert "\\u202egnp.exe" in text
    assert "\\u0007" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", page)


def test_the_sums_are_those_of_the_workspace(page: str) -> None:
    text = _words(page)
    assert f"{CLIPS - 1} of {CLIPS + 2} read" in text
    assert "1 of 14 items are in quarantine" in text
    assert "min_words" in text
    assert "unreadable_audio" in text
    assert "get the file again" in text


def test_rates_of_each_version_of_a_prompt(page: str) -> None:
    text = _words(page)
    assert "dropped: short" in text
    assert "speech@1 23 100.0% 4.3% 95.7% (22) 13.6%" in text
    assert "speech@2 13 100.0% 15.4% 84.6% (11) 27.3%" in text


def test_cost_and_diversity(page: str) -> None:
    text = _words(page)
    assert "$0.14 11 replies" in text  # 11 replies at 1.25 cents
    assert "Open-ASQA: 65.1%" in text
    assert "Open-ended questions that come most often Why? 11 times" in text


def test_the_bounds_of_each_gender_are_drawn(page: str) -> None:
    for gender, bounds in (("male", "95, 120, 135, 180"), ("female", "160, 200, 220, 270")):
        assert re.search(
            rf'<desc id="pitch-{gender}-desc">Histogram of 6 {gender}. Bounds of the levels at {bounds} Hz', page
        )


@pytest.mark.parametrize(
    ("scale", "bounds", "unit"),
    [
        ("monotony", "1.5, 2.5, 3.5, 5", "semitones"),
        ("pauses", "0.05, 0.15, 0.25, 0.4", "share of the spoken time"),
        ("snr", "5, 15, 25, 35", "dB"),
        ("reverberation", "0.3, 0.45, 0.7, 1.2", "seconds"),
        ("bandwidth", "3000, 5000, 10000, 15000", "Hz"),
        ("tempo", "66, 108, 120, 168", "beats per minute"),
    ],
)
def test_every_measured_scale_is_drawn_and_counted(page: str, scale: str, bounds: str, unit: str) -> None:
    drawn = f'<desc id="{scale}-desc">Histogram of {CLIPS} clips. Bounds of the levels at {bounds} {unit}.'
    assert drawn in page
    assert re.search(rf"{scale} \w[\w ]* [\d,]+ ", _words(page)), "no line in the table"


def test_clipping_and_keys_are_counted(page: str) -> None:
    assert '<desc id="clipping-desc">none 11, slight 0, medium 0, strong 1, very strong 0</desc>' in page
    assert '<desc id="key-desc">A minor 3</desc>' in page


def test_labels_that_nobody_described_are_told(page: str) -> None:
    text = _words(page)
    assert "1 label has no acoustic description" in text
    assert "1 of 4 labels have no acoustic description" in text


def test_what_publish_left_out_and_what_the_validator_found(tmp_path: Path) -> None:
    configuration, workspace = small_build(tmp_path / "b", published=False)
    assert "Nothing is published yet." in Path(write_report(configuration, workspace, clips=0)).read_text()
    first = next(workspace.records(QAPair, "qa", "mine", "closed"))
    marks = tmp_path / "marks.jsonl"
    marks.write_text(f'{{"qa_id": "{first.qa_id}", "mark": "bad"}}\n')
    settings = configuration.publish.model_copy(update={"drop": str(marks)})
    configuration = configuration.model_copy(update={"publish": settings})
    with progress_of("publish") as progress:
        publish_and_validate(configuration, workspace, (), progress)
    text = _words(Path(write_report(configuration, workspace, clips=0)).read_text())
    made = "made by rule 22 made by the model 33 left out by publish: marked bad 1 published 54"
    assert f"dropped by the answer filters 3 {made}" in text
    assert "54 pairs are published, and the validator found no error" in text
    assert "warning longer_than_108 8 8 rows (14.8 %)" in text

    further = [QAPair(**(asdict(first) | {"qa_id": "f" * 32}))]
    workspace.write(further, QAPair, "qa", "mine", "closed", "part-00001-a.parquet")
    one = Path(next((tmp_path / "b/workspace/shards/lineage/open").iterdir()))
    one.unlink()
    report = validate(workspace.url("shards"))
    workspace.write_text(json.dumps(report.to_dict()), FINDINGS)
    text = _words(Path(write_report(configuration, workspace, clips=0)).read_text())
    assert "the pairs were remade after these were published" in text
    assert "the validator found 1 error: do not train on them" in text
    assert f"error missing 1 named in the manifest and not there lineage/open/{one.name}" in text


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", " ".join(Seen(page).text))


def test_samples_can_be_heard_and_read(page: str) -> None:
    assert page.count("data:audio/mpeg;base64,") == CLIPS - 1
    assert page.count("data:image/png;base64,") == CLIPS - 1
    assert "what was asked and answered" in page
    assert len(page) < 2_000_000


def test_figures_have_titles_descriptions_and_no_styles_of_their_own(page: str) -> None:
    figures = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert len(figures) >= 7
    for figure in figures:
        assert re.search(r'role="img" aria-labelledby="([\w-]+)-title \1-desc"', figure)
        assert "style=" not in figure
        assert "<text" in figure
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_workspace_where_nothing_ran_has_a_report_too(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"path": "a.wav"}\n')
    (tmp_path / "aig.yaml").write_text("workspace: w\ndatasets:\n  mine: {manifest: m.jsonl}\n")
    configuration = load(tmp_path / "aig.yaml")
    text = Path(write_report(configuration, Workspace(configuration.workspace))).read_text()
    assert "there are no question-answer pairs yet" in text
    assert "Nothing is in quarantine." in text


def test_audio_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    configuration, workspace = small_build(tmp_path / "b", published=False)
    for file in (tmp_path / "b" / "audio").iterdir():
        file.unlink()
    text = Path(write_report(configuration, workspace, clips=3)).read_text()
    assert text.count("Cannot be played here: ") == 3
    assert "no such file below the dataset's root" in text.replace("&#39;", "'")


def test_the_same_workspace_gives_the_same_samples(build: tuple[Configuration, Workspace], page: str) -> None:
    again = Path(write_report(*build)).read_text(encoding="utf-8")
    heard = re.compile(r'<h3 id="sample-\d+"[^>]*>([^<]+)')
    assert heard.findall(again) == heard.findall(page)
    figures = re.compile(r"<svg .*?</svg>", re.DOTALL)
    assert figures.findall(again) == figures.findall(page)


def test_the_command_prints_where_it_is(build: tuple[Configuration, Workspace]) -> None:
    from aig.pipelines.cli.app import app

    file = Path(build[1].root).parent / "aig.yaml"
    result = CliRunner().invoke(app, ["report", str(file), "--clips", "0", "--json"])
    assert result.exit_code == 0
    assert result.stdout == f'{{"report": "{build[1].url("report.html")}"}}\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light")], ids=["desktop", "dark", "phone"]
)
def test_in_a_real_browser(
    browser: Any, page: str, build: tuple[Configuration, Workspace], width: int, scheme: str
) -> None:
    write_report(*build)
    address = Path(build[1].url("report.html")).as_uri()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(address)
    tab.evaluate(PLAYED)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert said == []
    assert tab.evaluate("window.pwned") is None
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("[...document.images].every(image => image.loading == 'lazy' || image.naturalWidth > 0)")
    context.close()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(address)
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert axe_violations(tab) == []


def test_hostile_label_is_in_the_speech_of_no_formula(page: str) -> None:
    assert HOSTILE[:8] not in page
