"""What a workspace knows of bad answers reaches the exports that reject them."""

from __future__ import annotations

import json
from pathlib import Path

from aig.core.records import Dropped
from aig.core.verdict import Verdict
from aig.pipelines.views.rejected import rejected_answers
from aig.pipelines.workspace.database import open_tables
from helpers.small_build import small_build


def test_marks_judges_filters_and_guesses_are_put_together(tmp_path: Path) -> None:
    configuration, workspace = small_build(tmp_path, published=False)
    with open_tables(configuration, workspace) as database:
        rows = database.execute(
            "SELECT qa_id, audio_id, instruction, output FROM qa WHERE source = 'model' ORDER BY qa_id"
        ).fetchall()
    marked, judged, guessed, praised, liked = rows[:5]

    def verdict(row: tuple[str, ...], **said: object) -> Verdict:
        return Verdict(qa_id=row[0], audio_id=row[1], dataset="mine", prompt="speech@1", **said)

    verdicts = [
        verdict(judged, score=0.0),
        verdict(guessed, audio_contribution="strong", blind_answer="A dog."),
        verdict(praised, score=1.0),
        verdict(liked, score=0.25),
    ]
    workspace.write(verdicts, Verdict, "verdicts", "mine", "open_speech", "part-00000-a-b.parquet")
    gone = [
        Dropped(audio_id="mine/1.wav", dataset="mine", rule=rule, reason="r", question="Who?", answer=rule)
        for rule in ("contradiction", "short")
    ]
    workspace.write(gone, Dropped, "qa", "mine", "open_speech", "dropped-00001-a.parquet")
    marks = tmp_path / "marks.jsonl"
    marks.write_text("".join(json.dumps({"qa_id": row[0], "mark": mark}) + "\n" for row, mark in (
        (marked, "bad"), (liked, "good"))))  # fmt: skip
    found = rejected_answers(configuration, marks)
    assert found.good == {praised[0], liked[0]}
    assert found.answers == {
        (marked[1], marked[2]): ((marked[3], "marked bad"),),
        (judged[1], judged[2]): ((judged[3], "refused by a judge"),),
        (guessed[1], guessed[2]): (("A dog.", "guessed without listening"),),
        ("mine/1.wav", "Who?"): (("contradiction", "contradicts the facts"),),
    }
    assert found.clips == {marked[1], judged[1], guessed[1], "mine/1.wav"}
