"""`aig validate`, `aig stats` and `aig why`: is a published set valid, what is in it, where does a pair come from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aig.core.errors import UsageError
from aig.core.skills import skill_rows
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say
from aig.pipelines.views.escaping import visible

if TYPE_CHECKING:
    from aig.core.source_keys import KeyList
    from aig.shards.statistics import Statistics
    from aig.shards.validator.findings import Finding, ValidationReport

__all__ = ["SetArgument", "register"]

SetArgument = Annotated[
    str,
    typer.Argument(metavar="PATH", help="The published set: a folder, https://, s3:// or hf://.", show_default=False),
]


_AT_LENGTH = {"raw", "words"}
"""What `aig why` shows with --json alone."""


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("validate")(validate)
    app.command("stats")(stats)
    app.command("why")(why)


def validate(
    path: SetArgument,
    form: Annotated[
        str, typer.Option("--format", metavar="text|github|sarif|junit", help="How findings are printed.")
    ] = "text",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Findings shown of each code; all are counted.")] = 20,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST", help="A test set no clip may be of: a name such as audiocaps/test, or a file."),
    ] = None,
    lists: Annotated[str | None, typer.Option(metavar="FOLDER", help="Where the named lists are.")] = None,
    json: JsonFlag = False,
) -> None:
    """Checks published shards to the last page; exit status 1 if they are not valid, 2 if they cannot be read."""
    from aig.pipelines.runtime.progress import progress_of
    from aig.shards.validator.held_out_check import check_held_out
    from aig.shards.validator.validate import validate as check

    if form not in ("text", *_FORMATS):
        raise UsageError(f"unknown format {form!r}", f"Choose one of: text, {', '.join(_FORMATS)}.")
    tests = [_test_set(name, lists) for name in against or ()]
    with progress_of("validating", unit="rows") as progress:
        report = check(path, limit=limit, progress=progress.set)
    if tests:
        check_held_out(path, tests, report)
    if json:
        print_json(report.to_dict())
    elif form in _FORMATS:
        sys.stdout.write(_FORMATS[form](report))
    else:
        _print_report(report)
    if not report.complete:
        first = next(finding for finding in report.errors if finding.code == "unreachable")
        raise UsageError(
            f"{report.counts['unreachable']} files of the set could not be read, the first: {first.message}",
            "See that you may read all of it and that the server is well, then validate it again; what could be read "
            "was checked.",
        )
    if not report.ok:
        raise typer.Exit(1)


def _test_set(name: str, folder: str | None) -> KeyList:
    from aig.datasets_registry.held_out_lists import find_list

    found = find_list(name, {}, folder)
    if found is None:
        raise UsageError(
            f"the list {name!r} is not {f'below {folder}' if folder else 'on this disk'}.",
            f"Put the owners' file into FOLDER/{name.partition('/')[0]}, give --lists FOLDER, or name a file of keys.",
        )
    return found


def _github(report: ValidationReport) -> str:
    from aig.shards.validator.github_annotations import workflow_commands

    return "".join(f"{line}\n" for line in workflow_commands(report))


def _sarif(report: ValidationReport) -> str:
    from json import dumps

    import aig
    from aig.shards.validator.sarif import sarif

    return dumps(sarif(report, aig.__version__), ensure_ascii=False, indent=2) + "\n"


def _junit(report: ValidationReport) -> str:
    from aig.shards.validator.junit import junit

    return junit(report)


_FORMATS = {"github": _github, "sarif": _sarif, "junit": _junit}
"""What writes a report for a machine, by the name of `--format`."""


def _print_report(report: ValidationReport) -> None:
    for title, findings in (("Errors", report.errors), ("Warnings", report.warnings)):
        if findings:
            print_table(title, ("code", "shard", "row", "what"), [_line(finding) for finding in findings])
    hidden = {
        code: times - sum(finding.code == code for finding in (*report.errors, *report.warnings))
        for code, times in report.counts.items()
        if not code.startswith("longer_than_")
    }
    for code, times in sorted(hidden.items()):
        if times > 0:
            say(f"{times:,} more of {code}")
    verdict = "Valid" if report.ok else "Invalid"
    say(f"{verdict}: {report.rows:,} rows in {report.shards:,} shards.")


def _line(finding: Finding) -> tuple[str, str, str, str]:
    row = "" if finding.row is None else str(finding.row)
    return finding.code, visible(finding.shard), row, visible(finding.message)


def stats(path: SetArgument, json: JsonFlag = False) -> None:
    """Rows by dataset and task beside the paper's, levels, lengths, distinct questions and answers."""
    from aig.shards.statistics import statistics

    found = statistics(path)
    if json:
        print_json(found.to_dict())
        return
    _print_statistics(found)


