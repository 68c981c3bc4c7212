"""The wording by phrases alone: the floor under every line, the exemplar for the model, and a voice of its own."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.acts import Act, SpeechPlan
from agents.language.phrases import Phrase, Scope, phrase_book, situation_of
from agents.language.voice import Wording

# These must fit what is said or taken up exactly, so only the closest phrases will do for them.
CONTENT_ACTS = frozenset({Act.TELL, Act.ANSWER, Act.ASK, Act.DOUBT})
DETAILS_WEIGHT, KIND_WEIGHT, TOPIC_WEIGHT, ANY_WEIGHT = 9, 6, 3, 1  # how much a close fit is preferred; judgement
CONDITION_WEIGHT = 3  # added where a phrase is for moments like this one
TAIL_SHARE_QUIET, TAIL_SHARE_TALKATIVE = 0.75, 1.0  # how often a line may go on, at extraversion 0 and 1; judgement
SHORT_ACTS = {Act.GREET: 0.75, Act.CLOSE: 0.8}  # how much less often these do: a plain greeting is a greeting, too
REPEATED_WORDS = 4  # a connective whose last so many words were heard lately would sound like the same one
MOST_CLAUSE_WORDS = 17  # phrase and connective: a longer one leaves no breath for a tail

_HAILS = {
    "early morning": "Good morning",
    "morning": "Good morning",
    "noon": "Good day",
    "afternoon": "Good afternoon",
    "evening": "Good evening",
    "night": "Good evening",
}
_DAYS = {"early morning": "morning", "morning": "morning", "afternoon": "afternoon", "evening": "evening"}
_PLACE_PREPOSITIONS = {"wood": "in", "forest": "in", "field": "in", "fields": "in", "lane": "in", "bench": "by"} | {
    "shore": "by",
    "stream": "by",
    "bridge": "on",
    "hill": "on",
}
_ORDINARY = frozenset({"about", "fact", "source", "turn"})  # conditions of sense, not of the moment
_ARTICLE_BEFORE_SLOT = re.compile(r"\b([Aa])n? \{(\w+)\}")
_SENTENCE_START = re.compile(r"(^|[.!?] )([a-z])")


@dataclass(frozen=True)
class Draft:
    """What the phrases would say for a plan, and how a model may go on."""

    text: str  # the whole line
    clause: str  # the line up to where a tail may begin, connective included; the text itself without one
    connective: str  # "because", "so I will", ...; "" where the line is better short
    names: tuple[str, ...]  # villagers named in the line

    @property
    def tail_allowed(self) -> bool:
        """True when a model may add an end to the clause."""
        return self.connective != ""

    @property
    def asks(self) -> bool:
        """True when the line stays a question to its very end."""
        return self.text.endswith("?") and not self.connective[:1].isupper()


class TemplateVoice:
    """The voice without a model: says the draft, always at the due tick."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int, int], SpeechPlan] = {}

    def submit(self, plan: SpeechPlan) -> None:
        """Ask for the wording of a plan."""
        self._waiting[plan.key] = plan

    def due(self, tick: int) -> list[Wording]:
        """The wordings due at or before this tick, ordered by key."""
        keys = sorted(key for key, plan in self._waiting.items() if plan.due_tick <= tick)
        return [template_wording(self._waiting.pop(key)) for key in keys]

    def close(self) -> None:
        """Forget what was asked."""
        self._waiting.clear()


def template_wording(plan: SpeechPlan) -> Wording:
    """The draft of a plan as a wording that arrives when it is due."""
    text = draft(plan).text
    return Wording(plan.key, text, text, "template", arrival_tick=plan.due_tick, seed=plan.seed)


def draft(plan: SpeechPlan) -> Draft:
    """The wording of a plan by phrases: a function of the plan alone.

    What the speaker said lately or has been said in this talk is avoided while another wording fits. A kind of fact
    without phrases of its own gets a line for its topic that claims nothing.
    """
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(zlib.crc32(b"phrases"),)))
    values = slot_values(plan)
    phrases, weights = _weigh(plan, values)
    phrase = phrases[_drawn(rng, weights)]
    text = fill(phrase.text, values)
    names = tuple(name for name in dict.fromkeys((plan.listener.name, plan.subject_name)) if name and name in text)
    share = TAIL_SHARE_QUIET + (TAIL_SHARE_TALKATIVE - TAIL_SHARE_QUIET) * plan.speaker.extraversion
    connectives, weights = _connectives(plan, phrase, text, values)
    if not connectives or rng.random() >= share * SHORT_ACTS.get(plan.act, 1.0):
        return Draft(text, text, "", names)
    connective = connectives[_drawn(rng, weights)]
    return Draft(text, joined(text, connective), connective, names)


