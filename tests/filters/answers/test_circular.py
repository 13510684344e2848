"""Answers that go round in a circle, and answers that take up the question's words and say something."""

import zlib
from pathlib import Path

import pytest

from aig.core.records import Clip
from aig.filters.answers.circular import circular
from aig.filters.answers.filter import Pair, filter_pairs
from aig.filters.answers.settings import AnswerFilterSettings

DATA = Path(__file__).parent / "data"


def written(name: str, *, held_back: bool) -> list[tuple[str, str]]:
    """The pairs of a file; a third, by their hash, is held back: the rule was not shaped on it."""
    lines = (DATA / f"circular_{name}.txt").read_text().splitlines()
    mine = [line for line in lines if line and line[0] != "#" and (zlib.crc32(line.encode()) % 3 == 0) == held_back]
    return [(question.strip(), answer.strip()) for question, _, answer in (line.partition("|") for line in mine)]


@pytest.mark.parametrize("held_back", [False, True])
def test_precision_and_recall_on_written_pairs(held_back):
    goes, stays = written("goes", held_back=held_back), written("stays", held_back=held_back)
    missed = [pair for pair in goes if not circular(*pair)]
    wrong = [pair for pair in stays if circular(*pair)]
    assert len(missed) <= 0.12 * len(goes), missed
    assert not wrong


def test_the_filter_gives_its_reason_and_can_be_switched_off():
    clip = Clip(audio_id="x/1", dataset="x")
    pairs = [Pair("What if the music were louder?", "If the music were louder, then the music would be louder.")]
    (result,) = filter_pairs(pairs, clip, None, AnswerFilterSettings())
    assert (result.rule, result.reason) == ("circular", "the answer holds no word that the question does not")
    (result,) = filter_pairs(pairs, clip, None, AnswerFilterSettings(circular=False))
    assert result.rule == ""
