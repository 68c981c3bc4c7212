"""The things villagers do with words, and the typed content those words carry.

Code decides the act and its content; the language layer only finds the wording. Facts, trust and promises move with
the act.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """Dialogue acts; the names follow common dialogue-act schemes (ISO 24617-2, Bunt et al. 2012)."""

    GREET = "greet"
    TELL = "tell"  # states a fact
    ASK = "ask"  # asks about a topic
    ANSWER = "answer"  # answers an ASK, with a fact or an opinion
    ACKNOWLEDGE = "acknowledge"  # takes up a TELL, ANSWER, GOSSIP, WARN or TEACH
    AGREE = "agree"
    DOUBT = "doubt"
    OFFER = "offer"  # proposes to do something for the listener
    REQUEST = "request"  # proposes that the listener do something for the speaker
    INVITE = "invite"  # proposes that the listener come to a gathering
    PROMISE = "promise"  # takes on what was requested, or will come where invited
    REFUSE = "refuse"  # declines a request, an invitation or an offer
    THANK = "thank"  # for an offer taken, a promise, a warning, a lesson
    APOLOGISE = "apologise"  # for a promise broken, a lie found out, or words that hurt
    PRAISE = "praise"  # speaks well of what the listener did
    BLAME = "blame"  # holds what the listener did against it
    GOSSIP = "gossip"  # states a fact about what a third one did, or what one thinks of that one
    WARN = "warn"  # states a fact that means danger or loss to the listener
    TEACH = "teach"  # passes on a piece of craft
    JOKE = "joke"
    CLOSE = "close"


class Topic(StrEnum):
    """What a conversation can be about."""

    WEATHER = "weather"
    WORK = "work"
    NEWS = "news"
    PERSON = "person"  # a third villager: where it was, what it did, what one thinks of it
    WELLBEING = "wellbeing"  # how the other one is
    FAVOUR = "favour"  # help and errands: asked for, promised, done, owed
    GATHERING = "gathering"  # something people are invited to
    CRAFT = "craft"  # how something is done well
    SELF = "self"  # the speaker's own past and secret, and what lies between the two


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
    source: str = "seen"  # seen, told, overheard, inferred, own, lied (made up by its holder), rumour (planted)
    told_by: int = -1
    object: int = -1  # row of the villager it was done to or is owed to, -1 for none
    confidence: float = 1.0  # how sure its holder is, 0..1
    root: int = -1  # id of the fact this one is a distorted copy of; -1 where nothing was distorted
    hops: int = 0  # tellings between a witness and the holder


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
    values: tuple[str, ...] = ()  # what it holds dear, dearest first: Schwartz's basic values
    skill: float = 0.5  # in its trade, 0..1
    household: int = -1  # number of the household, -1 where nobody counted
    family: tuple[tuple[int, str], ...] = ()  # (row, what that one is to it: "wife", "son", "sister", ...)
    secret: str = ""  # what it tells only those it trusts, as the words after "I": "never learned to read"


@dataclass(frozen=True)
class Proposal:
    """Something to be done that is asked, offered, invited to or promised: who, for whom, what, where and when."""

    kind: str  # "help" (work beside somebody), "bring" (fetch and carry), "attend" (a gathering), "meet" (a visit)
    doer: int  # row of the one who would do it
    beneficiary: int  # row of the one it is done for; the host of a gathering
    place: int  # id of the place where it is done
    day: int  # day number since the scenario's start
    minute: int  # minute of that day at which it begins
    minutes: int  # how long it may take: within these the doer has to be there
    what: str = ""  # the words for it: "mend the fence", "a sack of flour", "the midsummer supper"
    fact: int = -1  # id of the fact that says so (the gathering, the need for help), -1 for none
    promise: int = -1  # id of the promise that it has become, -1 while it is none


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
    proposal: Proposal | None = None  # what is asked, offered, invited to or promised
    when: str = ""  # when the fact or the proposal is, as people say it: "at noon", "tomorrow evening"; "" for none
    object_name: str = ""  # name of the fact's object, "" for none
    others: tuple[str, ...] = ()  # names of those who listen besides the listener
    relation: str = ""  # what the listener is to the speaker: "wife", "son", "friend", "neighbour", "rival", "stranger"
    emotion: str = ""  # the speaker's strongest feeling now, an OCC word ("joy", "anger", "gratitude"); "" for none
    respect: float = 0.5  # 0..1, of the speaker for the listener
    trust: float = 0.5  # 0..1, of the speaker in the listener
    subject_gender: str = ""  # of the fact's subject: "woman" or "man"; "" for none
    tense: str = ""  # the fact or the proposal against now: "past", "now" or "future"; "" where nobody says
    season: str = ""  # "spring", "summer", "autumn" or "winter"; "" where nobody says
    after: Act | None = None  # the listener's act that this one takes up; None where it opens something
    again: bool = False  # the fact has just been told, and the listener has asked on
    teller_name: str = ""  # from whom the speaker has the fact, "" where it knows at first hand
    lately: tuple[str, ...] = ()  # the last lines of the whole village, oldest first: no tail is to echo them
