"""The village's stock of wordings: reads `assets/phrases/*.toml` and finds what fits an act, a topic and a fact.

A phrase belongs to acts, perhaps to one topic and one kind of fact, and holds only under its conditions; so does an
ending, a connective after which a model may go on, and a coda, a second sentence that phrases add by themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

from agents.acts import Act, Topic

if TYPE_CHECKING:
    from agents.language.situation import Situation

# How much a close fit is preferred, by what a phrase is for; judgement.
ANY_WEIGHT, TOPIC_WEIGHT, KIND_WEIGHT, DETAILS_WEIGHT = 1, 4, 7, 10
PROPOSAL_KINDS = ("help", "bring", "attend", "meet")
CONDITIONS = (
    *("about", "to", "source", "sure", "fact", "turn", "after"),
    *("proposal", "promised", "doer", "host", "tense", "details"),
    *("mood", "emotion", "trait", "age", "trade", "their_trade"),
    *("affinity", "trust", "respect", "familiarity", "relation", "company"),
    *("weather", "cold", "day_part", "season"),
)
SENSE = frozenset(CONDITIONS[:13])  # conditions of sense; the others are of the moment and make a phrase fit better
SCOPE_KEYS = frozenset({"acts", "topic", "kind", *CONDITIONS})
CALLS_FOR = " | "  # between an ending and the kinds of words that may follow it
WORDINGS = {"group": "say", "ending": "go_on", "coda": "add"}  # table -> key of its wordings
LINES_REMEMBERED = 8192  # recognised lines kept; a village says some thousands a day

_OPENING = re.compile(r"^\w+, ")  # "Yes, ", "Well, "
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Words and where they may be said."""

    text: str
    acts: tuple[Act, ...]
    topic: Topic | None  # None: fits every topic
    kind: str  # "": fits every kind of fact
    conditions: tuple[tuple[str, frozenset[str]], ...]
    details: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    slots: tuple[str, ...] = ()

    def holds(self, situation: Situation) -> bool:
        """True when every condition is met."""
        values = situation.values
        return all(not wanted.isdisjoint(values[name]) for name, wanted in self.conditions) and all(
            situation.details.get(name) in wanted for name, wanted in self.details
        )

    @cached_property
    def closeness(self) -> int:
        """How narrow the sense is that this is for."""
        if self.kind:
            return DETAILS_WEIGHT if self.details else KIND_WEIGHT
        wanted = dict(self.conditions)
        if "yes" in wanted.get("promised", ()) or "again" in wanted.get("turn", ()):
            return DETAILS_WEIGHT
        if "after" in wanted or "none" not in wanted.get("proposal", ("none",)):
            return KIND_WEIGHT
        return TOPIC_WEIGHT if self.topic else ANY_WEIGHT

    @cached_property
    def answers(self) -> bool:
        """True for words that answer one act of the other's and no other."""
        return any(name == "after" for name, _ in self.conditions)

    @cached_property
    def of_moment(self) -> bool:
        """True for words that are for a moment, a mood, a person like this rather than for any."""
        return any(name not in SENSE for name, _ in self.conditions)


