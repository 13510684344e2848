"""What second models said of a pair: a record of its own table, see `aig.core.records`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What second models said of a pair; a field that nobody was asked about is `None`.

    Attributes:
        qa_id: of the pair.
        audio_id: of its clip.
        dataset: of its clip.
        prompt: that the pair answers.
        judge_prompt: name and version of the judge's instructions.
        judge_model: as the server reported it.
        request_id: key of the judge's request in the ledger; of the first where there were several votes.
        supported: the answer follows from what is known of the clip.
        audible: listening is enough to give the answer.
        not_given_away: the question does not hold the answer.
        well_formed: both are whole and clear, and fit each other.
        score: share of these four that hold, 0 to 1; 0 where the answer is not supported.
        reason: in the judge's words.
        error: why there is no score though a judge was asked: `unreadable`, `no_reply`.
        blind_model: as the server reported it.
        blind_answer: what it guessed without the clip.
        audio_contribution: `weak` where the guess agrees with the answer, else `strong`.
    """

    qa_id: str
    audio_id: str
    dataset: str
    prompt: str
    judge_prompt: str | None = None
    judge_model: str | None = None
    request_id: str | None = None
    supported: bool | None = None
    audible: bool | None = None
    not_given_away: bool | None = None
    well_formed: bool | None = None
    score: float | None = None
    reason: str | None = None
    error: str | None = None
    blind_model: str | None = None
    blind_answer: str | None = None
    audio_contribution: str | None = None
