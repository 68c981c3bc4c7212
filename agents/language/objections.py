"""What speaks against a line that a model has ended: a guard for each kind of fault, each with its reason in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from types import MappingProxyType

from agents.acts import SpeechPlan, Topic
from agents.language.lexicon import all_bases, bases, lexicon, named_in, runs, singular, words_of
from agents.language.phrases import phrase_book
from agents.language.prompt import EXEMPLAR_NAMES, SHARED_PREFIX
from agents.language.situation import weather_class
from agents.language.templates import Draft

MAX_ADDED_WORDS = 13  # over the draft's own, connective included: more would not fit the time the floor is held
MAX_TAIL_WORDS = 6  # longer tails of a small model lose the thread; measured by reading
LOWEST_LOG_PROBABILITY = -2.6  # mean per token; below, tails read like words drawn from a hat (by reading)
ECHO_LINES = 12  # of the village, within which no tail names a thing again
SECRET_WORDS = 2  # of its secret's telling words in one line, from which a speaker gives itself away

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
VAGUE = frozenset(
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
_ARTICLES = frozenset({"the", "a", "an", "my", "our", "your", "old"})
_WHERE = frozenset({"at", "in", "by", "near", "behind", "beside", "from", "outside", "inside", "to", "on"})
_PLACES = frozenset(
    {
        "inn",
        "mill",
        "chapel",
        "market",
        "well",
        "barn",
        "forge",
        "bakery",
        "bridge",
        "shore",
        "church",
        "square",
        "wood",
    }
)
_NEGATIONS = frozenset({"not", "never", "nobody", "nothing", "none", "neither", "nor", "cannot", "hardly", "no"})
_TIMES = frozenset(
    {
        *("today", "tonight", "tomorrow", "yesterday", "morning", "noon", "afternoon", "evening", "night", "week"),
        *("midday", "midnight", "dawn", "dusk", "summer", "winter", "spring", "autumn"),
    }
)
_MODALS = frozenset({"will", "shall", "can", "could", "would", "must", "may", "might", "should", "to"})
_PASTS = frozenset(
    {
        *("was", "were", "had", "did", "went", "came", "saw", "said", "got", "took", "gave", "knew", "found", "heard"),
        *("made", "told", "ate", "sat", "stood", "slept", "brought", "thought", "felt", "fell", "began"),
    }
)
_THIRDS = frozenset({"is", "has", "does", "goes", "comes", "makes", "gives", "takes", "sees", "says"})
_DISAGREES = {
    "i": frozenset({"is", "are", "has", "does", "were"}) | _THIRDS,
    "we": frozenset({"is", "am", "has", "does", "was"}),
    "they": frozenset({"is", "am", "has", "does", "was"}),
    "it": frozenset({"are", "am", "have", "do", "were"}),
}


_JOINING = frozenset({"and", "or"})
_EXEMPLAR_ENDS = frozenset(tuple(words_of(line)[-2:]) for line in SHARED_PREFIX.splitlines() if line)


@dataclass(frozen=True)
class Candidate:
    """One try of the model: the line it makes with the clause, and how likely the model found its tail."""

    line: str
    tail: str
    log_probability: float


def objection(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Why a candidate must not be shown, as "guard: reason", or "" when nothing speaks against it."""
    for name, guard in GUARDS.items():
        if reason := guard(plan, draft, candidate):
            return f"{name}: {reason}"
    return ""


def guard_of(reason: str) -> str:
    """The name of the guard that gave a reason, for counting."""
    return reason.partition(":")[0]


def said_before(plan: SpeechPlan) -> list[str]:
    """What this speaker said lately and what was said in this talk."""
    return [*plan.recent_lines, *(line for _, line in plan.history)]


def named_before(plan: SpeechPlan, lines: int = ECHO_LINES) -> frozenset[str]:
    """The things that this talk, this mouth or the last lines of the village have named, as singulars."""
    named = frozenset[str]().union(*map(named_in, (*said_before(plan), *plan.lately[-lines:])))
    return frozenset(map(singular, named))


def wanted_words(plan: SpeechPlan, draft: Draft) -> list[str]:
    """What a tail may name: words that the connective calls for, neither in the clause nor named lately, sorted.

    Those that none of the village's lines in mind has named come alone where there are any.
    """
    clause = all_bases(draft.phrase)
    words = sorted(word for word in lexicon().of_kinds(draft.calls_for) if not bases(word) & clause)
    long_heard = named_before(plan, len(plan.lately))
    if fresh := [word for word in words if singular(word) not in long_heard]:
        return fresh
    heard = named_before(plan)
    return [word for word in words if singular(word) not in heard]


