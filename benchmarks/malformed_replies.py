"""Replies as chat models really write them: every way we know of missing the JSON that was asked for, made by seed.

Each `Case` knows which pairs can be recovered from it, so that a parser's recovery and corruption can be counted.
`released_method` is the way of the released LTU-AS scripts, as described, for comparison.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["FAULTS", "Case", "corpus", "damaged", "released_method"]

Pairs = list[tuple[str, str]]

QUESTIONS = (
    "What mood does the speaker convey?",
    'Why does the speaker say "never again" twice?',
    "How do the dog's barks relate to the doorbell?",
    "What can be inferred from the phrase {sic} in the speech, if anything?",
    "Which of these fits best: rain, wind, or surf?",
    "Where might this be recorded (indoors, outdoors, on a train)?",
    "How does the pitch of 210Hz, 'high' for a man, shape the impression? 🎧",
    "What happens between 0.5s and 2.3s, and why?",
    "Können wir aus der Aufnahme auf das Wetter schließen?",
    "What role does the [background] music play\nin the second half?",
)
ANSWERS = (
    "The speaker sounds calm, since the pitch is low and the pace slow: a patient explanation.",
    'She says "never again", then repeats "never", so she seems determined rather than sad.',
    "The dog's barking follows the doorbell at 1.2s, which suggests that it's alerting its owner.",
    "It is a template like {name: value}; braces such as } or { carry no meaning here.",
    "Rain fits best, because the steady hiss [0.0s-9.8s] never rises or falls like surf; wind would gust.",
    "Most likely on a train: wheels clatter, a horn sounds, and people chatter (softly).",
    "A fundamental frequency near 210Hz is unusual for a man 🙂, so listeners may notice tension.",
    "First a door slams,\nthen footsteps fade, so somebody probably leaves the room.",
    "Ja – das gleichmäßige Rauschen deutet auf Regen hin, auch wenn niemand es erwähnt.",
    "The path C:\\audio\\new is read aloud, so the speaker seems to dictate computer commands.",
    'He adds "yes", and later "no".',
    "It rises by 50% (from 100 to 150), i.e. the speaker gets excited, doesn't he?",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A reply.

    Attributes:
        fault: what is wrong with it.
        text: the reply.
        pairs: what can be recovered, in order.
        cut: whether the reply breaks off within a further pair.
    """

    fault: str
    text: str
    pairs: tuple[tuple[str, str], ...]
    cut: bool = False


def corpus(per_fault: int = 8, seed: int = 0) -> Iterator[Case]:
    """`per_fault` cases of every fault."""
    for name, fault in FAULTS.items():
        for number in range(per_fault):
            rng = random.Random(f"{seed}/{name}/{number}")
            pairs = list(zip(rng.sample(QUESTIONS, 4), rng.sample(ANSWERS, 4), strict=True))
            text, kept = fault(pairs, rng)
            yield Case(name, text, tuple(kept), cut=len(kept) < len(pairs))


def _objects(pairs: Pairs, q: str = "q", a: str = "a") -> list[str]:
    return [json.dumps({q: question, a: answer}, ensure_ascii=False) for question, answer in pairs]


def _wrapped(pairs: Pairs) -> str:
    return '{"pairs": [' + ", ".join(_objects(pairs)) + "]}"


def _pretty(pairs: Pairs) -> str:
    return json.dumps([{"q": q, "a": a} for q, a in pairs], ensure_ascii=False, indent=2)


def _quoted(text: str, opening: str, closing: str) -> str:
    return opening + text.replace("\\", "\\\\").replace("\n", "\\n") + closing


def _with_quotes(pairs: Pairs, opening: str, closing: str) -> str:
    def quoted(text: str) -> str:
        return _quoted(text, opening, closing)

    return "[" + ", ".join(f"{{{quoted('q')}: {quoted(q)}, {quoted('a')}: {quoted(a)}}}" for q, a in pairs) + "]"


def _cut(pairs: Pairs, rng: random.Random, text: str, parts: list[str]) -> tuple[str, Pairs]:
    """Cuts the text within its last pair."""
    start = text.rindex(parts[-1])
    return text[: start + rng.randrange(2, len(parts[-1]) - 1)], pairs[:-1]


def _cut_wrapped(pairs: Pairs, rng: random.Random) -> tuple[str, Pairs]:
    return _cut(pairs, rng, _wrapped(pairs), _objects(pairs))


def _cut_lines(pairs: Pairs, rng: random.Random) -> tuple[str, Pairs]:
    return _cut(pairs, rng, "\n".join(_objects(pairs)), _objects(pairs))


