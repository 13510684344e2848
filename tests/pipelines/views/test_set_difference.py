"""What changed between two published sets is told by row, task and build."""

from pathlib import Path

from aig.core.qa_id import make_pair
from aig.pipelines.views.set_difference import set_difference
from helpers.small_build import publish_rows


def pair(number: int, word: str = "low"):
    return make_pair(
        instruction=f"What is the pitch of voice {number}?",
        input="",
        audio_id=f"mine/{number}.wav",
        dataset="mine",
        task="pitch_cla",
        output=f"The pitch is {word}.",
        prompt="pitch_cla@1",
        prompt_sha256="ab" * 32,
    )


def test_pairs_that_came_went_and_changed_are_counted(tmp_path: Path) -> None:
    before, after = str(tmp_path / "a"), str(tmp_path / "b")
    publish_rows([pair(number) for number in range(10)], before)
    publish_rows([pair(0, "high"), *(pair(number) for number in range(2, 13))], after)
    found = set_difference(before, after)
    assert found["rows"] == [10, 12]
    assert found["clips"] == {"mine": [10, 12]}
    (row,) = found["counts"]
    assert (row["before"], row["after"], row["added"], row["removed"]) == (10, 12, 4, 2)
    assert found["build"] == {}


def test_equal_sets_do_not_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish_rows([pair(number) for number in range(10)], str(tmp_path / name))
    (row,) = set_difference(str(tmp_path / "a"), str(tmp_path / "b"))["counts"]
    assert (row["added"], row["removed"]) == (0, 0)
