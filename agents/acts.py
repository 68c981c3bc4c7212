"""The things villagers do with words, and the typed content those words carry.

Code decides the act and its content; the language layer only finds the wording. Facts, trust and promises move with
the act.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """Dialogue acts of the thin society; the names follow common dialogue-act schemes."""

    GREET = "greet"
    TELL = "tell"  # states a fact
    ASK = "ask"  # asks about a topic
    ANSWER = "answer"  # answers an ASK, with a fact or an opinion
    ACKNOWLEDGE = "acknowledge"  # takes up a TELL or ANSWER
    AGREE = "agree"
    DOUBT = "doubt"
    OFFER = "offer"
    THANK = "thank"
    CLOSE = "close"


class Topic(StrEnum):
    """What a conversation can be about."""

    WEATHER = "weather"
    WORK = "work"
    NEWS = "news"
    PERSON = "person"  # a third villager
    WELLBEING = "wellbeing"  # how the other one is


@dataclass(frozen=True)
class Fact:
    """A typed piece of knowledge: who, what, where, when, and how its holder came to know it."""

    id: int
    topic: Topic
    kind: str  # key into the phrases: "rain_coming", "lost_sheep", "saw_person", "work_state", ...
    subject: int  # row of a villager the fact is about, -1 for none
    place: int  # id of a place, -1 for none
    day: int  # day number since the scenario's start
    minute: int  # minute of that day
    details: dict[str, Any] = field(default_factory=dict)  # filled into the phrase: {"what": "a grey sheep", ...}
    source: str = "seen"  # seen, told, inferred, own
    told_by: int = -1


@dataclass(frozen=True)
class Persona:
    """Who a villager is. Traits are Big Five scores in 0..1 (0.5 is the village's mean)."""

    row: int
    name: str
    age: int
    gender: str  # "woman" or "man"
    trade: str
    openness: float
    conscientiousness: float
    extraversion: float
    agreeableness: float
    neuroticism: float
    backstory: str
    manner: str  # two adjectives that show in speech: "warm, talkative"
    home: int  # place id
    workplace: int  # place id


@dataclass(frozen=True)
class SpeechPlan:
    """One turn decided by code, everything the language layer may use to word it."""

    speaker: Persona
    listener: Persona
    act: Act
    topic: Topic
    fact: Fact | None
    subject_name: str  # name of the fact's subject, "" for none
    place_name: str  # where the fact was, "" for none
    mood: str  # "cheerful", "calm", "tired", "worried", "low", "irritated"
    affinity: float  # -1..1, how the speaker feels about the listener
    familiarity: float  # 0..1
    weather: str  # Weather.describe()
    day_part: str  # "early morning", "morning", "noon", "afternoon", "evening", "night"
    here: str  # name of the place where they stand, "the lane" if none
    history: tuple[tuple[str, str], ...]  # (name, line) of the conversation so far, oldest first
    memory: str  # one retrieved memory in plain words, "" for none
    recent_lines: tuple[str, ...]  # lines this speaker said lately, not to be repeated
    known_names: tuple[str, ...]  # names this speaker may mention
    key: tuple[int, int, int]  # (speaker row, tick of the request, call index): unique in a session
    due_tick: int  # when the words are wanted
    seed: int