def _cut_pretty(pairs: Pairs, rng: random.Random) -> tuple[str, Pairs]:
    text = _pretty(pairs)
    return text[: text.rindex("{") + rng.randrange(2, len(text) - text.rindex("{") - 6)], pairs[:-1]


def _cut_unescaped(pairs: Pairs, rng: random.Random) -> tuple[str, Pairs]:
    text = _unescaped(pairs)
    start = text.rindex('{"q"')
    return text[: start + rng.randrange(6, len(text) - start - 2)], pairs[:-1]


def _unescaped(pairs: Pairs) -> str:
    return _with_quotes(pairs, '"', '"')


def _raw_breaks(pairs: Pairs) -> str:
    def broken(text: str) -> str:
        return json.dumps(text.replace("\n", "\r"), ensure_ascii=False).replace("\\r", "\n")

    texts = [(broken(q.replace(" ", "\n", 1)), broken(a.replace(", ", ",\n", 1))) for q, a in pairs]
    return '{"pairs": [' + ", ".join(f'{{"q": {q}, "a": {a}}}' for q, a in texts) + "]}"


def _python(pairs: Pairs) -> str:
    return repr([{"q": q, "a": a} for q, a in pairs])


def _numbered_keys(pairs: Pairs) -> str:
    flat = {f"{key}{n}": text for n, (q, a) in enumerate(pairs, 1) for key, text in (("q", q), ("a", a))}
    return json.dumps(flat, ensure_ascii=False)


def _comments(pairs: Pairs) -> str:
    return "[\n" + ",\n".join(f"  {o}  // pair {n}" for n, o in enumerate(_objects(pairs), 1)) + "\n]"


def _extra_keys(pairs: Pairs) -> str:
    rows = [{"id": n, "q": q, "a": a, "themes": ["mood", {"x": 1}]} for n, (q, a) in enumerate(pairs)]
    return "Sure!\n" + "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def _extra_keys_broken(pairs: Pairs) -> str:
    rows = (f'{{"id": {n}, {_objects([pair])[0][1:-1]}, "theme": "mood",}}' for n, pair in enumerate(pairs))
    return "[" + ", ".join(rows) + "]"


def _bare_keys(pairs: Pairs) -> str:
    dumps = [[json.dumps(text, ensure_ascii=False) for text in pair] for pair in pairs]
    return "[" + ", ".join(f"{{q: {q}, a: {a}}}" for q, a in dumps) + "]"


def _numbered_list(pairs: Pairs) -> str:
    return "\n".join(f"{n}. {o}" for n, o in enumerate(_objects(pairs), 1))


def _labelled(pairs: Pairs) -> str:
    return "\n\n".join(f"Q{n}: {' '.join(q.split())}\nA{n}: {' '.join(a.split())}" for n, (q, a) in enumerate(pairs, 1))


def _markdown(pairs: Pairs) -> str:
    return "\n\n".join(
        f"**Question {n}:** {' '.join(q.split())}\n**Answer:** {' '.join(a.split())}"
        for n, (q, a) in enumerate(pairs, 1)
    )


def _one_bad(pairs: Pairs) -> str:
    objects = _objects(pairs)
    objects[1] = objects[1].replace('", "a"', '" "a"')
    return "[" + ", ".join(objects) + "]"


def _nested_broken(pairs: Pairs) -> str:
    return '{"pairs": [' + ", ".join(_objects([(f"{q} {{a}}", f'{a} {{"k": {{1}}}}') for q, a in pairs])) + ",]}"


def _double(pairs: Pairs) -> str:
    return json.dumps(_wrapped(pairs), ensure_ascii=False)


def _whole(make: Callable[[Pairs], str]) -> Callable[[Pairs, random.Random], tuple[str, Pairs]]:
    return lambda pairs, _: (make(pairs), pairs)


