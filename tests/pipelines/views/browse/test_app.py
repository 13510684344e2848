from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.generators.chat import Reply
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.views.browse.app import create_app
from aig.pipelines.views.browse.serve import open_site, prepare
from aig.pipelines.views.browse.site import Site
from aig.pipelines.workspace.marks import bad_pairs
from helpers.small_build import HOSTILE, ROWS_PER_CLIP, small_build

HOST = "127.0.0.1:8000"
TOKEN = "the-token"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browse") / "build"
    small_build(folder)
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    site = open_site(str(folder / "aig.yaml"), None, {})
    site.rows.index.wait()
    return site


def stranger(site: Site, host: str = HOST) -> TestClient:
    app = create_app(site, token=TOKEN, hosts=frozenset({HOST}))
    return TestClient(app, base_url=f"http://{host}", follow_redirects=False)


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with stranger(site) as client:
        client.cookies.set("aig_browse", TOKEN)
        yield client


def test_the_token_opens_the_door_and_leaves_the_address(site: Site) -> None:
    client = stranger(site)
    for path in ("/", "/pair/0", "/audio/mine/1.wav", "/marks.jsonl", "/static/style.css", "/?token=wrong"):
        assert client.get(path).status_code == 403, path
    answer = client.get(f"/?task=pitch_cla&token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?task=pitch_cla")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert client.get("/").status_code == 200
    assert client.get(f"http://{HOST}//evil.example/?token={TOKEN}").headers["location"] == "/evil.example/"


def test_another_host_name_is_not_answered(site: Site) -> None:
    client = stranger(site, "evil.example:8000")
    client.cookies.set("aig_browse", TOKEN)
    assert client.get("/").status_code == 421
    assert client.get(f"/?token={TOKEN}").status_code == 421


def test_another_page_cannot_mark(client: TestClient, site: Site) -> None:
    mark = {"qa_id": "a" * 32, "mark": "bad"}
    for origin in (None, "http://evil.example", "null", f"https://{HOST}"):
        assert client.post("/marks", data=mark, headers={"origin": origin} if origin else {}).status_code == 403
    assert site.marks.by_id == {}


@pytest.mark.parametrize("path", ["/", "/pair/0", "/compare?left=speech@1&right=speech@2", "/pair/99999", "/nowhere"])
def test_every_page_has_a_strict_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    ["", "?dataset=mine", "?task=open-ended+question", "?label=Speech", "?level=speed_level:fast", "?text=pwned"],
)
def test_hostile_text_is_text_on_the_page_of_rows(client: TestClient, query: str) -> None:
    page = client.get("/" + query).text
    assert HOSTILE[:8] not in page
    assert "&lt;script&gt;window.pwned=1" in page
    assert "\u202e" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("value", [HOSTILE, "'; DROP TABLE clips; --", "%", "..", "\x00", "speed_level:' OR 1=1 --"])
@pytest.mark.parametrize(
    "name", ["dataset", "task", "prompt", "label", "level", "text", "answerable", "marked", "from"]
)
def test_a_hostile_query_is_a_value(client: TestClient, name: str, value: str) -> None:
    answer = client.get("/", params={name: value})
    assert answer.status_code == 200
    assert HOSTILE[:8] not in answer.text


def test_a_row_shows_its_clip_its_lineage_and_what_was_asked(client: TestClient, site: Site) -> None:
    row = next(row for row in site.rows.read(range(site.rows.index.rows)) if row["prompt"] == "speech@2")
    page = client.get(f"/pair/{row['place']}").text
    assert row["qa_id"] in page
    assert row["request_id"] in page
    assert "small-1" in page
    assert "$0.0125" in page
    assert "Other rows about this clip" in page
    assert "f0 hz" in page


