"""Open-ended prompts: files with front matter and a Jinja2 body, loaded, versioned and rendered for a clip.

A prompt is one file, `<name>@<version>.md`: YAML front matter between two `---` lines, then the system message.
The user message is the clip's metadata sentence (`metadata`) unless the front matter gives another `message`.
Both are templates that run in a sandbox and refuse undefined names. Transcripts, titles and labels are only ever
values given to a template, so braces in them stay braces.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field, ValidationError, field_validator

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.core.settings import Strict
from aig.core.yaml_text import YamlError, read_yaml
from aig.prompts.descriptions import descriptions
from aig.prompts.heard import heard
from aig.prompts.kind_registry import kind_of
from aig.prompts.prompt_kind import PromptKind
from aig.prompts.seeded_random import pick, rng_for
from aig.prompts.topics import Topic, draw_topics

__all__ = [
    "FrontMatter",
    "Prompt",
    "load",
    "load_all",
    "new_version",
    "parse",
    "render",
    "response_schema",
    "sentence",
]

_NAME = r"[a-z][a-z0-9_]*"


class FrontMatter(Strict):
    """The head of a prompt file.

    Attributes:
        name: lower-case letters, digits and `_`.
        version: counted from 1; a prompt that was used is not changed but followed by a new version.
        kind: which metadata sentence it is given, and which clips it is for: one of `aig.prompts.kind_registry.KINDS`,
            or a kind of one's own as `module:object`.
        summary: one line for `aig prompts list`.
        pairs: question-answer pairs asked for at once, where the dataset does not say.
        default: whether the bare name, and the kind of the same name, may mean this version.
        min_answer_words: shorter answers are dropped; 0: none are.
        fields: further texts the model writes before the pairs, such as an inference to build on.
        topics: what the questions are about; for each clip as many as pairs are wanted are drawn of those that suit it,
            and as many pairs are asked for. Without topics the model chooses.
        parameters: sampling parameters, such as `max_tokens`; the configuration's go before them.
        message: template of the user message.
    """

    name: Annotated[str, Field(pattern=rf"^{_NAME}$")]
    version: Annotated[int, Field(ge=1)]
    kind: str
    summary: str = ""
    pairs: Annotated[int, Field(ge=1, le=100)] = 10
    default: bool = True
    min_answer_words: Annotated[int, Field(ge=0)] = 10
    fields: tuple[Annotated[str, Field(pattern=rf"^{_NAME}$")], ...] = ()
    topics: tuple[Topic, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    message: str = "{{ metadata }}"

    @field_validator("topics")
    @classmethod
    def _one_for_every_clip(cls, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
        if topics and all(topic.needs for topic in topics):
            raise ValueError("one topic at least has to suit every clip: give one without `needs`")
        wordings = [wording for topic in topics for wording in topic.ask]
        if len(set(wordings)) < len(wordings):
            raise ValueError("two topics, or two wordings of one, are the same")
        return topics


@dataclass(frozen=True)
class Prompt:
    """One version of an open-ended prompt.

    Attributes:
        head: its front matter.
        body: template of the system message.
        sha256: of the file's text, line endings and outer blank lines aside.
        source: where it was read.
    """

    head: FrontMatter
    body: str
    sha256: str
    source: str = ""

    @property
    def id(self) -> str:
        """Name and version, `speech@1`."""
        return f"{self.head.name}@{self.head.version}"

    @property
    def kind(self) -> str:
        """Name of the kind of metadata it is given."""
        return kind_of(self.head.kind).name


def parse(text: str, source: str) -> Prompt:
    """Reads a prompt from the text of its file.

    Raises:
        UsageError: the front matter is missing or wrong, or a template does not compile; the message says where.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff").strip() + "\n"
    match = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL)
    if not match:
        raise UsageError(f"{source}: no front matter", "Start the file with `---`, YAML, and another `---` line.")
    try:
        head = FrontMatter.model_validate(read_yaml(match[1]) or {})
    except YamlError as error:
        raise UsageError(f"{source}: the front matter is not YAML: {error}", "Compare `aig prompts show`.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "front matter"
        known = ", ".join(FrontMatter.model_fields)
        raise UsageError(f"{source}: {key}: {first['msg']}", f"The keys of a prompt are: {known}.") from None
    body = match[2].strip()
    if not body:
        raise UsageError(f"{source}: the prompt has no text", "Write the system message below the front matter.")
    try:
        kind_of(head.kind)
    except UsageError as error:
        raise UsageError(f"{source}: kind: {error.message}", error.advice) from None
    for template in (body, head.message):
        _template(template, source)
    return Prompt(head, body, hashlib.sha256(text.encode()).hexdigest(), source)


def load_all(folder: str | Path | None = None) -> dict[str, Prompt]:
    """All prompts by `name@version`: those that come with the package, then those of the user's folder.

    Raises:
        UsageError: a file is wrong, two files hold the same version, or the folder is missing.
    """
    prompts = dict(_packaged())
    if folder is None:
        return prompts
    path = Path(folder)
    if not path.is_dir():
        raise UsageError(
            f"the prompt folder {path} does not exist", "Create it, or fix `generate.questions.prompt_folder`."
        )
    for file in sorted(path.glob("*.md")):
        prompt = parse(_read(file), str(file))
        if prompt.id in prompts:
            raise UsageError(
                f"{file} and {prompts[prompt.id].source} both hold {prompt.id}",
                "Raise the `version` of the newer one: rows keep the name and version they were made with.",
            )
        prompts[prompt.id] = prompt
    return prompts


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the prompt {file}: {error}", "Save it as UTF-8 text.") from None


def load(reference: str, folder: str | Path | None = None) -> Prompt:
    """The prompt called `name@version`, or `name` for its highest version that is not `default: false`.

    Raises:
        UsageError: there is no such prompt; the advice names the existing ones.
    """
    prompts = load_all(folder)
    if reference in prompts:
        return prompts[reference]
    versions = [prompt for prompt in prompts.values() if prompt.head.name == reference and prompt.head.default]
    if not versions:
        raise UsageError(f"there is no prompt {reference!r}", f"There are: {', '.join(sorted(prompts))}.")
    return max(versions, key=lambda prompt: prompt.head.version)


def new_version(prompt: Prompt, name: str, known: Iterable[str]) -> tuple[str, str]:
    """A copy of a prompt to edit, as the name and the text of its file.

    It gets the first version of `name` that is not among the `known` prompts, and `default: false`, so that it takes
    nothing over before somebody says so.
    """
    versions = [int(other.partition("@")[2]) for other in known if other.partition("@")[0] == name]
    head = prompt.head.model_copy(update={"name": name, "version": max(versions, default=0) + 1, "default": False})
    FrontMatter.model_validate(head.model_dump())
    content = {"name": head.name, "version": head.version, "kind": head.kind} | head.model_dump(
        mode="json", exclude_defaults=True
    )
    front = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    return f"{head.name}@{head.version}.md", f"---\n{front}---\n{prompt.body}\n"


def sentence(
    kind: PromptKind,
    clip: Clip,
    features: Features | None = None,
    transcript: str = "",
    seed: int = 0,
    description_file: str | None = None,
) -> str:
    """The metadata sentence of a kind for a clip; empty where the clip has nothing that the kind is about.

    Args:
        kind: of the prompt.
        clip: what is annotated.
        features: what was measured.
        transcript: the recogniser's words, cleaned.
        seed: of the configuration; with the clip it decides which description of a sound is drawn.
        description_file: acoustic descriptions of one's own.
    """

    def describe(label: str) -> str | None:
        known = descriptions(label, description_file)
        return pick(rng_for(seed, clip.audio_id, "description", label), known) if known else None

    return kind.sentence(clip, features, transcript, describe)


def render(
    prompt: Prompt,
    clip: Clip,
    features: Features | None = None,
    *,
    transcript: str = "",
    pairs: int | None = None,
    seed: int = 0,
    description_file: str | None = None,
    with_topics: bool = True,
) -> tuple[dict[str, str], ...]:
    """The messages for a clip; none where the clip has nothing that the prompt's kind is about.

    Args:
        prompt: what is asked.
        clip: what is annotated.
        features: what was measured.
        transcript: the recogniser's words, cleaned.
        pairs: pairs to ask for, instead of the prompt's own number.
        seed: of the configuration.
        description_file: acoustic descriptions of one's own.
        with_topics: whether topics are drawn; without them the user message holds what is known of the clip alone.

    Raises:
        UsageError: a template names something that is not there.
    """
    kind = kind_of(prompt.head.kind)
    facts = sentence(kind, clip, features, transcript, seed, description_file)
    if not facts:
        return ()
    wanted = kind.form.number(pairs or prompt.head.pairs)
    topics = draw_topics(prompt.head.topics, clip, features, transcript, wanted, seed) if with_topics else []
    values = {
        "metadata": facts,
        "heard": heard(clip, features, transcript),
        "topics": topics,
        "pairs": len(topics) or wanted,
        "kind": prompt.kind,
        "min_answer_words": prompt.head.min_answer_words,
        "clip": clip,
        "features": features,
        "transcript": transcript,
    }
    try:
        system = _template(prompt.body, prompt.source).render(values)
        user = _template(prompt.head.message, prompt.source).render(values)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise UsageError(
            f"{prompt.source or prompt.id}, rendered for {clip.audio_id}: {error}",
            f"A prompt may use {', '.join(values)}; what is not known of a clip is None.",
        ) from None
    return ({"role": "system", "content": system}, {"role": "user", "content": user})


def response_schema(prompt: Prompt, pairs: int | None = None) -> dict[str, Any]:
    """JSON schema of the reply: an object with the prompt's own fields and the items of its kind's form.

    Args:
        prompt: what is asked.
        pairs: most pairs in a reply, instead of the prompt's own number.
    """
    form = kind_of(prompt.head.kind).form
    properties: dict[str, Any] = {key: {"type": "string"} for key in prompt.head.fields}
    properties[form.items] = form.schema(pairs or prompt.head.pairs)
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@cache
def _packaged() -> dict[str, Prompt]:
    folder = resources.files("aig.prompts") / "data" / "open_ended"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    prompts = (parse(file.read_text(encoding="utf-8"), file.name) for file in files)
    return {prompt.id: prompt for prompt in prompts}


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)


@lru_cache(maxsize=256)
def _template(text: str, source: str) -> Template:
    try:
        return _ENVIRONMENT.from_string(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise UsageError(
            f"{source}: the template is wrong{f', line {line} of it' if line else ''}: {error.message}",
            "Prompts are Jinja2 templates: https://jinja.palletsprojects.com/templates/",
        ) from None