def _print_statistics(found: Statistics) -> None:
    from aig.core.tasks import OPEN_ENDED
    from aig.prompts.kind_registry import TASK_KINDS
    from aig.shards import paper
    from aig.shards.paper_tasks import paper_tasks

    datasets = []
    for name, tasks in found.counts.items():
        asked = sum(tasks.get(task, 0) for task in (OPEN_ENDED.name, *TASK_KINDS))
        closed = sum(tasks.values()) - asked
        printed = paper.DATASETS.get(name)
        theirs = (printed.clips, printed.closed, printed.open) if printed else (None, None, None)
        numbers = (found.clips[name], theirs[0], closed, theirs[1], asked, theirs[2])
        datasets.append((name, *(_cell(number) for number in numbers)))
    heads = ("dataset", "clips", "paper", "closed-ended", "paper", "open-ended", "paper")
    print_table(f"{found.rows:,} rows", heads, datasets)
    names = dict.fromkeys((*paper_tasks(), *sorted({task for tasks in found.counts.values() for task in tasks})))
    by_task = {task: sum(tasks.get(task, 0) for tasks in found.counts.values()) for task in names}
    rows = [(task, _cell(number), _cell(paper.TASKS.get(task))) for task, number in by_task.items() if number]
    print_table("By task", ("task", "rows", "paper"), rows)
    skill_heads, skills = skill_rows(found.skills)
    if skills:
        lines = [tuple(_cell(cell) if isinstance(cell, int) else cell for cell in line) for line in skills]
        print_table("By skill and difficulty", skill_heads, lines)
    for task, levels in found.levels.items():
        total = sum(levels.values()) or 1
        shares = [(level, _cell(number), f"{100 * number / total:.1f} %") for level, number in levels.items()]
        print_table(task, ("level", "rows", "share"), shares)
    lengths = [(name, f"{x.mean:,.1f}", x.median, x.p95, x.longest) for name, x in found.lengths.items()]
    print_table("Characters", ("column", "mean", "median", "95 %", "longest"), lengths)
    if found.distinct_questions is not None:
        open_ended = [
            ("distinct questions", f"{found.distinct_questions:.1f} %", f"{paper.DISTINCT_QUESTIONS} %"),
            ("distinct answers", f"{found.distinct_answers:.1f} %", f"{paper.DISTINCT_ANSWERS} %"),
            ("cannot be answered", f"{found.not_answerable:.1f} %", "9.0 %"),
        ]
        print_table("Open-ended rows", ("what", "here", "paper"), open_ended)
    print_table("Models", ("model", "rows"), [(name or "by rule", rows) for name, rows in found.models.items()])


def _cell(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def why(
    qa_id: Annotated[str, typer.Argument(metavar="QA_ID", help="From the column qa_id of lineage/.")],
    config: Annotated[Path, typer.Argument(metavar="[CONFIG]", help="The configuration file.")] = Path("aig.yaml"),
    json: JsonFlag = False,
) -> None:
    """Where a published pair comes from: clip, measurements, prompt, raw reply, price."""
    from aig.pipelines.configuration import load
    from aig.pipelines.views.trace import trace_pair

    links = trace_pair(load(config), qa_id)
    if json:
        print_json(links)
        return
    for title, content in links.items():
        if isinstance(content, dict):
            shown = [(name, _text(value)) for name, value in content.items() if name not in _AT_LENGTH]
            print_table(title, ("", ""), shown)
        else:
            typer.echo(f"{title}: {_text(content)}")


def _text(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "\n".join(f"[{role}] {visible(content)}" for role, content in value)
    return visible(str(value))
