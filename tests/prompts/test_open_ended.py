"""Prompt files: read, versioned, rendered in a sandbox, and refused with the reason."""

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.prompts.descriptions import descriptions, known_labels
from aig.prompts.kind_registry import KINDS
from aig.prompts.open_ended import load, load_all, new_version, parse, render, response_schema

CLIP = Clip(audio_id="x/1", dataset="x", text="Hello {{ pairs }}", gender="male")

FILE = """---
name: speech
version: 2
kind: speech
pairs: 4
---
Write {{ pairs }} pairs.{% if clip.age %} Mind the age.{% endif %}
"""


def write(folder, text, name="speech@2.md"):
    (folder / name).write_text(text)
    return folder


def test_every_kind_has_a_prompt_that_asks_for_json():
    for kind in KINDS:
        prompt = load(kind)
        assert prompt.kind == kind
        full = Clip(audio_id="x/1", dataset="x", text="Hi", labels=("Dog",), genres=("Folk",))
        system, user = render(prompt, full, pairs=3)
        assert (system["role"], user["role"]) == ("system", "user")
        assert '{"pairs": [{"q": ' in system["content"]
        assert "Write 3 question-answer pairs" in system["content"]
        assert "{{" not in system["content"]


def test_the_two_step_joint_prompt_is_a_second_version_that_takes_nothing_over():
    assert load("joint").id == "joint@1"
    two = load("joint@2")
    assert list(response_schema(two)["properties"]) == ["inference", "pairs"]
    assert "30 words" in two.body


def test_a_bare_name_means_the_highest_version_in_use(tmp_path):
    assert load("speech", write(tmp_path, FILE)).id == "speech@2"
    assert load("speech@1", tmp_path).id == "speech@1"
    write(tmp_path, FILE.replace("pairs: 4", "pairs: 4\ndefault: false"))
    assert load("speech", tmp_path).id == "speech@1"


@pytest.mark.parametrize("name", [name for name in load_all() if name.startswith("plain_")])
def test_plain_prompts_tell_neither_hertz_nor_descriptions(name):
    clip = Clip(
        audio_id="x/1",
        dataset="x",
        gender="male",
        age=40,
        emotion="sad",
        text="A description of the road.",
        labels=("Dog",),
        genres=("Folk",),
        captions=("A dog barks",),
    )
    measured = Features(
        audio_id="x/1",
        duration_s=3,
        sample_rate=16000,
        f0_hz=104.4,
        pitch_level="low",
        pitch_rank="relatively low (95-120 Hz)",
        volume_level="high",
    )
    for features in (measured, None):
        messages = render(load(name), clip, features, transcript="A description of the road.")
        system, user = (message["content"] for message in messages)
        assert "Hz" not in user
        assert "F0" not in user
        assert "Description:" not in user
        assert "description" not in system
        assert user.startswith("One hears this. ")


def test_rendering(tmp_path):
    prompt = load("speech@2", write(tmp_path, FILE))
    system, user = render(prompt, CLIP)
    assert system["content"] == "Write 4 pairs."
    assert user["content"] == 'Speech content: "Hello {{ pairs }}"; Speaker gender: male'
    assert render(prompt, CLIP, pairs=9)[0]["content"] == "Write 9 pairs."
    assert render(prompt, Clip(audio_id="x/1", dataset="x", age=9, text="Hi"))[0]["content"].endswith("Mind the age.")
    assert render(prompt, Clip(audio_id="x/1", dataset="x")) == ()


def test_a_message_of_ones_own(tmp_path):
    text = FILE.replace("pairs: 4", "pairs: 4\nmessage: 'Heard: {{ transcript }} | {{ metadata }}'")
    _, user = render(load("speech@2", write(tmp_path, text)), CLIP, transcript="{{ x }}")
    assert user["content"] == 'Heard: {{ x }} | Speech content: "Hello {{ pairs }}"; Speaker gender: male'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("---\nname", "name"), "no front matter"),
        (("name: speech", "name: [speech"), "not YAML"),
        (("pairs: 4", "pair: 4"), "pair"),
        (("kind: speech", "kind: talk"), "kind"),
        (("version: 2", "version: 0"), "version"),
        (("name: speech", "name: Speech one"), "name"),
        (("{% endif %}", ""), "template is wrong"),
        (("Write {{ pairs }} pairs.{% if clip.age %} Mind the age.{% endif %}", ""), "no text"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(change, message):
    with pytest.raises(UsageError, match=message) as error:
        parse(FILE.replace(*change), "mine.md")
    assert "mine.md" in error.value.message
    assert error.value.advice


@pytest.mark.parametrize(
    "body",
    [
        "{{ pears }}",
        "{{ clip.ages }}",
        "{{ clip.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ features.f0_hz }}",
        "{{ clip.age + 1 }}",
        "{{ 1 / 0 }}",
    ],
)
def test_undefined_and_unsafe_names_are_refused(body):
    with pytest.raises(UsageError, match=r"mine\.md"):
        render(parse(FILE.partition("Write")[0] + body, "mine.md"), CLIP)


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"cannot read the prompt .*bad\.md"):
        load("speech", tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path):
    write(tmp_path, FILE)
    write(tmp_path, FILE, "other.md")
    with pytest.raises(UsageError, match="both hold speech@2"):
        load_all(tmp_path)
    with pytest.raises(UsageError, match="both hold speech@1"):
        load_all(write(tmp_path, FILE.replace("version: 2", "version: 1")))


def test_what_there_is_is_said_where_a_name_is_wrong(tmp_path):
    with pytest.raises(UsageError, match="no prompt 'speach'") as error:
        load("speach")
    assert "speech@1" in error.value.advice
    with pytest.raises(UsageError, match="does not exist"):
        load("speech", tmp_path / "nowhere")


def test_a_hash_follows_the_text_and_not_its_line_endings():
    assert parse(FILE, "a").sha256 == parse(FILE.replace("\n", "\r\n") + "\n\n", "b").sha256
    assert parse(FILE, "a").sha256 != parse(FILE.replace("Mind", "Heed"), "a").sha256


def test_a_new_version_is_a_copy_that_takes_nothing_over():
    name, text = new_version(load("joint@2"), "joint", load_all())
    copy = parse(text, name)
    assert (name, copy.id, copy.head.default) == ("joint@3.md", "joint@3", False)
    assert (copy.body, copy.head.fields, copy.head.parameters) == (
        load("joint@2").body,
        load("joint@2").head.fields,
        load("joint@2").head.parameters,
    )
    assert new_version(load("joint@2"), "mine", load_all())[0] == "mine@1.md"


def test_descriptions_are_looked_up_without_regard_to_case_and_underscores(tmp_path):
    assert descriptions("acoustic_guitar") == descriptions("Acoustic guitar") != ()
    assert descriptions("Quux") == ()
    assert len(known_labels()) >= 527
    own = tmp_path / "own.jsonl"
    own.write_text('{"label": "Dog", "descriptions": ["like mine"]}\n\n')
    assert descriptions("dog", str(own)) == ("like mine",)
    assert descriptions("Acoustic guitar", str(own)) == descriptions("Acoustic guitar")
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"label": "Dog", "descriptions": ["a"]}\n{"label": "Cat"}\n')
    with pytest.raises(UsageError, match=r"broken\.jsonl, line 2"):
        descriptions("dog", str(broken))
