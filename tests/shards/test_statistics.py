"""Statistics of tasks of today's benchmarks: by skill and difficulty, which the papers' rows do not have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aig.core.records import Clip, Event, Measured, QAPair
from aig.core.tables import to_table
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.registry import resolve
from aig.generators.settings import QuestionSettings
from aig.shards.manifest import Build, Manifest, SourceDataset
from aig.shards.settings import PublishSettings
from aig.shards.statistics import statistics
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish
from helpers.slow_store import in_slow_store


class Mine:
    closed_tasks = ("cla_label",)
    copies = 1


def test_rows_are_counted_by_skill_and_difficulty(tmp_path: Path):
    tasks = resolve(("paper", "choice_first", "duration"))
    clip = Clip(
        audio_id="mine/a", dataset="mine", labels=("Dog", "Rain"), events=(Event("Dog", 0, 1), Event("Rain", 2, 5))
    )
    item = Measured(clip, None, "", ("Dog", "Rain"))
    rows = [row for seed in range(5) for row in closed_pairs(item, Mine(), seed, QuestionSettings(), (), tasks)]
    rows = list({row.qa_id: row for row in rows}.values())
    sources = {"mine": SourceDataset(title="Mine", licence="mine", longest_s=10.0)}
    build = Build(code="aig", levels="default-1", sources=sources, tasks=tuple(task.spec for task in tasks))
    publish(to_table(rows, QAPair).to_batches(), str(tmp_path), PublishSettings(), build)
    assert validate(str(tmp_path)).ok
    found = statistics(str(tmp_path))
    asked = found.counts["mine"]
    assert found.skills == {
        "temporal events": {"advanced": asked["duration"], "intermediate": asked["choice_first"]},
    }
    assert asked["cla_label"] > 0


def test_a_set_of_many_files_on_a_slow_store_is_counted(
    tmp_path: Path, pairs: Callable[[int], list[QAPair]], published_by: Callable[..., Manifest]
):
    published_by(tmp_path / "set", pairs(660))
    found = statistics(in_slow_store(tmp_path / "set", "statistics"))
    assert found == statistics(str(tmp_path / "set"))
    assert found.rows == 660