def joined(text: str, connective: str) -> str:
    """A phrase and the connective it goes on with: after a comma, or as a new sentence where it has a capital."""
    return f"{text} {connective}" if connective[:1].isupper() else f"{text[:-1]}, {connective}"


def fill(text: str, values: dict[str, str]) -> str:
    """A phrase with its slots filled: articles fit what follows them and every sentence starts with a capital."""
    text = _ARTICLE_BEFORE_SLOT.sub(lambda m: f"{m[1]}{'n' if values[m[2]][:1] in 'aeiou' else ''} {{{m[2]}}}", text)
    filled = " ".join(text.format_map(values).split())
    return _SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), filled)


def slot_values(plan: SpeechPlan) -> dict[str, str]:
    """What can be said in the slots of phrases for this plan; a slot without a value is missing."""
    tasks = phrase_book().tasks
    hail = _HAILS.get(plan.day_part, "Good day")
    details = plan.fact.details if plan.fact else {}
    values = {name: value for name, value in details.items() if isinstance(value, str)} | {
        "listener": plan.listener.name,
        "subject": plan.subject_name,
        "place": plan.place_name,
        "at_place": f"{place_preposition(plan.place_name)} {plan.place_name}" if plan.place_name else "",
        "here": plan.here,
        "weather": plan.weather,
        "trade": plan.speaker.trade,
        "task": tasks.get(plan.speaker.trade, "the work"),
        "their_task": tasks.get(plan.listener.trade, "the work"),
        "hail": hail,
        "hail_low": hail.lower(),
        "day": _DAYS.get(plan.day_part, "day"),
    }
    return {name: value for name, value in values.items() if value}


def place_preposition(place: str) -> str:
    """The word before a place's name when one is there: "in" the wood, "at" the mill."""
    return _PLACE_PREPOSITIONS.get(place.rsplit(" ", maxsplit=1)[-1].lower(), "at")


def _weigh(plan: SpeechPlan, values: dict[str, str]) -> tuple[list[Phrase], list[int]]:
    """The phrases that may word a plan and how fitting each is."""
    situation = situation_of(plan)
    kind = plan.fact.kind if plan.fact else ""
    fitting = [
        phrase
        for phrase in phrase_book().phrases
        if phrase.suits(plan.act, plan.topic, kind, situation) and all(slot in values for slot in phrase.slots)
    ]
    if plan.act in CONTENT_ACTS:
        closest = max(_closeness(phrase) for phrase in fitting)
        fitting = [phrase for phrase in fitting if _closeness(phrase) == closest]
    here = [line for _, line in plan.history]
    new_here = _unsaid(fitting, here) or fitting
    chosen = _unsaid(new_here, plan.recent_lines) or new_here
    return chosen, [_fit(phrase) for phrase in chosen]


def _connectives(plan: SpeechPlan, phrase: Phrase, text: str, values: dict[str, str]) -> tuple[list[str], list[int]]:
    """What the phrase may go on with, its own connectives and the endings for moments like this, and how fitting."""
    situation, kind = situation_of(plan), plan.fact.kind if plan.fact else ""
    open_end = phrase.one_half and (text.endswith(".") or (plan.act is Act.ASK and text.endswith("?")))
    fitting = {tail.format_map(values): _closeness(phrase) for tail in phrase.tails}
    fitting |= {
        ending.text.format_map(values): _closeness(ending)
        for ending in phrase_book().endings
        if ending.suits(plan.act, plan.topic, kind, situation) and all(slot in values for slot in ending.slots)
    }
    lines = _said(plan)
    weights = {
        connective: weight
        for connective, weight in fitting.items()
        if (open_end or connective[0].isupper())
        and len(f"{text} {connective}".split()) <= MOST_CLAUSE_WORDS
        and not any(" ".join(connective.split()[-REPEATED_WORDS:]) in line for line in lines)
    }
    return list(weights), list(weights.values())


def _drawn(rng: np.random.Generator, weights: Sequence[int]) -> int:
    return int(np.searchsorted(np.cumsum(weights), rng.integers(sum(weights)), side="right"))


def _fit(phrase: Phrase) -> int:
    return _closeness(phrase) + CONDITION_WEIGHT * (not _ORDINARY.issuperset(dict(phrase.conditions)))


def _unsaid(phrases: Sequence[Phrase], lines: Sequence[str]) -> list[Phrase]:
    return [phrase for phrase in phrases if not any(phrase.pattern.match(line) for line in lines)]


def _said(plan: SpeechPlan) -> tuple[str, ...]:
    return (*plan.recent_lines, *(line for _, line in plan.history))


def _closeness(scope: Scope) -> int:
    if not scope.kind:
        return TOPIC_WEIGHT if scope.topic else ANY_WEIGHT
    return DETAILS_WEIGHT if any(name == "details" for name, _ in scope.conditions) else KIND_WEIGHT
