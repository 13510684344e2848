"""Answers that a workspace knows to be worse: marked bad, refused by a judge, contradicting the facts, or guessed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa

from aig.pipelines.configuration import Configuration
from aig.pipelines.workspace.database import open_tables
from aig.pipelines.workspace.marks import read_marks
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.export.form import Rejected

__all__ = ["rejected_answers"]

_REJECTED = """
    SELECT audio_id, instruction, output, 'marked bad' AS why, 1 AS order_
        FROM qa JOIN marks USING (qa_id) WHERE mark = 'bad'
    UNION ALL SELECT qa.audio_id, instruction, output, 'refused by a judge', 2
        FROM qa JOIN verdicts USING (qa_id) WHERE score < $min_score
    UNION ALL SELECT audio_id, question, answer, 'contradicts the facts', 3
        FROM dropped_pairs WHERE rule = 'contradiction' AND question IS NOT NULL AND answer IS NOT NULL
    UNION ALL SELECT qa.audio_id, instruction, blind_answer, 'guessed without listening', 4
        FROM qa JOIN verdicts USING (qa_id)
        WHERE verdicts.audio_contribution = 'strong' AND blind_answer IS NOT NULL
    ORDER BY order_, audio_id, instruction, output
"""
_GOOD = """
    SELECT qa_id FROM marks WHERE mark = 'good'
    UNION SELECT qa_id FROM verdicts WHERE score >= $min_score AND qa_id NOT IN (FROM (SELECT qa_id FROM marks))
"""


def rejected_answers(configuration: Configuration, marks: Path | None = None) -> Rejected:
    """What a workspace knows of its answers; what a person marked good is not bad for any other reason.

    Args:
        configuration: of the workspace; its judge's `min_score` says what is refused.
        marks: file of marks, as `aig browse` writes it; that of `publish.drop`, or the workspace's own, by default.

    Raises:
        UsageError, DataError: the marks cannot be read.
    """
    workspace = Workspace(configuration.workspace)
    file = marks or (Path(configuration.publish.drop) if configuration.publish.drop else None)
    own = Path(workspace.root) / "marks.jsonl"
    said = read_marks(file) if file else read_marks(own) if own.is_file() else {}
    judge = configuration.generate.judge
    scores = {"min_score": judge.min_score if judge else 1.0}
    with open_tables(configuration, workspace) as database:
        table = pa.table({"qa_id": list(said), "mark": [mark.mark for mark in said.values()]}, _MARKS)
        database.register("marks", table)
        good = frozenset(qa_id for (qa_id,) in database.execute(_GOOD, scores).fetchall())
        marked = {
            (audio_id, question, answer)
            for audio_id, question, answer in database.execute(
                "SELECT audio_id, instruction, output FROM qa JOIN marks USING (qa_id) WHERE mark = 'good'"
            ).fetchall()
        }
        answers: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for audio_id, question, answer, why, _ in database.execute(_REJECTED, scores).fetchall():
            if (audio_id, question, answer) not in marked:
                answers[audio_id, question].setdefault(answer, why)
    return Rejected({key: tuple(found.items()) for key, found in answers.items()}, good)


_MARKS = pa.schema([("qa_id", pa.string()), ("mark", pa.string())])