FAULTS: dict[str, Callable[[Pairs, random.Random], tuple[str, Pairs]]] = {
    "schema": _whole(_wrapped),
    "array": _whole(lambda pairs: "[" + ", ".join(_objects(pairs)) + "]"),
    "pretty": _whole(_pretty),
    "escaped unicode": _whole(lambda pairs: json.dumps([{"q": q, "a": a} for q, a in pairs])),
    "JSON lines": _whole(lambda pairs: "\n".join(_objects(pairs))),
    "objects, commas, no array": _whole(lambda pairs: ",\n".join(_objects(pairs))),
    "fence": _whole(lambda pairs: f"```json\n{_wrapped(pairs)}\n```"),
    "a fence per pair": _whole(lambda pairs: "\n".join(f"```\n{o}\n```" for o in _objects(pairs))),
    "fence not closed": _whole(lambda pairs: f"```json\n{_pretty(pairs)}"),
    "prose around": _whole(lambda pairs: f'Here are "4" pairs {{as asked}}:\n{_wrapped(pairs)}\nHope this [helps]!'),
    "numbered list": _whole(_numbered_list),
    "byte order mark": _whole(lambda pairs: "\ufeff" + _wrapped(pairs)),
    "near names": _whole(lambda pairs: "[" + ",".join(_objects(pairs, "question", "answer")) + "]"),
    "capital names": _whole(lambda pairs: "[" + ",".join(_objects(pairs, "Question", "Answer")) + "]"),
    "near names, trailing comma": _whole(lambda p: "[" + ",".join(_objects(p, "Q", "A")) + ",]"),
    "numbered keys": _whole(_numbered_keys),
    "list of lists": _whole(lambda pairs: json.dumps([list(pair) for pair in pairs], ensure_ascii=False)),
    "question as key": _whole(lambda pairs: json.dumps(dict(pairs), ensure_ascii=False)),
    "encoded twice": _whole(_double),
    "trailing commas": _whole(lambda p: '{"pairs": [' + ", ".join(o[:-1] + ",}" for o in _objects(p)) + ",],}"),
    "commas missing": _whole(lambda pairs: "[" + "\n".join(_objects(pairs)) + "]"),
    "one comma missing in a pair": _whole(_one_bad),
    "bracket missing": _whole(lambda pairs: _wrapped(pairs)[:-2]),
    "bracket too many": _whole(lambda pairs: _wrapped(pairs) + "]}"),
    "comments": _whole(_comments),
    "Python": _whole(_python),
    "single quotes": _whole(lambda pairs: _with_quotes(pairs, "'", "'")),
    "smart quotes": _whole(lambda pairs: _with_quotes(pairs, "“", "”")),
    "keys without quotes": _whole(_bare_keys),
    "quotes not escaped": _whole(_unescaped),
    "quotes not escaped, fence, prose": _whole(lambda p: f"Sure:\n```json\n{_unescaped(p)}\n```\nEnjoy!"),
    "raw line breaks": _whole(_raw_breaks),
    "raw line breaks, trailing comma": _whole(lambda pairs: _raw_breaks(pairs)[:-2] + ",]}"),
    "wrong escapes": _whole(lambda pairs: _wrapped(pairs).replace("'", "\\'")),
    "nested braces, trailing comma": lambda pairs, _: (
        _nested_broken(pairs),
        [(f"{q} {{a}}", f'{a} {{"k": {{1}}}}') for q, a in pairs],
    ),
    "extra keys": _whole(_extra_keys),
    "extra keys, trailing commas": _whole(_extra_keys_broken),
    "Q: A: lines": _whole(_labelled),
    "markdown": _whole(_markdown),
    "cut": _cut_wrapped,
    "cut, JSON lines": _cut_lines,
    "cut, pretty": _cut_pretty,
    "cut, quotes not escaped": _cut_unescaped,
}


def damaged(count: int, seed: int = 0) -> Iterator[Case]:
    """Arrays of which one bracket, comma, colon or quote is lost, doubled, or turned into another.

    All pairs count as wanted, also the one that is hit: not every such pair can be told for certain.
    """
    for number in range(count):
        rng = random.Random(f"{seed}/damaged/{number}")
        pairs = list(zip(rng.sample(QUESTIONS, 4), rng.sample(ANSWERS, 4), strict=True))
        marks: list[int] = []
        text = ""
        for index, pair in enumerate(pairs):
            question, answer = (json.dumps(side, ensure_ascii=False)[1:-1] for side in pair)
            for part in ("," if index else "[", '{"', "q", '":"', question, '","', "a", '":"', answer, '"}'):
                if not part[0].isalnum():
                    marks += range(len(text), len(text) + len(part))
                text += part
        text += "]"
        at = rng.choice(marks)
        fault = rng.choice(("lost", "doubled", "another"))
        mark = {"lost": "", "doubled": text[at] * 2, "another": rng.choice('{}[],:"')}[fault]
        yield Case(fault, text[:at] + mark + text[at + 1 :], tuple(pairs))


def released_method(text: str) -> Pairs:
    """Line breaks deleted, `{...}` found by a regular expression, each read as JSON; one bad object loses them all."""
    pairs = []
    try:
        for found in re.findall(r"\{.*?\}", text.replace("\n", "")):
            value = json.loads(found)
            pairs.append((str(value["q"]), str(value["a"])))
    except (ValueError, KeyError, TypeError):
        return []
    return pairs