def test_sound_comes_in_ranges(client: TestClient) -> None:
    whole = client.get("/audio/mine/1.wav")
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.content[:4] == b"RIFF"
    assert len(whole.content) == 44 + 2 * 8_000
    part = client.get("/audio/mine/1.wav", headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert client.get("/audio/mine/1.wav", headers={"range": "bytes=999999-"}).status_code == 416
    assert client.get("/spectrogram/mine/1.wav").content[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "audio_id",
    ["mine/lost.wav", "mine/none.wav", "yours/1.wav", "mine/../../secret.wav", "mine/%2e%2e/%2e%2e/secret.wav",
     "mine//etc/passwd", "mine/link.wav", "mine/torn.wav", "%00"],
)  # fmt: skip
def test_nothing_but_sound_below_the_roots_is_served(client: TestClient, folder: Path, audio_id: str) -> None:
    (folder.parent / "secret.wav").write_bytes((folder / "audio" / "1.wav").read_bytes())
    link = folder / "audio" / "link.wav"
    if not link.is_symlink():
        link.symlink_to(folder.parent / "secret.wav")
    answer = client.get(f"/audio/{audio_id}")
    assert answer.status_code == 404
    assert b"RIFF" not in answer.content


def test_a_link_out_of_the_root_is_not_followed(site: Site, folder: Path) -> None:
    from aig.core.records import Clip
    from aig.extractors.errors import AudioError

    outside = folder.parent / "outside.wav"
    outside.write_bytes((folder / "audio" / "1.wav").read_bytes())
    (folder / "audio" / "out.wav").symlink_to(outside)
    with pytest.raises(AudioError) as caught:
        site.sounds.file("mine/out.wav", Clip(audio_id="mine/out.wav", dataset="mine", path="out.wav"))
    assert caught.value.code == "path_outside_root"


def test_marks_are_kept_shown_exported_and_taken_back(client: TestClient, site: Site) -> None:
    row = site.rows.read([0])[0]
    said = {"qa_id": row["qa_id"], "mark": "bad", "note": HOSTILE.replace("\x00", ""), "back": "/?task=x"}
    ours = {"origin": f"http://{HOST}"}
    answer = client.post("/marks", data=said, headers=ours)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?task=x")
    assert bad_pairs(site.marks.file) == {row["qa_id"]}
    page = client.get("/?marked=bad").text
    assert page.count('class="row"') == 1
    assert HOSTILE[:8] not in page
    exported = client.get("/marks.jsonl")
    assert "attachment" in exported.headers["content-disposition"]
    assert exported.text.count("\n") == 1
    assert row["qa_id"] in exported.text
    back = client.post("/marks", data={**said, "mark": "none"}, headers={**ours, "accept": "application/json"})
    assert back.json()["mark"] == "none"
    assert bad_pairs(site.marks.file) == frozenset()


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"qa_id": "../x", "mark": "bad"}, 400),
        ({"qa_id": "a" * 32, "mark": "worse"}, 400),
        ({"qa_id": "a" * 32, "mark": "bad", "note": "x" * 3_000}, 400),
        ({"qa_id": "a" * 32, "mark": "bad", "note": "x" * 30_000}, 413),
        ({}, 400),
        ({"qa_id": "a" * 32, "mark": "none", "back": "//evil.example"}, 303),
    ],
)
def test_a_form_that_is_no_mark_is_refused(client: TestClient, form: dict[str, str], status: int) -> None:
    answer = client.post("/marks", data=form, headers={"origin": f"http://{HOST}"})
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["location"] == "/"


def test_two_prompts_side_by_side(client: TestClient) -> None:
    page = client.get("/compare?left=speech@1&right=speech@2").text
    assert page.count('class="clip"') == 10
    assert "Next clips" in page
    assert "Why does version 1" in page
    assert "Why does version 2" in page


@pytest.mark.parametrize(
    ("query", "clips"),
    [
        ("label=Bark", 10),
        ("label=Animal", 10),
        ("label=Wind+chime", 1),
        ("label=Animal&level=speed_level:fast", 2),
        ("label=Wind+chime&level=speed_level:fast", 0),
        ("label=bark", 0),
        ("level=snr_level:very+noisy", 1),
        ("level=bandwidth_level:narrow", 6),
        ("level=clipping_level:strong", 0),
        ("level=music_key:A+minor", 2),
        ("label=Bark&level=tempo_level:slow", 10),
    ],
)
def test_rows_by_label_kind_of_sound_and_level(client: TestClient, query: str, clips: int) -> None:
    rows = ROWS_PER_CLIP * clips
    assert f"{rows} rows of 55." in client.get(f"/?{query}").text