def scene_words(plan: SpeechPlan) -> frozenset[str]:
    """The words with a meaning that belong to what is being talked about."""
    last = plan.history[-1][1] if plan.history else ""
    details = " ".join(str(value) for value in plan.fact.details.values()) if plan.fact else ""
    text = f"{plan.place_name} {plan.here} {plan.weather} {plan.memory} {last} {details}"
    return frozenset(words_of(text)) - lexicon().small


def form(_plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """One sentence that ends, without marks that cannot be said, and the clause untouched."""
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


def length(_plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Few enough words for the time the floor is held."""
    tail_words = candidate.tail.split()
    added = len(candidate.line.split()) - len(draft.phrase.split())
    if len(tail_words) > MAX_TAIL_WORDS or added > MAX_ADDED_WORDS:
        return f"is too long ({added} words more than planned)"
    return ""


def names(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Nobody is named but those two between whom it is said; of a third it would claim what no fact covers."""
    allowed = {plan.listener.name, *draft.names} & set(plan.known_names) - {plan.speaker.name}
    known = {part for name in allowed for part in name.split()} | {"I"}
    for name in _NAME_LIKE.findall(candidate.tail):
        if name not in known:
            return f"names {name}"
    if plan.speaker.name.lower() in words_of(candidate.tail):
        return "names the speaker"
    lowered = {name.lower() for name in EXEMPLAR_NAMES} & set(words_of(candidate.tail))
    return f"names {min(lowered)} of the exemplars" if lowered else ""


def voice(_plan: SpeechPlan, _draft: Draft, candidate: Candidate) -> str:
    """No assistant, narrator or stage direction."""
    tail = candidate.tail.lower()
    if found := _ASSISTANT.search(tail):
        return f"is not a villager's voice ({found[0]})"
    return ""


def joint(_plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Faults where clause and tail meet, and pronouns that would turn the planned sentence round."""
    words = words_of(candidate.tail)
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


def repetition(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Says something, and something else than the clause, the talk so far and the exemplars; claims no news."""
    tail = words_of(candidate.tail)
    empty, wanted = lexicon().small | VAGUE, lexicon().of_kinds(draft.calls_for)
    telling = {word for word in tail if word in wanted or not {word, word.removesuffix("s")} & empty}
    if not telling:
        return "says nothing"
    details = " ".join(str(value) for value in plan.fact.details.values()) if plan.fact else ""
    if any(bases(word) & all_bases(f"{draft.phrase} {details}") for word in telling):
        return "says the clause again"
    if any(bases(a) & bases(b) for a, b in combinations(sorted(telling), 2)) or any(a == b for a, b in pairwise(tail)):
        return "stammers"
    if claimed := _NEWS_WORDS & set(tail):
        return f"claims news ({min(claimed)})"
    if tuple(tail[-2:]) in _EXEMPLAR_ENDS:
        return "ends like an exemplar"
    tail_runs = runs(words_of(candidate.line)) - runs(words_of(draft.clause))
    if any(tail_runs & runs(words_of(line)) for line in (*said_before(plan), *SHARED_PREFIX.splitlines())):
        return "was said before"
    return ""


def echo(plan: SpeechPlan, _draft: Draft, candidate: Candidate) -> str:
    """Names a thing that this talk, this mouth or the last lines of the village have named."""
    heard = named_before(plan)
    again = {word for word in named_in(candidate.tail) if singular(word) in heard}
    return f"names '{max(again, key=lambda word: (len(word), word))}' again" if again else ""


def sense(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Says what the connective calls for and no more: after "a cup of" something to drink, and no mother.

    What is called for may have qualities ("good hot tea"), a second of its kind ("tea and milk") and the hearer's name
    behind it; a small model that goes on from there loses the thread.
    """
    if not draft.calls_for:
        return ""
    words, wanted = words_of(candidate.tail), set(draft.calls_for)
    if len(words) > 1 and words[-1] == plan.listener.name.lower():
        words.pop()
    found = [word for word in words if lexicon().kinds_of(word) & wanted]
    beside = [word for word in words if word not in found and word not in lexicon().qualities]
    joined = len(found) == 1 + len(beside) and _JOINING.issuperset(beside)
    if found and found[-1] == words[-1] and joined:
        return ""
    odd = [word for word in beside if word not in lexicon().small] or beside or [" ".join(found) or "nothing"]
    return f"says '{odd[0]}' where {' or '.join(draft.calls_for)} is called for"


def scene(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """What contradicts the weather, the hour or the place; hopes and other times are free."""
    words = set(words_of(candidate.tail))
    line = set(words_of(draft.connective)) | words
    now = weather_class(plan.weather)
    if not line & _WISH:
        for group, names in _WEATHER_WORDS.items():
            if group not in _WEATHER_FITS.get(now, set()) and names & words:
                return f"says '{min(names & words)}' in {plan.weather}"
    if "tomorrow" in words and "tomorrow" not in words_of(draft.clause):
        return "says 'tomorrow' of today"
    if not line & (_OTHER_TIME | _WISH) and words & _NIGHT and plan.day_part not in ("evening", "night"):
        return f"says '{min(words & _NIGHT)}' in the {plan.day_part}"
    if not line & _OTHER_TIME:
        for part in _DAY_PARTS:
            if part in words and part not in plan.day_part:
                return f"says '{part}' in the {plan.day_part}"
    return ""


def vocabulary(plan: SpeechPlan, _draft: Draft, candidate: Candidate) -> str:
    """Only words and people that the valley has."""
    if people := {word.removesuffix("'s").removesuffix("s") for word in words_of(candidate.tail)} & set(
        phrase_book().tasks
    ):
        return f"brings in a {min(people)}"
    own = {plan.listener.name.lower()} | scene_words(plan)
    strange = [word for word in words_of(candidate.tail) if word not in own and not lexicon().knows(word)]
    return f"speaks of '{strange[0]}', which the valley does not know" if strange else ""


def contradiction(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """What is stated or promised stays as it was said: nothing taken back, no other place, no other time."""
    if plan.fact is None and plan.proposal is None:
        return ""
    tail = words_of(candidate.tail)
    if taken_back := _NEGATIONS & set(tail):
        return f"takes it back with '{min(taken_back)}'"
    known = set(words_of(f"{plan.place_name} {plan.here} {draft.clause}"))
    for before, word in pairwise(word for word in tail if word not in _ARTICLES):
        if before in _WHERE and word in _PLACES and word not in known:
            return f"puts it at another place ('{word}')"
    times = set(words_of(f"{plan.when} {plan.day_part} {draft.clause}"))
    if plan.when and (other := (_TIMES & set(tail)) - times):
        return f"puts it at another time ('{min(other)}')"
    return ""


def grammar(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Verbs agree with the speaker and the connective, and what is to come is not told as over."""
    words = [*words_of(draft.connective)[-2:], *words_of(candidate.tail)]
    for before, word in pairwise(words):
        if word in _DISAGREES.get(before, ()):
            return f"says '{before} {word}'"
        if before in _MODALS and (word in _PASTS or word in _THIRDS):
            return f"says '{before} {word}'"
    if plan.tense == "future" and plan.proposal is not None and (over := _PASTS & set(words_of(candidate.tail))):
        return f"tells what is to come as over ('{min(over)}')"
    return ""


def secret(plan: SpeechPlan, draft: Draft, candidate: Candidate) -> str:
    """Nobody lets slip what it tells only to those it trusts, unless it has been decided that it is told."""
    if plan.topic is Topic.SELF and plan.fact is not None and plan.fact.kind == "secret":
        return ""
    telling = all_bases(plan.speaker.secret)
    slipped = {word for word in set(words_of(candidate.tail)) - lexicon().small if bases(word) & telling}
    whole = set(words_of(candidate.line)) - lexicon().small
    hints = {word for word in whole if bases(word) & telling}
    return f"lets slip {' and '.join(sorted(slipped))}" if slipped and len(hints) >= SECRET_WORDS else ""


def likelihood(_plan: SpeechPlan, _draft: Draft, candidate: Candidate) -> str:
    """What the model itself found hard to believe."""
    if candidate.log_probability < LOWEST_LOG_PROBABILITY:
        return f"unlikely ({candidate.log_probability:.2f})"
    return ""


Guard = Callable[[SpeechPlan, Draft, Candidate], str]
GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        "form": form,
        "length": length,
        "names": names,
        "voice": voice,
        "joint": joint,
        "grammar": grammar,
        "repetition": repetition,
        "echo": echo,
        "sense": sense,
        "scene": scene,
        "contradiction": contradiction,
        "secret": secret,
        "vocabulary": vocabulary,
        "likelihood": likelihood,
    }
)
"""Each kind of fault by the name under which its reasons are counted; the first that objects gives the reason."""
