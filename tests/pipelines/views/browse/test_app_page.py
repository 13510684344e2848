from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aig.core.qa_id import make_pair
from aig.pipelines.views.browse.serve import Served, open_site, prepare
from aig.pipelines.workspace.marks import read_marks
from aig.shards.settings import PublishSettings
from helpers.accessibility import axe_violations
from helpers.small_build import publish_rows, small_build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browse_page") / "build"
    small_build(folder)
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with running(prepare(open_site(str(folder / "aig.yaml"), None, {}), host="127.0.0.1", port=0)) as served:
        yield served


@contextmanager
def running(served: Served) -> Iterator[Served]:
    thread = threading.Thread(target=served.run)
    thread.start()
    try:
        yield served
    finally:
        served.server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light")], ids=["desktop", "dark", "phone"]
)
def test_the_pages_in_a_real_browser(browser: Any, served: Served, width: int, scheme: str) -> None:
    root = served.address.split("/?")[0]
    for bypass_csp in (False, True) if width > 1000 else (False,):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=bypass_csp
        )
        tab = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.on("console", lambda message, said=said: said.append(message.text))
        tab.goto(served.address)
        assert tab.url == root + "/"
        for path in ("/", "/pair/0", "/pair/50", "/compare?left=speech@1&right=speech@2", "/?text=nowhere"):
            tab.goto(root + path)
            tab.wait_for_load_state("networkidle")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
            assert tab.evaluate("window.pwned") is None
            if bypass_csp:
                assert axe_violations(tab) == [], path
        assert all(url.startswith(root) for url in asked)
        assert bypass_csp or said == []
        context.close()


def test_marking_listening_and_keys(browser: Any, served: Served, folder: Path) -> None:
    marks = folder / "workspace" / "marks.jsonl"
    tab = browser.new_page()
    tab.goto(served.address)
    row = tab.locator(".row").first
    qa_id = row.locator("input[name=qa_id]").input_value()
    row.locator("input[name=note]").fill("a <b>note</b>")
    row.get_by_role("button", name="bad").click()
    tab.get_by_role("status").get_by_text("Marked bad.").wait_for()
    assert read_marks(marks)[qa_id].note == "a <b>note</b>"
    assert row.get_by_role("button", name="bad").get_attribute("aria-pressed") == "true"

    row.locator("input[name=note]").fill("better said")
    row.locator("input[name=note]").press("Enter")
    tab.wait_for_timeout(300)
    assert read_marks(marks)[qa_id].note == "better said"
    assert read_marks(marks)[qa_id].mark == "bad"

    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    second = tab.locator(".row").nth(1).locator("input[name=qa_id]").input_value()
    tab.keyboard.press("g")
    tab.get_by_role("status").get_by_text("Marked good.").wait_for()
    assert read_marks(marks)[second].mark == "good"

    tab.keyboard.press(" ")
    tab.evaluate(
        """() => new Promise((heard) => {
            const sound = document.querySelectorAll(".row audio")[1];
            if (sound.currentTime > 0) heard();
            sound.ontimeupdate = () => sound.currentTime > 0 && heard();
        })"""
    )
    tab.goto(served.address.split("?")[0] + "?marked=bad")
    assert tab.locator(".row").count() == 1
    tab.locator(".row").get_by_role("button", name="clear").click()
    tab.get_by_role("status").get_by_text("Mark taken back.").wait_for()
    assert qa_id not in read_marks(marks)


def test_a_search_goes_on_by_itself(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        make_pair(
            instruction="Needle?" if number == 0 else f"Question {number}?", input="",
            audio_id=f"mine/{number}", dataset="mine", task="pitch_cla",
            output="The pitch is low.", prompt="pitch_cla@1", prompt_sha256="ab" * 32,
        )
        for number in range(200)
    ]  # fmt: skip
    publish_rows(rows, str(tmp_path / "shards"), PublishSettings(rows_per_shard=10))
    monkeypatch.setattr("aig.pipelines.views.browse.rows.SEARCH_S", 0.0)
    site = open_site(str(tmp_path / "shards"), tmp_path / "marks.jsonl", {})
    site.rows.index.wait()
    with running(prepare(site, host="127.0.0.1", port=0)) as served:
        root = served.address.split("/?")[0]
        tab = browser.new_context().new_page()
        tab.goto(served.address)
        tab.goto(f"{root}/?text=needle")
        tab.locator(".row .q").get_by_text("Needle?").wait_for()
        assert tab.locator(".row").count() == 1
        tab.goto(f"{root}/?text=thimble")
        tab.get_by_text("No row fits.").wait_for()
        tab.context.close()

        tab = browser.new_context(java_script_enabled=False).new_page()
        tab.goto(served.address)
        tab.goto(f"{root}/?text=thimble")
        with tab.expect_navigation():
            tab.get_by_role("link", name="Search on").click()
        assert tab.url == f"{root}/?text=thimble&from=20"
        tab.context.close()


def test_a_page_works_without_script(browser: Any, served: Served, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(served.address)
    with tab.expect_navigation():
        tab.locator(".row").nth(2).get_by_role("button", name="good").click()
    assert tab.locator('.row button[value="good"][aria-pressed="true"]').count() >= 1
    tab.select_option("select[name=task]", "pitch_cla")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Show").click()
    assert "task=pitch_cla" in tab.url
    assert tab.locator(".row").count() == 11
    context.close()
    assert "good" in {mark.mark for mark in read_marks(folder / "workspace" / "marks.jsonl").values()}
