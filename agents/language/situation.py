"""What the conditions of phrases are checked against, read off a speech plan and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.acts import Act, SpeechPlan
from agents.language.phrases import acts_of

# Where words change: judgement. Affinity is -1..1, the others are 0..1.
WARM_AFFINITY, COOL_AFFINITY = 0.35, -0.25  # above: the words of friends; below: of people who would rather not meet
HIGH, LOW = 0.65, 0.3  # trust and respect
NEW_FAMILIARITY, CLOSE_FAMILIARITY = 0.15, 0.6
SURE_CONFIDENCE = 0.5  # below: "if I heard it right"
STRONG_TRAIT = 0.15  # distance from the village's mean at which a trait shows in speech
OLD, YOUNG = 60, 24  # years

_TRAIT_WORDS = {  # trait -> the word for much of it, the word for little; the manners of agents/persona.py
    "openness": ("curious", "plain"),
    "conscientiousness": ("careful", "easy"),
    "extraversion": ("talkative", "quiet"),
    "agreeableness": ("warm", "blunt"),
    "neuroticism": ("anxious", "steady"),
}
_WEATHER_WORDS = (  # a word of Weather.describe() and the class of phrases that suits it
    ("pouring", "storm"),
    ("rain", "rain"),
    ("drizzle", "rain"),
    ("snow", "snow"),
    ("fog", "fog"),
    ("wind", "wind"),
    ("cloud", "cloud"),
    ("grey", "cloud"),
    ("hot", "hot"),
    ("sun", "sun"),
)
_HEARSAY = frozenset({"told", "overheard", "rumour"})


@dataclass(frozen=True)
class Situation:
    """The moment of a plan: a set of words for every condition (`values`), and the fact's details."""

    values: Mapping[str, frozenset[str]]
    details: Mapping[str, Any]


def situation_of(plan: SpeechPlan) -> Situation:
    """What the phrases need to know of a plan."""
    fact, offer, after = plan.fact, plan.proposal, _taken_up(plan)
    words = {
        "about": _about(plan),
        "to": _party(plan, fact.object) if fact else "none",
        "source": _source(fact.source) if fact else "",
        "sure": "unsure" if fact and fact.confidence < SURE_CONFIDENCE else "sure",
        "fact": "some" if fact else "none",
        "turn": "again" if plan.again else "reply" if after == plan.act else "open",
        "after": after or "nothing",
        "proposal": offer.kind if offer else "none",
        "promised": "yes" if offer and offer.promise >= 0 else "no",
        "doer": _party(plan, offer.doer) if offer else "none",
        "host": _party(plan, offer.beneficiary) if offer else "none",
        "tense": plan.tense,
        "mood": plan.mood,
        "emotion": plan.emotion,
        "affinity": "warm" if plan.affinity > WARM_AFFINITY else "cool" if plan.affinity < COOL_AFFINITY else "even",
        "trust": _level(plan.trust),
        "respect": _level(plan.respect),
        "familiarity": _familiarity(plan.familiarity),
        "relation": plan.relation,
        "company": "group" if plan.others else "pair",
        "weather": weather_class(plan.weather),
        "cold": "yes" if plan.weather.startswith("cold ") or "snow" in plan.weather else "no",
        "day_part": plan.day_part,
        "season": plan.season,
        "trade": plan.speaker.trade,
        "their_trade": plan.listener.trade,
        "age": "old" if plan.speaker.age >= OLD else "young" if plan.speaker.age <= YOUNG else "grown",
    }
    values = {name: frozenset((word,)) for name, word in words.items()} | {"trait": _traits(plan)}
    return Situation(values, fact.details if fact else {})


def weather_class(description: str) -> str:
    """The class of phrases that suits `Weather.describe()`: rain, storm, snow, fog, wind, cloud, hot, sun or ""."""
    return next((kind for word, kind in _WEATHER_WORDS if word in description), "")


def _about(plan: SpeechPlan) -> str:
    fact = plan.fact
    if fact and fact.subject < 0 and fact.source == "own":
        return "speaker"
    party = _party(plan, fact.subject) if fact else "none"
    if party in ("speaker", "listener"):
        return party
    if plan.subject_name == plan.listener.name:
        return "listener"
    return "other" if plan.subject_name else "none"


def _party(plan: SpeechPlan, row: int) -> str:
    if row < 0:
        return "none"
    return {plan.speaker.row: "speaker", plan.listener.row: "listener"}.get(row, "other")


def _source(source: str) -> str:
    # A liar speaks like one who was there; hearsay is hearsay however it came.
    return "told" if source in _HEARSAY else "seen" if source == "lied" else source


def _taken_up(plan: SpeechPlan) -> str:
    """The act that a plan takes up: as the plan says, else as the last line of the other reads."""
    if plan.after is not None:
        return plan.after
    if not plan.history:
        return ""
    name, line = plan.history[-1]
    if plan.act is Act.GREET:
        return Act.GREET
    return plan.act if name != plan.speaker.name and plan.act in acts_of(line) else ""


def _level(value: float) -> str:
    return "high" if value >= HIGH else "low" if value <= LOW else "even"


def _familiarity(value: float) -> str:
    return "new" if value < NEW_FAMILIARITY else "close" if value > CLOSE_FAMILIARITY else "known"


def _traits(plan: SpeechPlan) -> frozenset[str]:
    person = plan.speaker
    scores = {name: getattr(person, name) - 0.5 for name in _TRAIT_WORDS}
    strong = {words[scores[name] < 0] for name, words in _TRAIT_WORDS.items() if abs(scores[name]) >= STRONG_TRAIT}
    return frozenset(strong)
