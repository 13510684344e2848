"""`aig prompts`: see, try and version the prompts and question banks."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

if TYPE_CHECKING:
    from aig.prompts.open_ended import Prompt

__all__ = ["register"]

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="`speech@1`, or `speech` for the version in use.")]
FolderOption = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder with prompts of your own; of a configuration, its `prompt_folder`."),
]


def register(app: typer.Typer) -> None:
    """Adds this module's commands, and those that grow the data through a model."""
    from aig.pipelines.cli import prompt_data

    prompts = typer.Typer(help="See, try, version and grow prompts and question banks.", no_args_is_help=True)
    prompts.command("list")(list_prompts)
    prompts.command("show")(show)
    prompts.command("render")(render)
    prompts.command("diff")(diff)
    prompts.command("new")(new)
    prompts.command("grow")(prompt_data.grow)
    prompts.command("describe")(prompt_data.describe)
    app.add_typer(prompts, name="prompts")


def list_prompts(folder: FolderOption = None, json: JsonFlag = False) -> None:
    """Lists the open-ended prompts and the closed-ended question banks."""
    from aig.generators.closed_ended.registry import TASKS
    from aig.prompts.open_ended import load, load_all

    found = [
        {
            "name": prompt.head.name,
            "version": prompt.head.version,
            "kind": prompt.kind,
            "pairs": prompt.head.pairs,
            "in_use": prompt.head.default and load(prompt.head.name, folder) == prompt,
            "summary": prompt.head.summary,
            "sha256": prompt.sha256,
            "source": prompt.source,
        }
        for _, prompt in sorted(load_all(folder).items())
    ]
    banks = [
        {
            "task": task.name,
            "bank": task.questions.id,
            "asks": task.questions.file.asks,
            "questions": sum(1 for _ in task.questions.paraphrases()),
            "sha256": task.questions.sha256,
        }
        for _, task in sorted(TASKS.items())
    ]
    if json:
        print_json({"prompts": found, "banks": banks})
        return
    rows = [
        (f"{p['name']}@{p['version']}", p["kind"], p["pairs"], p["in_use"], str(p["sha256"])[:8], p["summary"])
        for p in found
    ]
    print_table("Open-ended prompts", ("prompt", "kind", "pairs", "in use", "sha256", "summary"), rows)
    columns = ("task", "bank", "ways to ask", "asks for")
    print_table(
        "Closed-ended question banks", columns, [(b["task"], b["bank"], b["questions"], b["asks"]) for b in banks]
    )


def show(name: NameArgument, folder: FolderOption = None, json: JsonFlag = False) -> None:
    """Prints a prompt, or the question bank of a task."""
    from aig.generators.closed_ended.registry import TASKS
    from aig.prompts.open_ended import load, load_all

    if name in TASKS and name not in load_all(folder):
        questions = TASKS[name].questions
        if json:
            content = questions.file.model_dump(mode="json")
            print_json({"bank": questions.id, "sha256": questions.sha256, **content})
        else:
            typer.echo("\n".join(questions.paraphrases()))
        return
    prompt = load(name, folder)
    if json:
        head = prompt.head.model_dump(mode="json")
        print_json({**head, "body": prompt.body, "sha256": prompt.sha256, "source": prompt.source})
    else:
        typer.echo(_text(prompt), nl=False)


def render(
    name: NameArgument,
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG]", help="Take the clip from this configuration's workspace.")
    ] = None,
    audio_id: Annotated[
        str | None, typer.Argument(metavar="[AUDIO_ID]", help="Which clip; left out, the first one of its kind.")
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON file with fields of a clip and of its features.")
    ] = None,
    pairs: Annotated[int | None, typer.Option(min=1, max=100, help="Pairs to ask for.")] = None,
    folder: FolderOption = None,
    json: JsonFlag = False,
) -> None:
    """Shows the exact messages that the model gets for a clip; without one, for a made-up example."""
    from aig.pipelines.configuration import load as load_configuration
    from aig.pipelines.views.prompt_clips import clip_in_workspace, example_clip, read_clip
    from aig.prompts.open_ended import load
    from aig.prompts.open_ended import render as rendered

    if config is not None and clip is not None:
        raise UsageError("a clip comes from CONFIG or from --clip, not both", "Leave one of them out.")
    seed, description_file = 0, None
    if config is not None:
        configuration = load_configuration(config)
        questions = configuration.generate.questions
        folder = folder or questions.prompt_folder
        seed, description_file, pairs = configuration.seed, questions.description_file, pairs or questions.pairs
    prompt = load(name, folder)
    if config is not None:
        item = clip_in_workspace(configuration, audio_id, prompt, seed)
    else:
        item = read_clip(clip) if clip is not None else example_clip(prompt.kind)
    about = item.clip
    messages = rendered(
        prompt,
        about,
        item.features,
        transcript=item.spoken,
        pairs=pairs,
        seed=seed,
        description_file=description_file,
    )
    if not messages:
        raise UsageError(
            f"{about.audio_id} has nothing that a prompt of the kind {prompt.kind} is about",
            "Name another clip, or another prompt.",
        )
    if json:
        print_json({"prompt": prompt.id, "audio_id": about.audio_id, "messages": list(messages)})
        return
    for message in messages:
        typer.echo(f"--- {message['role']} ---\n{message['content']}")


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A prompt, such as joint@1.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another, such as joint@2.")],
    folder: FolderOption = None,
    json: JsonFlag = False,
) -> None:
    """Shows how two prompts differ, line by line."""
    from aig.prompts.open_ended import load

    one, other = load(before, folder), load(after, folder)
    lines = list(
        difflib.unified_diff(_text(one).splitlines(), _text(other).splitlines(), one.id, other.id, lineterm="")
    )
    if json:
        print_json({"before": one.id, "after": other.id, "same": not lines, "diff": lines})
    else:
        typer.echo("\n".join(lines) if lines else f"{one.id} and {other.id} say the same.")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The prompt to write a new version of, or a new name.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where to write it.")] = Path("prompts"),
    start: Annotated[
        str | None, typer.Option("--from", metavar="PROMPT", help="What to start from; left out, NAME itself.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Writes a copy of a prompt under the next version, to be edited, tried and put to use."""
    from aig.prompts.open_ended import load, load_all, new_version, parse

    own = str(folder) if folder.is_dir() else None
    origin = load(start or name, own)
    file, text = new_version(origin, name.partition("@")[0], load_all(own))
    path = folder / file
    parse(text, str(path))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path} already exists", "Move it away, or give another --folder.") from None
    prompt = path.name.removesuffix(".md")
    if json:
        print_json({"prompt": prompt, "from": origin.id, "file": str(path)})
        return
    typer.echo(str(path))
    say(f"Edit it, try it with `aig prompts render {prompt} --folder {folder}`, and see `aig prompts diff`.")
    say(f"To use it: `generate: {{questions: {{prompt_folder: {folder}, prompts: {{{origin.kind}: {prompt}}}}}}}`.")


def _text(prompt: Prompt) -> str:
    """A prompt as the text of its file."""
    import yaml

    head: dict[str, Any] = prompt.head.model_dump(mode="json", exclude_unset=True)
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=120)}---\n{prompt.body}\n"
