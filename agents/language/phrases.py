"""The village's stock of wordings: reads `assets/phrases/*.toml` and says which phrases fit a speech plan.

A phrase belongs to acts, perhaps to one topic and one kind of fact, and holds only under its conditions; so does an
ending, a connective after which a model may go on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agents.acts import Act, SpeechPlan, Topic

WARM_AFFINITY = 0.35  # above: the words of friends; judgement, affinity is -1..1
COOL_AFFINITY = -0.25  # below: the words of people who would rather not meet

CONDITIONS = ("about", "source", "fact", "turn", "mood", "affinity", "weather", "cold", "day_part", "trade", "details")
GROUP_KEYS = frozenset({"acts", "topic", "kind", "say", "tails", *CONDITIONS})
ENDING_KEYS = frozenset({"acts", "topic", "kind", "go_on", *CONDITIONS})

_OPENING = re.compile(r"^\w+, ")  # "Yes, ", "Well, "
_SLOT = re.compile(r"\{(\w+)\}")
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


@dataclass(frozen=True)
class Situation:
    """What the conditions of phrases are checked against, read off a speech plan."""

    about: str  # "speaker", "listener", "other", "none"
    source: str  # provenance of the fact: "seen", "told", "inferred", "own", "" without a fact
    fact: str  # "some" or "none"
    turn: str  # "open", or "reply" when the other has just done the same act
    mood: str
    affinity: str  # "warm", "even", "cool"
    weather: str  # class of weather
    cold: bool
    day_part: str
    trade: str  # of the speaker
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where something may be said."""

    acts: tuple[Act, ...]
    topic: Topic | None  # None: fits every topic
    kind: str  # "": fits every kind of fact
    conditions: tuple[tuple[str, Any], ...]

    def suits(self, act: Act, topic: Topic, kind: str, situation: Situation) -> bool:
        """True for an act, topic and kind of fact this is for, when every condition is met."""
        return (
            act in self.acts
            and self.topic in (None, topic)
            and self.kind in ("", kind)
            and all(_met(name, wanted, situation) for name, wanted in self.conditions)
        )


@dataclass(frozen=True, kw_only=True)
class Phrase(Scope):
    """One wording with slots."""

    text: str
    tails: tuple[str, ...]  # connectives of its own after which more may be said
    one_half: bool  # may go on after a comma; a sentence of two halves gets too long to follow with a third
    slots: tuple[str, ...]
    pattern: re.Pattern[str]  # recognises lines that begin with this wording, whatever filled its slots


@dataclass(frozen=True, kw_only=True)
class Ending(Scope):
    """A connective after which more may be said, whatever the phrase before it. A capital begins a new sentence."""

    text: str
    slots: tuple[str, ...]


@dataclass(frozen=True)
class PhraseBook:
    """All phrases and endings, in file order, and the name each trade has for its daily work."""

    phrases: tuple[Phrase, ...]
    endings: tuple[Ending, ...]
    tasks: Mapping[str, str]

    def kinds(self) -> frozenset[str]:
        """Every kind of fact that can be told."""
        return frozenset(phrase.kind for phrase in self.phrases if phrase.kind and Act.TELL in phrase.acts)

    def of_act(self, act: Act) -> tuple[Phrase, ...]:
        """The phrases of an act."""
        return tuple(phrase for phrase in self.phrases if act in phrase.acts)


