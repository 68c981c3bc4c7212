"""Which of a model's candidates is shown: those that pass every guard are scored, and the best is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.acts import SpeechPlan
from agents.language.lexicon import all_bases, bases, lexicon, words_of
from agents.language.objections import VAGUE, Candidate, objection, said_before, scene_words
from agents.language.templates import Draft

CUT_PENALTY = 0.3  # of a tail that is ended early
STALE_PENALTY = 0.8  # per word that the speaker said lately or that was said in this talk
TOPIC_BONUS = 0.35  # per word that belongs to the scene, at most two; in units of log-probability
VAGUE_PENALTY = 0.6  # for words that would fit anywhere; small models like to end with "tomorrow"
WORD_PENALTY, FREE_WORDS = 0.15, 3  # short tails read better


@dataclass(frozen=True)
class Verdict:
    """The best candidate that passed, if any, and the reason for each that did not, in the order of the candidates."""

    accepted: Candidate | None
    reasons: tuple[str, ...]  # "" for a candidate that passed


def judge(plan: SpeechPlan, draft: Draft, candidates: Sequence[Candidate]) -> Verdict:
    """Check every candidate and choose the best of those that pass, the earlier one on equal score.

    A candidate that falls is tried again ended at an earlier joint of its tail, the last joint first; the reason given
    is the one for the whole.
    """
    passed: list[Candidate] = []
    reasons: list[str] = []
    for candidate in candidates:
        reason = objection(plan, draft, candidate)
        standing = (
            next((c for c in _shortened(candidate) if not objection(plan, draft, c)), None) if reason else candidate
        )
        reasons.append("" if standing else reason)
        passed += [standing] if standing else []
    best = max(passed, key=lambda candidate: score(plan, candidate), default=None)
    return Verdict(best, tuple(reasons))


def candidate_of(draft: Draft, tail: str, log_probability: float) -> Candidate:
    """The candidate that a raw tail makes: joined to the clause, spaces tidied, a question ended by its mark."""
    text = " ".join(tail.split())
    if draft.asks and text.endswith("."):
        text = text[:-1] + "?"
    line = " ".join(f"{draft.clause}{' ' * tail[:1].isspace()}{text}".split())
    return Candidate(line, text, log_probability)


def score(plan: SpeechPlan, candidate: Candidate) -> float:
    """How good a passing candidate is: the model's own mean log-probability, whether it speaks of the scene, and
    whether its words are fresh in this talk and from this mouth.
    """
    words = words_of(candidate.tail)
    telling = set(words) - lexicon().small
    said = all_bases(" ".join(said_before(plan)))
    stale = sum(1 for word in telling if bases(word) & said)
    topical = (scene_words(plan) & telling) if not stale else ()
    vague = bool(VAGUE & set(words))
    return (
        candidate.log_probability
        + TOPIC_BONUS * min(2, len(topical))
        - STALE_PENALTY * stale
        - VAGUE_PENALTY * (vague + ("tomorrow" in words))
        - WORD_PENALTY * max(0, len(words) - FREE_WORDS)
    )


def _shortened(candidate: Candidate) -> Iterator[Candidate]:
    """The candidate ended before each joint of its tail, the longest first; only a noun of the valley may end it."""
    words = candidate.tail.split()
    before = candidate.line[: len(candidate.line) - len(candidate.tail)]
    mark = "?" if candidate.tail.endswith("?") else "."
    for cut in range(len(words) - 1, 0, -1):
        last = words[cut - 1].rstrip(",")
        if words[cut] in lexicon().joints and bases(last) & lexicon().things and last not in lexicon().small:
            tail = f"{' '.join(words[:cut]).rstrip(',')}{mark}"
            yield Candidate(before + tail, tail, candidate.log_probability - CUT_PENALTY)
