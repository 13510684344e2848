"""Closed-ended pairs: a question drawn from a bank, an answer that follows from the metadata by rule."""

from aig.generators.closed_ended.pairs import ClosedEnded, closed_pairs, undescribed

__all__ = ["ClosedEnded", "closed_pairs", "undescribed"]