def test_labels_to_choose_from(client: TestClient) -> None:
    page = client.get("/").text
    for label in ("Dog", "Bark", "Animal", "Wind chime"):
        assert f"<option>{label}</option>" in page


def test_what_the_clips_sounds_are_kinds_of_is_shown(client: TestClient, site: Site) -> None:
    (row,) = (row for row in site.rows.of_clip("mine/1.wav") if row["task"] == "pitch_cla")
    assert "Domestic animals, pets; Animal" in client.get(f"/pair/{row['place']}").text


def test_a_version_that_was_asked_and_not_published_is_read_from_the_ledger(tmp_path: Path) -> None:
    _, workspace = small_build(tmp_path / "b")
    (tmp_path / "b" / "prompts").mkdir()
    first = resources.files("aig.prompts").joinpath("data/open_ended/speech@1.md").read_text()
    (tmp_path / "b" / "prompts" / "speech@3.md").write_text(first.replace("version: 1", "version: 3", 1))
    file = tmp_path / "b" / "aig.yaml"
    file.write_text(file.read_text().replace("'}", "', questions: {prompt_folder: ./prompts}}"))
    site = open_site(str(file), None, {})
    assert site.lookup is not None
    clip = next(clip for clip in workspace.records(Clip, "clips", "mine") if clip.audio_id == "mine/4.wav")
    request = site.lookup.request(clip, site.lookup.features(clip.audio_id), "speech@3")
    assert request is not None
    written = [{"q": "Is it <i>late</i>?", "a": "It is, for the owl calls."}]
    reply = Reply(
        key=request.key, content=json.dumps({"pairs": written}), model="small-1", request_id="r", finish_reason="stop",
        input_tokens=9, output_tokens=9, cost_usd="0", answered_at=1.7e9,
    )  # fmt: skip
    with Ledger(workspace.url("responses")) as ledger:
        ledger.append(reply)
    with stranger(site) as client:
        client.cookies.set("aig_browse", TOKEN)
        assert "<option>speech@3</option>" in client.get("/compare").text
        page = client.get("/compare?left=speech@1&right=speech@3").text
    assert page.count("from the ledger, not in the set") == 1
    _, _, here = page.partition('dir="auto">mine/4.wav</h2>')
    here, _, _ = here.partition("</section>")
    assert "Why does version 1" in here
    assert "Is it &lt;i&gt;late&lt;/i&gt;?" in here
    assert "It is, for the owl calls." in here


def test_a_published_set_alone(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shards = str(folder / "workspace" / "shards")
    site = open_site(shards, None, {"mine": str(folder / "audio")})
    with stranger(site) as client:
        client.cookies.set("aig_browse", TOKEN)
        assert "aig browse CONFIG" in client.get("/").text
        assert client.get("/audio/mine/1.wav").status_code == 200
        assert client.get("/audio/mine/1").status_code == 200  # a name without its suffix is found too
        assert client.get("/audio/mine/../../../etc/passwd").status_code == 404
        assert client.get("/pair/0").status_code == 200
    assert site.marks.file == tmp_path.resolve() / "marks.jsonl"


def test_a_set_on_a_web_server_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="on a web server"):
        open_site("https://example.org/set", None, {})


def test_nothing_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_site(str(tmp_path / "none"), None, {})


def test_only_loopback_unless_told_otherwise(site: Site) -> None:
    served = prepare(site, host="127.0.0.1", port=0)
    with served.listener:
        assert served.listener.getsockname()[0] == "127.0.0.1"
        assert served.address.startswith("http://127.0.0.1:")
        assert len(served.address.split("token=")[1]) >= 32
        with pytest.raises(UsageError, match="cannot listen"):
            prepare(site, host="127.0.0.1", port=served.listener.getsockname()[1])


def test_the_page_of_rows_says_when_there_is_nothing(client: TestClient) -> None:
    assert "No row fits." in client.get("/?text=nothing+like+this").text
