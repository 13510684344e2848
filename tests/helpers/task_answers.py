"""Clips and the answers of single tasks about them."""

from __future__ import annotations

from aig.core.records import Clip, Features, Measured
from aig.generators.closed_ended.facts import Facts
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.metadata import sounds

LABELS = (
    "Dog",
    "Church bell",
    "Rain",
    "Car",
    "Piano",
    "Sneeze",
    "Helicopter",
    "Toilet flush",
    "Keys jangling",
    "Frog",
    "Train",
    "Applause",
    "Typing",
    "Violin",
    "Water tap, faucet",
    "Gunshot, gunfire",
)


def measured(clip: Clip, **fields) -> Measured:
    features = Features(audio_id=clip.audio_id, duration_s=10.0, sample_rate=16_000, **fields)
    return Measured(clip, features, fields.get("transcript") or "", sounds(clip, features))


def answers(task: str, item: Measured, peers=(), *, vocabulary=LABELS, seed: int = 0) -> list:
    """The answers of a task about a clip; `peers` are other clips, or a `Peers` with the clip in it."""
    peers = peers if isinstance(peers, Peers) else Peers([item, *peers])
    known = (item.clip, item.features, item.spoken, item.sounds)
    facts = Facts(*known, tuple(vocabulary), seed, QuestionSettings(), peers)
    return list(TASKS[task].answers(facts)) if facts.has(TASKS[task].needs) else []


def clip(number: int = 0, **fields) -> Clip:
    return Clip(audio_id=f"d/{number:05d}", dataset="d", **fields)


OTHERS = [measured(clip(number, labels=(label,))) for number, label in enumerate(LABELS, 1)]
