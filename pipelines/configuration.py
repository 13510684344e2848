"""The configuration of a build: one YAML file, read into frozen pydantic models.

Relative paths in it stand relative to the file's own folder, so a build means the same from every working directory.
Secrets do not belong in it: keys come from the environment.
"""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from aig.core.errors import UsageError
from aig.core.settings import RelativePath, Strict, paths_from
from aig.core.yaml_text import YamlError, read_yaml
from aig.datasets_registry import registry
from aig.extractors.settings import ExtractSettings
from aig.filters.answers.settings import AnswerFilterSettings
from aig.filters.clips.settings import SelectSettings, target
from aig.generators.settings import GenerateSettings
from aig.pipelines.runner_settings import RunnerSettings
from aig.prompts.kind_registry import all_kinds, task_kinds
from aig.shards.settings import PublishSettings

__all__ = ["Configuration", "DatasetSource", "load"]


class DatasetSource(Strict):
    """Where one dataset lies on this machine and how much of it is used.

    Attributes:
        root: folder the dataset's owners' layout starts at; for own data, the folder audio paths are relative to.
        manifest: own data only: JSON Lines, CSV or Parquet with the fields of a clip.
        parts: the owners' download parts to read, such as `train-clean-100`; all that are there where absent.
        splits: the owners' splits to read; those that train where absent.
        max_duration_s: clips the owners' files give as longer are left out; the dataset's own bound where absent.
        limit: at most N clips, drawn with balanced labels before anything is measured.
        title: own data only: what the dataset is called in the dataset card.
        licence: own data only: licence of clips that do not name one.
        columns: own data only: names of the manifest's columns, and the fields of a clip that they are.
        ignore_columns: own data only: names of columns that do not matter; `*` stands for any characters.
    """

    root: RelativePath | None = None
    manifest: RelativePath | None = None
    parts: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    max_duration_s: float | None = Field(default=None, gt=0)
    limit: int | None = Field(default=None, gt=0)
    title: str = ""
    licence: str = ""
    columns: Mapping[str, str] = Field(default_factory=dict)
    ignore_columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.root is None and self.manifest is None:
            raise ValueError("needs `root` (a dataset's folder) or `manifest` (a list of your own clips)")
        if self.manifest is None and (self.columns or self.ignore_columns):
            raise ValueError("`columns` and `ignore_columns` go with a `manifest`")
        return self


class Configuration(Strict):
    """All that decides what a build produces; see `aig init` for a commented example.

    Attributes:
        test_lists: folder of the lists of test sets that `not_in` names, each in a folder of its dataset's name; those
            of the datasets below are found in their own folders.
        ontology: AudioSet's `ontology.json`, by which clips know what their sounds are kinds of.
    """

    workspace: RelativePath
    seed: int = 0
    datasets: Mapping[str, DatasetSource] = Field(min_length=1)
    ontology: RelativePath | None = None
    test_lists: RelativePath | None = None
    extract: ExtractSettings = ExtractSettings()
    select: Mapping[str, SelectSettings] = Field(default_factory=dict)
    generate: GenerateSettings = GenerateSettings()
    answers: AnswerFilterSettings = AnswerFilterSettings()
    publish: PublishSettings = PublishSettings()
    runner: RunnerSettings = RunnerSettings()
    max_quarantine: float = Field(default=0.05, ge=0, le=1)

    @field_validator("datasets")
    @classmethod
    def _names(cls, datasets: Mapping[str, DatasetSource]) -> Mapping[str, DatasetSource]:
        for name, source in datasets.items():
            if not name.replace("_", "").isalnum() or not name.isascii() or name != name.lower():
                raise ValueError(f"dataset name {name!r}: use lower-case letters, digits and _")
            if source.manifest is None and name not in registry.DATASETS:
                near = difflib.get_close_matches(name, registry.DATASETS, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ValueError(f"{name!r} is not a dataset of the registry; {hint}own data needs `manifest`")
            if source.manifest is not None and name in registry.DATASETS:
                raise ValueError(f"{name!r} is a dataset of the registry; give your own data another name")
        return datasets

    @model_validator(mode="after")
    def _selections(self) -> Self:
        names = [kind.name for kind in all_kinds(self.generate.questions.kinds)]
        for name in self.select:
            if target(name, tuple(self.datasets), names) is None:
                raise ValueError(
                    f"the selection {name!r} belongs to no dataset here; "
                    f"name it as a dataset ({', '.join(self.datasets)}) or <dataset>_<kind>, "
                    f"with a kind of {', '.join(names)}"
                )
        return self

    @model_validator(mode="after")
    def _model_is_asked(self) -> Self:
        asked = [kind.task.name for kind in task_kinds(self.generate.tasks)]
        if asked and not self.generate.open_ended:
            raise ValueError(f"generate.tasks names {', '.join(asked)}, which a model answers: open_ended must be true")
        return self


def load(path: str | Path) -> Configuration:
    """Reads a configuration file.

    Raises:
        UsageError: the file is missing, is not YAML, or holds an unknown key or a value that does not fit;
            the message names file, line and key, and the nearest right key.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read the configuration {file}: {error.strerror}", "`aig init` writes an example."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text (byte {error.start})", "Save it as UTF-8.") from None
    try:
        content = read_yaml(text)
    except YamlError as error:
        raise UsageError(f"{file} is not valid YAML: {error}", "Check indentation and quotes at that line.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{file} holds no configuration", "`aig init` writes an example.")
    try:
        return Configuration.model_validate(content, context=paths_from(file.parent))
    except ValidationError as error:
        raise UsageError(*_explain(file, yaml.compose(text, Loader=yaml.SafeLoader), error)) from None


def _explain(file: Path, tree: yaml.Node | None, error: ValidationError) -> tuple[str, str]:
    """Message and advice for the first thing wrong, with its line and the nearest right key."""
    first = error.errors(include_url=False)[0]
    location = [part for part in first["loc"] if not str(part).endswith("]")]
    where = f"{file}, line {_line(tree, location)}"
    key = ".".join(str(part) for part in location) or "the whole file"
    more = f" ({error.error_count() - 1} more to fix)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        known = _fields(Configuration, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return f"{where}: unknown key {key!r}{more}", advice
    if first["type"] == "missing":
        return f"{where}: the key {key!r} is missing{more}", "`aig init` writes a commented example"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {key}: {message}{more}", f"the value there is {_short(first['input'])}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _line(node: yaml.Node | None, location: list[Any]) -> int:
    """Line of the deepest key of `location` that stands in the file, counted from 1."""
    line = 1
    for part in location:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line


def _fields(model: type[BaseModel], location: list[Any]) -> list[str]:
    """Keys that may stand at `location` below a model."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        found = _models(field.annotation)
        if not found:
            return []
        model = found[0]
    return sorted(model.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models(argument)]
