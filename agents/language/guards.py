"""What may be shown of what a model said: checks in code, each with its reason, and a score among those that pass."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise

from agents.acts import SpeechPlan
from agents.language.phrases import phrase_book
from agents.language.prompt import EXEMPLAR_NAMES, SHARED_PREFIX
from agents.language.situation import weather_class
from agents.language.templates import REPEATED_WORDS, Draft

MAX_ADDED_WORDS = 13  # over the draft's own, connective included: more would not fit the time the floor is held
MAX_TAIL_WORDS = 6  # longer tails of a small model lose the thread; measured by reading
CUT_PENALTY = 0.3  # of a tail that is ended early
STALE_PENALTY = 0.8  # per word that the speaker said lately or that was said in this talk
LOWEST_LOG_PROBABILITY = -2.6  # mean per token; below, tails read like words drawn from a hat (by reading)
TOPIC_BONUS = 0.35  # per word that belongs to the scene, at most two; in units of log-probability
VAGUE_PENALTY = 0.6  # for words that would fit anywhere; small models like to end with "tomorrow"
WORD_PENALTY, FREE_WORDS = 0.15, 3  # short tails read better

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NAME_LIKE = re.compile(r"\b[A-Z][a-z]*\b")
_FORBIDDEN_MARKS = re.compile(r"[0-9\"“”‘«»:;()\[\]{}<>*_#/\\|@&%+=~^`…-]")
_ASSISTANT = re.compile(
    r"\b(assistant|language model|as an ai|ai|user|prompt|character|dialogue|sorry for your loss|how can i help"
    r"|said|says|replied|asked|answered|narrator)\b"
)
_THIRD_PERSON = frozenset({"he", "she", "him", "her", "his", "hers", "himself", "herself"})
_ADDRESS = frozenset({"you", "your", "yours", "yourself"})
_NIGHT = frozenset({"star", "stars", "moon", "moonlight", "midnight", "owl", "owls"})
_DAY_PARTS = ("morning", "noon", "afternoon", "evening", "night")
_OTHER_TIME = frozenset({"tomorrow", "until", "since", "last", "before", "by", "next", "every", "later", "till"})
_WISH = frozenset(
    {"hope", "wish", "want", "dream", "until", "if", "when", "tomorrow", "soon", "before", "after", "long"}
)
_WEATHER_WORDS = {
    "rain": {"rain", "rains", "raining", "rainy", "drizzle", "storm", "wet", "puddle", "puddles", "shower", "showers"},
    "snow": {"snow", "snowing", "snowy", "snowflake", "snowflakes", "snowdrift", "ice", "frost", "frosty"},
    "fog": {"fog", "foggy", "mist", "misty"},
    "sun": {"sun", "sunny", "sunshine", "sunlight", "sunrise", "sunset"},
}
_WEATHER_FITS = {  # class of the present weather -> groups of words that agree with it
    "rain": {"rain"},
    "storm": {"rain"},
    "snow": {"snow"},
    "fog": {"fog", "rain"},
    "wind": {"rain", "sun"},
    "cloud": {"sun"},
    "sun": {"sun"},
    "hot": {"sun"},
}
_VAGUE = frozenset(
    {
        "thing",
        "things",
        "something",
        "everything",
        "anything",
        "way",
        "time",
        "people",
        "place",
        "one",
        "ones",
        "part",
        "village",
    }
)
# Words that would be a fact of their own; where the fact is known they are in the clause already.
_NEWS_WORDS = frozenset(
    {"wedding", "weddings", "marry", "fox", "foxes", "wolf", "wolves", "stranger", "traveller", "pedlar"}
)
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "y", "'s")


@dataclass(frozen=True)
class Candidate:
    """One try of the model: the line it makes with the clause, and how likely the model found its tail."""

    line: str
    tail: str
    log_probability: float


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


def objection(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Why a candidate must not be shown, or "" when nothing speaks against it."""
    checks = (
        _form(draft, candidate),
        _length(draft, candidate),
        _names(plan, draft, candidate),
        _voice(candidate),
        _joint(draft, candidate),
        _repetition(plan, draft, candidate),
        _scene(plan, draft, candidate),
        _vocabulary(plan, candidate),
    )
    if reason := next(filter(None, checks), ""):
        return reason
    return f"unlikely ({candidate.log_probability:.2f})" if candidate.log_probability < LOWEST_LOG_PROBABILITY else ""