@cache
def phrase_book() -> PhraseBook:
    """The phrases shipped with Hamlet.

    Raises:
        ValueError: a group has an unknown key, act or topic, or no wording; the message names file and group.
    """
    phrases: list[Phrase] = []
    endings: list[Ending] = []
    tasks: dict[str, str] = {}
    for entry in sorted(files("assets").joinpath("phrases").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        data = tomllib.loads(entry.read_text(encoding="utf-8"))
        tasks |= data.get("task", {})
        for number, group in enumerate(data.get("group", ())):
            phrases += _read_group(group, f"assets/phrases/{entry.name}, group {number + 1}")
        for number, group in enumerate(data.get("ending", ())):
            endings += _read_ending(group, f"assets/phrases/{entry.name}, ending {number + 1}")
    return PhraseBook(tuple(phrases), tuple(endings), tasks)


def situation_of(plan: SpeechPlan) -> Situation:
    """What the phrases need to know of a plan."""
    fact = plan.fact
    return Situation(
        about=_about(plan),
        source=fact.source if fact else "",
        fact="some" if fact else "none",
        turn="reply" if _answers_same_act(plan) else "open",
        mood=plan.mood,
        affinity="warm" if plan.affinity > WARM_AFFINITY else "cool" if plan.affinity < COOL_AFFINITY else "even",
        weather=weather_class(plan.weather),
        cold=plan.weather.startswith("cold ") or "snow" in plan.weather,
        day_part=plan.day_part,
        trade=plan.speaker.trade,
        details=fact.details if fact else {},
    )


def weather_class(description: str) -> str:
    """The class of phrases that suits `Weather.describe()`: rain, storm, snow, fog, wind, cloud, hot, sun or ""."""
    return next((kind for word, kind in _WEATHER_WORDS if word in description), "")


def _about(plan: SpeechPlan) -> str:
    subject = plan.fact.subject if plan.fact else -1
    if subject == plan.speaker.row or (plan.fact and subject < 0 and plan.fact.source == "own"):
        return "speaker"
    if subject == plan.listener.row or plan.subject_name == plan.listener.name:
        return "listener"
    return "other" if plan.subject_name else "none"


def _answers_same_act(plan: SpeechPlan) -> bool:
    if not plan.history:
        return False
    name, line = plan.history[-1]
    if plan.act is Act.GREET:
        return True
    return name != plan.speaker.name and any(p.pattern.match(line) for p in phrase_book().of_act(plan.act))


def _met(name: str, wanted: Any, situation: Situation) -> bool:
    value = getattr(situation, name)
    if name == "details":
        return all(_agrees(value.get(key), expected) for key, expected in wanted.items())
    return _agrees(value, wanted)


def _agrees(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def _read_group(group: dict[str, Any], where: str) -> list[Phrase]:
    scope = _read_scope(group, GROUP_KEYS, "say", where)
    return [
        Phrase(
            **scope,
            text=text,
            tails=tuple(group.get("tails", ())),
            one_half=", " not in _OPENING.sub("", text.replace(", {listener}", "").replace("{listener}, ", "")),
            slots=tuple(_SLOT.findall(text)),
            pattern=_pattern(text),
        )
        for text in group["say"]
    ]


def _read_ending(group: dict[str, Any], where: str) -> list[Ending]:
    scope = _read_scope(group, ENDING_KEYS, "go_on", where)
    return [Ending(**scope, text=text, slots=tuple(_SLOT.findall(text))) for text in group["go_on"]]


def _read_scope(group: dict[str, Any], keys: frozenset[str], wordings: str, where: str) -> dict[str, Any]:
    if unknown := sorted(set(group) - keys):
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(keys))}")
    if not group.get(wordings) or not group.get("acts"):
        raise ValueError(f"{where}: needs at least one act in 'acts' and one wording in '{wordings}'")
    try:
        acts = tuple(Act(name) for name in group["acts"])
        topic = Topic(group["topic"]) if "topic" in group else None
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    conditions = tuple((name, group[name]) for name in CONDITIONS if name in group)
    return {"acts": acts, "topic": topic, "kind": group.get("kind", ""), "conditions": conditions}


def _pattern(text: str) -> re.Pattern[str]:
    # The final mark is left out: a line may go on after a comma where the phrase alone would stop.
    pieces = _SLOT.split(text.rstrip(".!?"))
    return re.compile(".+?".join(re.escape(piece) for piece in pieces[::2]) + r"\b", re.IGNORECASE)
