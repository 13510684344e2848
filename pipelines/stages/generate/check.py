"""Whether the model's replies are worth going on with: a systematic fault becomes a failed run."""

from __future__ import annotations

from collections.abc import Iterable

from aig.core.errors import DataError
from aig.core.tables import DROPPED, QA, QUARANTINE
from aig.generators.open_ended.pairs import HOLDS_NOTHING
from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.answers import keep, recall
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["check_replies"]

_ALL_THE_SAME = "To publish without them all the same, raise max_quarantine."

_ADVICE = {
    "token_limit": "Raise generate.max_tokens, or let the model reason less.",
    "cut": "Raise generate.max_tokens.",
    "refusal": "Change the prompt, or ask another model.",
    "content_filter": "See the provider's settings of its content filter, or ask another provider.",
}
_MOST = 0.5
_OTHER_ADVICE = "See what the model answered (aig report), and try another model, prompt or generate.response_format."


def check_replies(configuration: Configuration, workspace: Workspace, names: Iterable[str]) -> None:
    """Looks at all open-ended pairs of some datasets, those of earlier runs included.

    Raises:
        DataError: most replies to a dataset's questions of a kind hold no pair at all, or more of its requests were
            given up than `max_quarantine` allows.
    """
    for name in names:
        kinds = [kind for kind in qa_kinds(configuration, name) if kind != CLOSED]
        made_from = [
            [(kind, workspace.state("qa", name, kind)) for kind in kinds],
            workspace.state("quarantine", "generate", prefix=f"part-{name}-"),
            [configuration.max_quarantine, *HOLDS_NOTHING],
        ]
        if recall(workspace, f"replies-{name}", made_from) is None:
            for kind in kinds:
                _check(configuration, workspace, name, kind)
            keep(workspace, f"replies-{name}", made_from, True)


def _check(configuration: Configuration, workspace: Workspace, name: str, kind: str) -> None:
    folder = ("qa", name, kind)
    refused = [part for part in workspace.parts("quarantine", "generate") if part.startswith(f"part-{name}-{kind}-")]
    dropped = workspace.tables("dropped", *folder)
    if not refused and not dropped:
        return
    database = workspace.database()
    workspace.view(database, "made", QA, folder, workspace.parts(*folder))
    workspace.view(database, "dropped", DROPPED, folder, dropped)
    workspace.view(database, "refused", QUARANTINE, ("quarantine", "generate"), refused)
    rules = ", ".join(f"'{rule}'" for rule in HOLDS_NOTHING)
    found = database.execute(
        f"""
        WITH replies AS (
            SELECT audio_id, NULL AS rule, NULL AS reason FROM made
            UNION ALL SELECT audio_id, rule, reason FROM dropped
        ), clips AS (
            SELECT audio_id, bool_and(rule IS NOT NULL AND rule IN ({rules})) AS nothing,
                any_value(rule) AS rule, any_value(reason) AS reason
            FROM replies GROUP BY audio_id
        )
        SELECT (SELECT count(*) FROM clips),
            (SELECT count(*) FROM clips WHERE nothing),
            (SELECT mode(rule) FROM clips WHERE nothing),
            (SELECT count(DISTINCT audio_id) FROM refused),
            (SELECT any_value(message) FROM refused),
            (SELECT any_value(advice) FROM refused)
        """  # noqa: S608 - rules are ours
    ).fetchone()
    assert found is not None
    replies, nothing, rule, given_up, message, advice = found
    if nothing > max(_MOST, configuration.max_quarantine) * replies:
        (reason,) = database.execute("SELECT any_value(reason) FROM dropped WHERE rule = ?", [rule]).fetchone() or ("",)
        raise DataError(
            f"{name}, {kind}: {nothing:,} of {replies:,} replies hold no question-answer pair; most often {rule}: "
            f"{reason}",
            f"{_ADVICE.get(rule, _OTHER_ADVICE)} {_ALL_THE_SAME}",
        )
    share = given_up / (replies + given_up)
    if share > configuration.max_quarantine:
        raise DataError(
            f"{name}, {kind}: {given_up:,} of {replies + given_up:,} requests were given up ({share:.1%}), more than "
            f"max_quarantine allows ({configuration.max_quarantine:.1%}); one of them: {message}",
            f"{advice} `aig retry-quarantine` asks them again. {_ALL_THE_SAME}",
        )