def score(plan: SpeechPlan, candidate: Candidate) -> float:
    """How good a passing candidate is: the model's own mean log-probability, whether it speaks of the scene, and
    whether its words are fresh in this talk and from this mouth.
    """
    words = _words(candidate.tail)
    telling = set(words) - lexicon().small
    said = _all_bases(" ".join(_said(plan)))
    stale = sum(1 for word in telling if _bases(word) & said)
    topical = (scene_words(plan) & telling) if not stale else ()
    vague = bool(_VAGUE & set(words))
    return (
        candidate.log_probability
        + TOPIC_BONUS * min(2, len(topical))
        - STALE_PENALTY * stale
        - VAGUE_PENALTY * (vague + ("tomorrow" in words))
        - WORD_PENALTY * max(0, len(words) - FREE_WORDS)
    )


def scene_words(plan: SpeechPlan) -> frozenset[str]:
    """The words with a meaning that belong to what is being talked about."""
    last = plan.history[-1][1] if plan.history else ""
    details = " ".join(str(value) for value in plan.fact.details.values()) if plan.fact else ""
    text = f"{plan.place_name} {plan.here} {plan.weather} {plan.memory} {last} {details}"
    return frozenset(_words(text)) - lexicon().small


@dataclass(frozen=True)
class Lexicon:
    """The words a tail may be made of."""

    small: frozenset[str]  # words of grammar and everyday verbs, which say little by themselves
    things: frozenset[str]
    joints: frozenset[str]  # words before which a sentence may as well end

    def knows(self, word: str) -> bool:
        """True for a listed word or a plain form of one (plural, past, -ing, -ly)."""
        return bool(_bases(word) & (self.small | self.things))


@cache
def lexicon() -> Lexicon:
    """The words of assets/phrases/lexicon.toml."""
    data = tomllib.loads(files("assets").joinpath("phrases", "lexicon.toml").read_text(encoding="utf-8"))
    return Lexicon(**{name: frozenset(words.split()) for name, words in data.items()})


def _shortened(candidate: Candidate) -> Iterator[Candidate]:
    """The candidate ended before each joint of its tail, the longest first; only a noun of the valley may end it."""
    words = candidate.tail.split()
    before = candidate.line[: len(candidate.line) - len(candidate.tail)]
    mark = "?" if candidate.tail.endswith("?") else "."
    for cut in range(len(words) - 1, 0, -1):
        last = words[cut - 1].rstrip(",")
        if words[cut] in lexicon().joints and _bases(last) & lexicon().things and last not in lexicon().small:
            tail = f"{' '.join(words[:cut]).rstrip(',')}{mark}"
            yield Candidate(before + tail, tail, candidate.log_probability - CUT_PENALTY)


def _said(plan: SpeechPlan) -> list[str]:
    return [*plan.recent_lines, *(line for _, line in plan.history)]


def _form(draft: Draft, candidate: Candidate) -> str:
    tail = candidate.tail
    if not tail:
        return "adds nothing"
    if not candidate.line.startswith(f"{draft.clause} "):
        return "breaks into the clause"
    if found := _FORBIDDEN_MARKS.search(tail):
        return f"has the mark {found[0]!r}"
    if any(unicodedata.category(char)[0] not in "LPZ" for char in tail):
        return "has marks that cannot be said"
    if tail[-1] not in ".!?":
        return "does not end"
    if len(re.findall(r"[.!?]", tail)) != 1 or ",," in tail or " ," in tail or " ." in tail:
        return "is not one sentence"
    if tail[-1] == "?" and not draft.asks:
        return "turns into a question"
    return ""


def _length(draft: Draft, candidate: Candidate) -> str:
    tail_words = candidate.tail.split()
    added = len(candidate.line.split()) - len(draft.phrase.split())
    if len(tail_words) > MAX_TAIL_WORDS or added > MAX_ADDED_WORDS:
        return f"is too long ({added} words more than planned)"
    return ""


