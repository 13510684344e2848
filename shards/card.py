"""The dataset card, `README.md`: configs for `datasets`, counts beside the paper's, licences, making, limits.

What datasets are called and how they are licensed is other people's text: it is escaped before it goes into Markdown.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from aig.core.licences import forbids_changes, forbids_sales
from aig.core.markdown import plain_markdown
from aig.core.skills import skill_rows
from aig.core.tasks import FOLDERS, PAPER_FOLDERS
from aig.shards import paper
from aig.shards.audio_index import AUDIO_INDEX
from aig.shards.manifest import SPLITS, Manifest
from aig.shards.schema import DATA
from aig.shards.sounds import RESTRICTED, SOUNDS, card_features, sound_files

__all__ = ["AUDIO_CONFIG", "STAGES", "card", "columns_of", "data_files"]

AUDIO_CONFIG = "audio"
"""Config that reads the clips with their audio, where the set holds it."""

STAGES: dict[str, tuple[str, ...]] = {
    "default": PAPER_FOLDERS,
    "stage1": ("classification",),
    "stage2": ("classification",),
    "stage3": PAPER_FOLDERS,
    **{name: (name,) for name in FOLDERS if name not in PAPER_FOLDERS},
    "all": FOLDERS,
}
"""Config of the card and the folders it reads: stages 1 and 2 of training are classification alone, 3 all that the
papers have; tasks of today have a config for each folder, and `all` reads everything."""

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))

_LIMITS = (
    "Answers of the open-ended questions, and all others whose lineage says `model`, were written by a language model "
    "that saw text about a clip and never heard it. They can be wrong, and they can be sure of what nobody could hear.",
    "Pitch, volume, speed and transcripts were measured by programs, not by people.",
    "Gender, age and emotion are as the datasets' owners annotated them; they describe recordings and say little of "
    "the people in them.",
    "Questions and answers are in English.",
)

_NO_AUDIO = "The audio is not part of this set. Get it from the owners of each dataset, under their terms."


def data_files(manifest: Manifest) -> dict[str, dict[str, list[str]]]:
    """The file patterns of each config by split; a folder, split or config without files is left out.

    A set of the papers' tasks alone has no config `all`: it would be `default` again.
    """
    present = {(entry.split, entry.folder) for entry in manifest.data_files}
    splits = [split for split in SPLITS if any(split == of for of, _ in present)]
    more = {folder for _, folder in present} - set(PAPER_FOLDERS)
    found: dict[str, dict[str, list[str]]] = {}
    for config, folders in STAGES.items():
        for split in splits:
            name = "*" if splits == ["train"] else f"{split}-*"
            paths = [f"data/{folder}/{name}.parquet" for folder in folders if (split, folder) in present]
            if paths and (config != "all" or more):
                found.setdefault(config, {})[split] = paths
    for entry in sound_files(manifest):
        paths = found.setdefault(AUDIO_CONFIG, {}).setdefault(entry.split, [])
        if (pattern := f"audio/{entry.folder}/{entry.split}-*.parquet") not in paths:
            paths.append(pattern)
    return found


def columns_of(config: str) -> list[str]:
    """The columns that a config reads."""
    return list(SOUNDS.names if config == AUDIO_CONFIG else DATA.names)


def card(manifest: Manifest) -> str:
    """The text of `README.md`; the same manifest gives the same text."""
    front = yaml.safe_dump(_front_matter(manifest), sort_keys=False, allow_unicode=True)
    sections = [
        _summary(manifest),
        _loading(manifest),
        _counts(manifest),
        _tasks(manifest),
        _licences(manifest),
        *_held_out(manifest),
        _making(manifest),
        "## Known limits\n\n"
        + _list([*manifest.build.notes, *_LIMITS, *([] if sound_files(manifest) else [_NO_AUDIO])]),
    ]
    return f"---\n{front}---\n\n" + "\n\n".join(sections) + "\n"


def _front_matter(manifest: Manifest) -> dict[str, Any]:
    configs = data_files(manifest)
    return {
        "pretty_name": "Audio question answering",
        "language": ["en"],
        "license": "other",
        "task_categories": ["audio-text-to-text", "audio-classification", "automatic-speech-recognition"],
        "tags": ["audio", "speech", "question-answering", "instruction-tuning"],
        "size_categories": [next((name for bound, name in _SIZES if manifest.rows < bound), "10M<n<100M")],
        "configs": [
            {
                "config_name": config,
                "version": _version(manifest),
                "data_files": [{"split": split, "path": paths} for split, paths in splits.items()],
            }
            | ({"default": True} if config == "default" else {})
            for config, splits in configs.items()
        ],
        "dataset_info": [
            {
                "config_name": config,
                "features": card_features()
                if config == AUDIO_CONFIG
                else [{"name": name, "dtype": "string"} for name in DATA.names],
            }
            for config in configs
        ],
    }


def _version(manifest: Manifest) -> str:
    """A version that follows from the rows, `0.0.<number>`.

    `datasets` caches by folder name and version alone: without a version, a set published again, or another set in a
    folder of the same name, would load the cached rows.
    """
    content = "".join(entry.sha256 for entry in manifest.data_files)
    return f"0.0.{int(hashlib.sha256(content.encode()).hexdigest()[:8], 16)}"


def _summary(manifest: Manifest) -> str:
    return (
        "# Audio question answering\n\n"
        f"{manifest.rows:,} questions and answers about audio clips of {len(manifest.counts)} dataset"
        f"{'s' * (len(manifest.counts) != 1)}, for training audio language models such as LTU and LTU-AS "
        "(arXiv [2305.10790](https://arxiv.org/abs/2305.10790), [2309.14405](https://arxiv.org/abs/2309.14405)).\n\n"
        "A row has six text columns: `instruction` (the question), `input` (what a recogniser heard, or empty), "
        "`audio_id` (`<dataset>/<clip>`), `dataset`, `task`, `output` (the answer)."
    )


def _loading(manifest: Manifest) -> str:
    rows: Counter[tuple[str, str]] = Counter()
    for entry in manifest.data_files:
        rows[entry.split, entry.folder] += entry.rows
    lines = [
        (
            f"`{config}`",
            split,
            sum(rows[split, name] for name in STAGES[config]),
            ", ".join(name for name in STAGES[config] if rows[split, name]),
        )
        for config, splits in data_files(manifest).items()
        if config != AUDIO_CONFIG
        for split in splits
    ]
    return (
        "## Loading\n\n"
        "```python\nimport datasets\n\n"
        'rows = datasets.load_dataset("<this folder>", "stage3", split="train")\n```\n\n'
        + _table(("config", "split", "rows", "folders under `data/`"), lines)
        + "\n\nStages 1 and 2 of training read classification alone, stage 3 everything. `lineage/` holds a file "
        "beside each data file, row by row: the pair's id, prompt, model, request and the features' version. "
        "`manifest.json` holds size and SHA-256 of every file; `aig validate` checks all of it."
        + _about_splits(manifest)
        + _about_audio(manifest)
        + _about_sounds(manifest)
    )


def _about_splits(manifest: Manifest) -> str:
    if {entry.split for entry in manifest.data_files} == {SPLITS[0]}:
        return ""
    return (
        "\n\nNo speaker, video or recording is in two splits. What the datasets' owners test on is in `test`; the rest "
        "of `validation` and `test` was drawn by a seeded hash of these groups."
    )


def _about_audio(manifest: Manifest) -> str:
    if manifest.file(AUDIO_INDEX) is None:
        return ""
    return (
        f"\n\n`{AUDIO_INDEX}` says of each clip which file below its dataset's root it is, from where to where, its "
        "length, rate, licence, source and a hash of its samples. An `audio_id` is not a file name: `aig export` "
        "writes the audio and the paths that a trainer opens."
    )


def _about_sounds(manifest: Manifest) -> str:
    files = sound_files(manifest)
    if not files:
        return ""
    bound = sum(entry.rows for entry in files if entry.folder == RESTRICTED)
    may_not = (
        f" Of these, {bound:,} lie in `audio/restricted/`: their licences let nobody pass them on." if bound else ""
    )
    clips = sum(entry.rows for entry in files)
    return (
        f"\n\nThe config `{AUDIO_CONFIG}` has {clips:,} clips with their audio, a row a clip: 16 kHz FLAC of one "
        f"channel and a list of its questions.{may_not}"
    )


def _counts(manifest: Manifest) -> str:
    lines = []
    for name, tasks in manifest.counts.items():
        source = manifest.build.sources.get(name)
        printed = paper.DATASETS.get(name)
        asked = sum(rows for task, rows in tasks.items() if manifest.tasks[task].source == "model")
        lines.append(
            (
                plain_markdown(source.title if source else name),
                manifest.clips.get(name, ""),
                printed.clips if printed else "",
                sum(tasks.values()) - asked,
                printed.closed if printed else "",
                asked,
                printed.open if printed else "",
            )
        )
    heads = ("dataset", "clips", "paper", "closed-ended", "paper", "open-ended", "paper")
    return "## Rows by dataset\n\nBeside the papers' counts, which they print rounded.\n\n" + _table(heads, lines)


def _tasks(manifest: Manifest) -> str:
    rows = {task: sum(tasks.get(task, 0) for tasks in manifest.counts.values()) for task in manifest.tasks}
    lines = [
        (task, manifest.tasks[task].folder, number, paper.TASKS.get(task, ""))
        for task, number in rows.items()
        if number
    ]
    left_out = ", ".join(f"{reason.replace('_', ' ')}: {number:,}" for reason, number in manifest.left_out.items())
    after = f"\n\nLeft out: {left_out}." if left_out else ""
    by_task = "## Rows by task\n\n" + _table(("task", "folder", "rows", "paper"), lines)
    return by_task + _skills(manifest) + after


def _skills(manifest: Manifest) -> str:
    """Rows by what benchmarks file their questions under, where there are such."""
    if not manifest.skills:
        return ""
    heads, rows = skill_rows(manifest.skills)
    lines = [[plain_markdown(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return "\n\nBy skill, where MMAU and MECAT have it, and difficulty by rule:\n\n" + _table(heads, lines)


def _licences(manifest: Manifest) -> str:
    sources = manifest.build.sources
    lines = []
    for name in manifest.counts:
        source = sources[name]
        paper_link = f"; {_linked(source.paper)}" if source.paper else ""
        lines.append(
            (
                f"{plain_markdown(source.title)} (`{name}`)",
                plain_markdown(source.licence),
                plain_markdown(source.forbids) or "nothing named",
                (_linked(source.home) if source.home else "") + paper_link,
            )
        )
    heads = ("dataset", "licence", "what it forbids or asks for", "home; paper")
    return (
        "## Sources and licences\n\nWhoever uses rows of a dataset is bound by that dataset's terms.\n\n"
        + _table(heads, lines)
        + _licences_of_clips(manifest)
    )


def _licences_of_clips(manifest: Manifest) -> str:
    """Rows by the licence of their clip, where any clip's is known."""
    if not manifest.licences:
        return ""
    lines = [
        (
            plain_markdown(name),
            rows,
            "no" if forbids_sales(name) else "",
            "no" if forbids_changes(name) else "",
        )
        for name, rows in sorted(manifest.licences.items(), key=lambda item: (-item[1], item[0]))
    ]
    if rest := manifest.rows - sum(manifest.licences.values()):
        lines.append(("not stated", rest, "", ""))
    heads = ("licence of the clip", "rows", "commercial use", "derivatives")
    return "\n\nBy clip, as the column `licence` of `lineage/` says row by row:\n\n" + _table(heads, lines)


