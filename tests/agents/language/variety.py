"""How varied a body of lines is, without asking anybody's opinion.

Names are put aside first, so that the same words said to another one count as the same words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agents.acts import SpeechPlan
from agents.language.templates import draft

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
NEAR = 0.7  # share of common word pairs from which two lines count as near duplicates; judgement
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True)
class Variety:
    """Measures of a body of lines, each 0..1; only the distinct shares are better the higher."""

    lines: int
    distinct: tuple[float, float, float]  # share of different ones among its words, pairs and triples (Li et al. 2016)
    repeated_4grams: float  # share of runs of four words that stand in more than one line
    self_bleu_4: float  # how well each line can be put together from all the others (Zhu et al. 2018)
    near_duplicates: float  # share of lines for which another has most of its word pairs
    duplicates: float  # share of lines that are said again word for word


def variety(lines: Sequence[str], names: Iterable[str] = ()) -> Variety:
    """Measure lines; `names` are put aside."""
    away = {name.lower() for name in names}
    said = [[word for word in _WORD.findall(line.lower()) if word not in away] for line in lines]
    return Variety(
        lines=len(said),
        distinct=(distinct(said, 1), distinct(said, 2), distinct(said, 3)),
        repeated_4grams=repeated(said, 4),
        self_bleu_4=self_bleu(said),
        near_duplicates=near_duplicates(said),
        duplicates=1.0 - len({tuple(words) for words in said}) / max(1, len(said)),
    )


def one_wording_each(plans: Sequence[SpeechPlan]) -> list[str]:
    """The lines of a stock with one wording for each act, topic and kind: what to compare with."""
    first: dict[tuple[str, str, str], int] = {}
    for plan in plans:
        kind = plan.fact.kind if plan.fact else plan.proposal.kind if plan.proposal else ""
        first.setdefault((plan.act, plan.topic, kind), plan.seed)
    calm: dict[str, Any] = {
        "mood": "calm",
        "emotion": "",
        "relation": "",
        "season": "",
        "affinity": 0.0,
        "weather": "broken cloud",
    }
    traits: dict[str, Any] = dict.fromkeys(TRAITS, 0.5) | {"age": 40}
    lines = []
    for plan in plans:
        kind = plan.fact.kind if plan.fact else plan.proposal.kind if plan.proposal else ""
        seed = first[plan.act, plan.topic, kind]
        even = replace(plan.speaker, **traits)
        lines.append(draft(replace(plan, speaker=even, seed=seed, history=(), recent_lines=(), **calm)).phrase)
    return lines


def distinct(said: Sequence[Sequence[str]], n: int) -> float:
    """Different runs of n words over all of them (distinct-n, Li et al. 2016)."""
    runs = [run for words in said for run in _runs(words, n)]
    return len(set(runs)) / max(1, len(runs))


def repeated(said: Sequence[Sequence[str]], n: int) -> float:
    """Share of all runs of n words that stand in two lines or more."""
    in_lines = Counter(run for words in said for run in set(_runs(words, n)))
    runs = [run for words in said for run in _runs(words, n)]
    return sum(in_lines[run] > 1 for run in runs) / max(1, len(runs))


def self_bleu(said: Sequence[Sequence[str]], longest: int = 4) -> float:
    """Mean BLEU (Papineni et al. 2002) of each line against all others, runs of one to `longest` words.

    Counts are smoothed by one half where nothing agrees; lines shorter than `longest` are left out.
    """
    tables = [[Counter(_runs(words, n)) for n in range(1, longest + 1)] for words in said]
    most = [_two_largest([table[n] for table in tables]) for n in range(longest)]
    lengths = np.array([len(words) for words in said])
    scores = []
    for index, words in enumerate(said):
        if len(words) < longest:
            continue
        logs = [
            np.log(max(0.5, _clipped(table, most[n], index)) / sum(table.values()))
            for n, table in enumerate(tables[index])
        ]
        others = np.delete(lengths, index)
        closest = int(others[np.argmin(np.abs(others - len(words)))])
        scores.append(min(1.0, np.exp(1.0 - closest / len(words))) * np.exp(np.mean(logs)))
    return float(np.mean(scores)) if scores else 0.0


def near_duplicates(said: Sequence[Sequence[str]], near: float = NEAR) -> float:
    """Share of lines for which another has at least `near` of the word pairs of both (Jaccard)."""
    pairs = [set(_runs(words, 2)) or set(_runs(words, 1)) for words in said]
    found = [
        any(len(one & two) >= near * len(one | two) for k, two in enumerate(pairs) if k != i and two)
        for i, one in enumerate(pairs)
    ]
    return sum(found) / max(1, len(found))


def _clipped(table: Counter[tuple[str, ...]], most: dict[tuple[str, ...], tuple[int, int, int]], index: int) -> int:
    """Runs of one line that other lines have, too, no more often than the other that has them most."""
    total = 0
    for run, count in table.items():
        first, owner, second = most[run]
        total += min(count, second if owner == index else first)
    return total


def _two_largest(tables: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """For each run the largest count in a line, whose it is, and the largest in any other."""
    most: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for index, table in enumerate(tables):
        for run, count in table.items():
            first, owner, second = most.get(run, (0, -1, 0))
            most[run] = (count, index, first) if count > first else (first, owner, max(second, count))
    return most


def _runs(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
