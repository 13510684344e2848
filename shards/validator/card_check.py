"""The card and the Croissant description are part of a set: `datasets` reads the card's configs, nobody the folders."""

from __future__ import annotations

import json
from typing import Any

from aig.core.yaml_text import read_yaml
from aig.shards.card import columns_of, data_files
from aig.shards.manifest import Manifest
from aig.shards.published import PublishedSet, is_lfs_pointer
from aig.shards.reach import UnreachableError
from aig.shards.validator.findings import ValidationReport

__all__ = ["check_card", "check_croissant"]

CARD, CROISSANT = "README.md", "croissant.json"
_MOST_BYTES = 64 << 20
_AGAIN = "publish the set again, or copy the front matter back"


def check_card(published: PublishedSet, manifest: Manifest, report: ValidationReport) -> None:
    """Whether the card is there and its configs read the set's files, no other and no fewer."""
    content = _read(published, CARD, "card", report)
    if content is None:
        return
    try:
        front = _front_matter(content.decode())
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        report.error("card", f"the front matter cannot be read: {reason}; {_AGAIN}", CARD)
        return
    wanted = data_files(manifest)
    found = _configs(front.get("configs"))
    if found is None:
        report.error("card", f"the front matter has no list of configs; {_AGAIN}", CARD)
        return
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            report.error("card", f"the config {name!r} is missing; {_AGAIN}", CARD)
        elif name not in wanted:
            report.error("card", f"a config {name[:40]!r} that the set does not have; {_AGAIN}", CARD)
        elif found[name] != wanted[name]:
            shown = str(found[name])[:200]
            report.error("card", f"the config {name!r} reads {shown}, not {wanted[name]}; {_AGAIN}", CARD)
    for name, columns in _features(front.get("dataset_info")).items():
        if columns != (of_config := columns_of(name)):
            message = f"dataset_info of {name[:40]!r} names the columns {str(columns)[:200]}, not {of_config}; {_AGAIN}"
            report.error("card", message, CARD)


def check_croissant(published: PublishedSet, manifest: Manifest, report: ValidationReport) -> None:
    """Whether the Croissant description, where there is one, names the set's files."""
    content = _read(published, CROISSANT, "croissant", report)
    if content is None:
        return
    try:
        top = json.loads(content)
        described = {
            item["@id"]: item.get("sha256") for item in top["distribution"] if item.get("@type") == "cr:FileObject"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        report.error("croissant", f"not a Croissant description: {type(error).__name__}", CROISSANT)
        return
    if described != {entry.path: entry.sha256 for entry in manifest.files}:
        report.warn("croissant", "describes other files than the manifest; publish the set again", CROISSANT)


def _read(published: PublishedSet, path: str, code: str, report: ValidationReport) -> bytes | None:
    try:
        content = published.read(path, _MOST_BYTES)
    except FileNotFoundError:
        if code == "card":
            report.error("card", "the set has no card, so `load_dataset` finds no configs; publish it again", path)
        else:
            report.warn("croissant", "the set has no Croissant description", path)
        return None
    except UnreachableError as error:
        report.error("unreachable", error.message, path)
        return None
    if content is None:
        report.error(code, f"larger than {_MOST_BYTES} bytes", path)
    elif is_lfs_pointer(content):
        report.error("lfs_pointer", "a Git LFS pointer: the file was not downloaded, run `git lfs pull`", path)
    else:
        return content
    return None


def _front_matter(text: str) -> dict[str, Any]:
    """The YAML between the first two lines of `---`.

    Raises:
        ValueError: there is none.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        raise ValueError("the file does not begin with a line of ---")
    end = next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise ValueError("no second line of --- ends it")
    front = read_yaml("\n".join(lines[1:end]), aliases=False)
    if not isinstance(front, dict):
        raise ValueError("it is not a mapping")
    return front


def _configs(configs: Any) -> dict[str, Any] | None:
    """By config what it reads, in the form of `aig.shards.card.data_files`; `None` where there are none."""
    if not isinstance(configs, list) or not configs:
        return None
    found: dict[str, Any] = {}
    for config in configs:
        if not isinstance(config, dict):
            return None
        files = config.get("data_files")
        if isinstance(files, list) and all(isinstance(item, dict) for item in files):
            files = {str(item.get("split")): _listed(item.get("path")) for item in files}
        found[str(config.get("config_name"))] = files
    return found


def _listed(paths: Any) -> Any:
    return [paths] if isinstance(paths, str) else paths


def _features(info: Any) -> dict[str, list[str]]:
    """By config the names of its columns, where the card says."""
    infos = [info] if isinstance(info, dict) else info if isinstance(info, list) else []
    named = {}
    for item in infos:
        features = item.get("features") if isinstance(item, dict) else None
        if isinstance(features, list) and all(isinstance(feature, dict) for feature in features):
            named[str(item.get("config_name"))] = [str(feature.get("name")) for feature in features]
    return named