def _held_out(manifest: Manifest) -> list[str]:
    """What was held against which test sets, where the build says so; a set of an earlier version does not."""
    if not manifest.build.held_out:
        return []
    return [
        "## Clips of test sets\n\nClips of recordings that a test set holds were left out as far as this says; a test "
        "set that it does not name was not looked at.\n\n" + _list(manifest.build.held_out)
    ]


def _making(manifest: Manifest) -> str:
    build = manifest.build
    prompts = [(f"`{name}`", f"`{sha256[:16]}`") for name, sha256 in sorted(build.prompts.items())]
    facts = [
        f"code: {plain_markdown(build.code)}",
        f"five-level scales: {plain_markdown(build.levels)}",
        f"seed: {build.seed}",
    ]
    listed = "\n\n" + _table(("prompt or question bank", "SHA-256 begins"), prompts) if prompts else ""
    return (
        "## How it was built\n\nClosed-ended pairs follow by rule from what the datasets annotate and what was "
        "measured; open-ended pairs were asked and answered by a language model that was given the same as text.\n\n"
        + _list(facts)
        + listed
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {plain_markdown(item) if item not in (*_LIMITS, _NO_AUDIO) else item}" for item in items)


def _linked(text: str) -> str:
    """A web address as a link; anything else as plain text."""
    return f"<{text}>" if re.fullmatch(r"https?://[\w./:?=&%~+#-]+", text) else plain_markdown(text)
