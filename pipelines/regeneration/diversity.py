"""How varied texts are: distinct ones, distinct n-grams, and how well each could be made from the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["distinct_ngrams", "distinct_texts", "self_bleu", "tokens"]

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_ORDER = 4


def tokens(text: str) -> list[str]:
    """Words and punctuation marks in lower case."""
    return _TOKEN.findall(text.casefold())


def distinct_texts(texts: Sequence[str]) -> float:
    """Share of different texts, 0 to 1, white space and case aside; 0 for none."""
    return len({" ".join(text.casefold().split()) for text in texts}) / len(texts) if texts else 0.0


def distinct_ngrams(texts: Sequence[str], n: int) -> float:
    """Distinct n-grams over all n-grams, 0 to 1 (Li et al. 2016, arXiv 1510.03055); more texts give a lower share."""
    grams = [gram for text in texts for gram in _grams(tokens(text), n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def self_bleu(texts: Sequence[str]) -> float:
    """Mean BLEU-4 of each text against all others, 0 to 1 (Zhu et al. 2018, arXiv 1802.01886); low is varied.

    Counts of an order without a match are smoothed by one half, and the brevity penalty takes the reference nearest in
    length. 0 for fewer than two texts.
    """
    split = [tokens(text) for text in texts]
    if len(split) < 2:
        return 0.0
    best = [_best_two([Counter(_grams(words, n)) for words in split]) for n in range(1, _ORDER + 1)]
    lengths = Counter(len(words) for words in split)
    return sum(_bleu(words, best, lengths) for words in split) / len(split)


def _bleu(words: Sequence[str], best: Sequence[dict[tuple[str, ...], tuple[int, int]]], lengths: Counter[int]) -> float:
    """BLEU of a text that is itself among the references, against all the others."""
    if not words:
        return 0.0
    logs = 0.0
    for n in range(1, _ORDER + 1):
        own = Counter(_grams(words, n))
        total = sum(own.values())
        if not total:
            continue
        # The most often that another text has the gram: the highest count, or the second where the highest is its own.
        matched = sum(min(count, _others(best[n - 1][gram], count)) for gram, count in own.items())
        logs += math.log((matched or 0.5) / total) / _ORDER
    others = lengths - Counter((len(words),))
    nearest = min(others, key=lambda length: (abs(length - len(words)), length))
    return math.exp(logs + min(0.0, 1 - nearest / len(words)))


def _others(best: tuple[int, int], own: int) -> int:
    first, second = best
    return second if own == first else first


def _best_two(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int]]:
    """For every n-gram the highest and the second highest count in one text."""
    best: dict[tuple[str, ...], tuple[int, int]] = {}
    for counter in counts:
        for gram, count in counter.items():
            first, second = best.get(gram, (0, 0))
            if count > first:
                best[gram] = (count, first)
            elif count > second:
                best[gram] = (first, count)
    return best


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]