@dataclass(frozen=True, kw_only=True)
class Phrase(Scope):
    """One wording with slots."""

    tails: tuple[tuple[str, tuple[str, ...]], ...]  # connectives of its own, and the kinds of words they call for

    @cached_property
    def one_half(self) -> bool:
        """True where it may go on after a comma; a sentence of two halves is too long to follow with a third."""
        return ", " not in _OPENING.sub("", self.text.replace(", {listener}", "").replace("{listener}, ", ""))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Recognises lines that begin with this wording, whatever filled its slots.

        The final mark is left out: a line may go on after a comma where the phrase alone would stop.
        """
        pieces = _SLOT.split(self.text.rstrip(".!?"))
        return re.compile(".+?".join(re.escape(piece) for piece in pieces[::2]) + r"\b", re.IGNORECASE)

    @cached_property
    def landmark(self) -> str:
        """The longest piece between slots, in small letters: a line without it is none of this wording."""
        return max(_SLOT.split(self.text.rstrip(".!?"))[::2], key=len).lower()

    @cached_property
    def opening(self) -> tuple[str, ...]:
        """Its first two words, in small letters."""
        return opening_of(self.text)


@dataclass(frozen=True, kw_only=True)
class Ending(Scope):
    """A connective after which more may be said, whatever the phrase before it. A capital begins a new sentence."""

    calls_for: tuple[str, ...]  # kinds of words of the lexicon, one of which must follow


@dataclass(frozen=True, kw_only=True)
class Coda(Scope):
    """A second sentence, whatever the phrase before it."""

    @cached_property
    def landmark(self) -> str:
        """The longest piece between slots, in small letters."""
        return max(_SLOT.split(self.text.rstrip(".!?"))[::2], key=len).lower()


S = TypeVar("S", bound=Scope)


@dataclass(frozen=True)
class PhraseBook:
    """All phrases, endings and codas, in file order, and the name each trade has for its daily work."""

    phrases: tuple[Phrase, ...]
    endings: tuple[Ending, ...]
    codas: tuple[Coda, ...]
    tasks: Mapping[str, str]
    _shelves: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict, repr=False)

    def kinds(self) -> frozenset[str]:
        """Every kind of fact that can be told."""
        return frozenset(phrase.kind for phrase in self.phrases if phrase.kind and Act.TELL in phrase.acts)

    def phrases_for(self, act: Act, topic: Topic, kind: str) -> tuple[Phrase, ...]:
        """The phrases of an act that fit a topic and a kind of fact, whatever the situation."""
        return self._shelf(self.phrases, act, topic, kind)

    def endings_for(self, act: Act, topic: Topic, kind: str) -> tuple[Ending, ...]:
        """The endings of an act that fit a topic and a kind of fact."""
        return self._shelf(self.endings, act, topic, kind)

    def codas_for(self, act: Act, topic: Topic, kind: str) -> tuple[Coda, ...]:
        """The codas of an act that fit a topic and a kind of fact."""
        return self._shelf(self.codas, act, topic, kind)

    def _shelf(self, stock: tuple[S, ...], act: Act, topic: Topic, kind: str) -> tuple[S, ...]:
        key = (id(stock), act, topic, kind)
        if key not in self._shelves:
            self._shelves[key] = tuple(
                item for item in stock if act in item.acts and item.topic in (None, topic) and item.kind in ("", kind)
            )
        return self._shelves[key]


@cache
def phrase_book() -> PhraseBook:
    """The phrases shipped with Hamlet.

    Raises:
        ValueError: a group has an unknown key, act or topic, no wording, or an ending that does not say what may follow
            it; the message names file and group.
    """
    stocks: dict[str, list[Any]] = {"group": [], "ending": [], "coda": []}
    tasks: dict[str, str] = {}
    for entry in sorted(files("assets").joinpath("phrases").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        data = tomllib.loads(entry.read_text(encoding="utf-8"))
        tasks |= data.get("task", {})
        for table in WORDINGS:
            for number, item in enumerate(data.get(table, ())):
                stocks[table] += _read(table, item, f"assets/phrases/{entry.name}, {table} {number + 1}")
    return PhraseBook(tuple(stocks["group"]), tuple(stocks["ending"]), tuple(stocks["coda"]), tasks)


def said_by(line: str) -> frozenset[str]:
    """The wordings (their texts, slots unfilled) that a line begins with."""
    return _recognised(line)[0]


def acts_of(line: str) -> frozenset[Act]:
    """The acts a line may have been, judged by the wordings it begins with."""
    return _recognised(line)[1]


def opening_of(text: str) -> tuple[str, ...]:
    """The first two words of a line or a phrase, in small letters; a slot at the start leaves none."""
    return () if text.startswith("{") else tuple(_WORD.findall(text.lower())[:2])


@lru_cache(maxsize=LINES_REMEMBERED)
def _recognised(line: str) -> tuple[frozenset[str], frozenset[Act]]:
    small, first = line.lower(), next(iter(_WORD.findall(line.lower())), "")
    shelves = _by_first_word()
    found = [
        phrase
        for phrase in (*shelves.get(first, ()), *shelves.get("", ()))
        if phrase.landmark in small and phrase.pattern.match(line)
    ]
    return frozenset(phrase.text for phrase in found), frozenset(act for phrase in found for act in phrase.acts)


@cache
def _by_first_word() -> dict[str, tuple[Phrase, ...]]:
    """Phrases by the word they begin with; "" where that is a slot."""
    shelves: dict[str, list[Phrase]] = {}
    for phrase in phrase_book().phrases:
        shelves.setdefault(next(iter(phrase.opening), ""), []).append(phrase)
    return {word: tuple(shelf) for word, shelf in shelves.items()}


def _read(table: str, group: dict[str, Any], where: str) -> Iterable[Scope]:
    """The wordings of one table, one for each topic and kind that it lists."""
    wordings = WORDINGS[table]
    known = SCOPE_KEYS | {wordings} | ({"tails"} if table == "group" else set())
    if unknown := sorted(set(group) - known):
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}")
    if not group.get(wordings) or not group.get("acts"):
        raise ValueError(f"{where}: needs at least one act in 'acts' and one wording in '{wordings}'")
    try:
        acts = tuple(Act(name) for name in group["acts"])
        topics = [Topic(name) for name in _listed(group["topic"])] if "topic" in group else [None]
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    conditions = tuple(
        (name, frozenset(_listed(group[name]))) for name in CONDITIONS if name in group and name != "details"
    )
    details = tuple((name, tuple(_listed(value))) for name, value in group.get("details", {}).items())
    for topic, kind, text in product(topics, _listed(group.get("kind", "")), group[wordings]):
        scope = {
            "text": text,
            "acts": acts,
            "topic": topic,
            "kind": kind,
            "conditions": conditions,
            "details": details,
            "slots": tuple(dict.fromkeys(_SLOT.findall(text))),
        }
        if table == "group":
            yield Phrase(**scope, tails=tuple(_open_end(tail, where) for tail in group.get("tails", ())))
        elif table == "ending":
            connective, kinds = _open_end(text, where)
            yield Ending(**(scope | {"text": connective}), calls_for=kinds)
        else:
            yield Coda(**scope)


def _open_end(text: str, where: str) -> tuple[str, tuple[str, ...]]:
    """A connective and the kinds of words that may follow it."""
    connective, _, kinds = text.partition(CALLS_FOR)
    if not kinds:
        raise ValueError(f"{where}: {text!r} does not say what may follow; write it like 'a cup of{CALLS_FOR}drink'")
    return connective, tuple(kinds.split())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