def _names(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    # A tail may name only the two it is said between: about a third person it would claim what no fact covers.
    allowed = {plan.listener.name, *draft.names} & set(plan.known_names) - {plan.speaker.name}
    known = {part for name in allowed for part in name.split()} | {"I"}
    for name in _NAME_LIKE.findall(candidate.tail):
        if name not in known:
            return f"names {name}"
    if plan.speaker.name.lower() in _words(candidate.tail):
        return "names the speaker"
    lowered = {name.lower() for name in EXEMPLAR_NAMES} & set(_words(candidate.tail))
    return f"names {min(lowered)} of the exemplars" if lowered else ""


def _voice(candidate: Candidate) -> str:
    tail = candidate.tail.lower()
    if found := _ASSISTANT.search(tail):
        return f"is not a villager's voice ({found[0]})"
    return ""


def _joint(draft: Draft, candidate: Candidate) -> str:
    """Faults where clause and tail meet, and pronouns that would turn the planned sentence round."""
    words = _words(candidate.tail)
    if not words:
        return "has no word"
    before, first = draft.connective.split()[-1:], words[0]
    last_word = before[0] if before else ""
    if last_word in ("a", "the", "my", "own", "whole") and first in (
        "a",
        "an",
        "the",
        "my",
        "your",
        "i",
        "it",
        "to",
        "that",
    ):
        return f"stumbles over '{last_word} {first}'"
    if last_word == "a" and first[0] in "aeiou":
        return f"says 'a {first}'"
    if swapped := _THIRD_PERSON & set(words):
        return f"says '{min(swapped)}' of nobody in particular"
    if _ADDRESS & set(words):
        return "turns the sentence round to the other"
    if words[-1] in (
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "of",
        "to",
        "for",
        "with",
        "my",
        "your",
        "our",
        "from",
        "in",
        "i",
    ):
        return "breaks off"
    return ""


def _repetition(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    tail = _words(candidate.tail)
    empty = lexicon().small | _VAGUE
    telling = {word for word in tail if not {word, word.removesuffix("s")} & empty}
    if not telling:
        return "says nothing"
    details = " ".join(str(value) for value in plan.fact.details.values()) if plan.fact else ""
    if any(_bases(word) & _all_bases(f"{draft.phrase} {details}") for word in telling):
        return "says the clause again"
    if any(_bases(a) & _bases(b) for a, b in combinations(sorted(telling), 2)) or any(
        a == b for a, b in pairwise(tail)
    ):
        return "stammers"
    if claimed := _NEWS_WORDS & set(tail):
        return f"claims news ({min(claimed)})"
    runs = _runs(_words(candidate.line))
    tail_runs = runs - _runs(_words(draft.clause))
    if any(tail_runs & _runs(_words(line)) for line in (*_said(plan), *SHARED_PREFIX.splitlines())):
        return "was said before"
    return ""


def _scene(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """What contradicts the weather, the hour or the place; hopes and other times are free."""
    words = set(_words(candidate.tail))
    line = set(_words(draft.connective)) | words
    now = weather_class(plan.weather)
    if not line & _WISH:
        for group, names in _WEATHER_WORDS.items():
            if group not in _WEATHER_FITS.get(now, set()) and names & words:
                return f"says '{min(names & words)}' in {plan.weather}"
    if not line & (_OTHER_TIME | _WISH) and words & _NIGHT and plan.day_part not in ("evening", "night"):
        return f"says '{min(words & _NIGHT)}' in the {plan.day_part}"
    if not line & _OTHER_TIME:
        for part in _DAY_PARTS:
            if part in words and part not in plan.day_part:
                return f"says '{part}' in the {plan.day_part}"
    return ""


def _vocabulary(plan: SpeechPlan, candidate: Candidate) -> str:
    if people := {word.removesuffix("'s").removesuffix("s") for word in _words(candidate.tail)} & set(
        phrase_book().tasks
    ):
        return f"brings in a {min(people)}"
    own = {plan.listener.name.lower()} | scene_words(plan)
    strange = [word for word in _words(candidate.tail) if word not in own and not lexicon().knows(word)]
    return f"speaks of '{strange[0]}', which the valley does not know" if strange else ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def _bases(word: str) -> set[str]:
    bases = {word}
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)]
            bases |= {stem, stem + "e"}
            if len(stem) > 2 and stem[-1] == stem[-2]:
                bases.add(stem[:-1])
    return bases


def _all_bases(text: str) -> set[str]:
    return {base for word in set(_words(text)) - lexicon().small for base in _bases(word)}


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + REPEATED_WORDS]) for i in range(len(words) - REPEATED_WORDS + 1)}
