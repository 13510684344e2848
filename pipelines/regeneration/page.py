"""The comparison of two prompts as one page: the figures, and clips with both prompts' pairs side by side."""

from __future__ import annotations

from aig.pipelines.regeneration.run import Regenerated
from aig.pipelines.views.escaping import html_environment
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["figure_rows", "write_page"]

_SHOWN = 20
"""Clips on the page."""


def figure_rows(result: Regenerated) -> list[tuple[str, str, str]]:
    """The figures as rows of a table: what, by the prompt in use, by the new one."""
    before, after = result.before, result.after
    rules = sorted({*before.dropped, *after.dropped})
    rows: list[tuple[str, float, float, str]] = [
        ("replies read", before.replies, after.replies, ",d"),
        ("pairs that stay", before.pairs, after.pairs, ",d"),
        ("pairs per reply", before.pairs_per_reply, after.pairs_per_reply, ".1f"),
        ("parse rate", before.parse_rate, after.parse_rate, ".1%"),
        ("not answerable", before.not_answerable, after.not_answerable, ".1%"),
        ("words per question", before.question_words, after.question_words, ".1f"),
        ("words per answer", before.answer_words, after.answer_words, ".1f"),
        ("distinct questions", before.distinct_questions, after.distinct_questions, ".1%"),
        ("distinct answers", before.distinct_answers, after.distinct_answers, ".1%"),
        ("distinct words", before.distinct_1, after.distinct_1, ".3f"),
        ("distinct pairs of words", before.distinct_2, after.distinct_2, ".3f"),
        ("self-BLEU of questions", before.self_bleu_questions, after.self_bleu_questions, ".3f"),
        ("self-BLEU of answers", before.self_bleu_answers, after.self_bleu_answers, ".3f"),
        *((f"dropped: {rule}", before.dropped.get(rule, 0), after.dropped.get(rule, 0), ",d") for rule in rules),
    ]
    return [(what, _shown(before, old, form), _shown(after, new, form)) for what, old, new, form in rows]


def _shown(figures: object, value: float, form: str) -> str:
    return format(value, form) if getattr(figures, "replies", 0) else "–"


def write_page(workspace: Workspace, result: Regenerated) -> str:
    """Writes the page below `regenerated/` in the workspace and returns its address."""
    template = html_environment("aig.pipelines.regeneration").get_template("comparison.html.j2")
    name = f"{result.after.prompt}.html"
    text = template.render(
        result=result, rows=figure_rows(result), clips=result.beside[:_SHOWN], hidden=len(result.beside) - _SHOWN
    )
    workspace.write_text(text, "regenerated", name)
    return workspace.url("regenerated", name)
