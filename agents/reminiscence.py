"""One thing that comes to a villager's mind for its turn, in plain words that follow its name: saw Mira at the inn."""

from __future__ import annotations

import numpy as np

from agents.acts import Fact, Topic
from agents.dialogue.moves import Move
from agents.insights import Insight, InsightKind
from agents.memory import TOPICS, EpisodeKind
from agents.minds import Minds, Moment
from agents.recollection import fact_words

RECENT_S = 180.0  # what has just happened is in the history of the talk, not yet a memory
OFTEN = 3  # times from which one no longer says when
STRONG = 0.5  # importance from which an episode comes to mind before what one has made of many

SPOKEN_TOPIC = {
    Topic.WEATHER: "the weather",
    Topic.WORK: "work",
    Topic.NEWS: "the news",
    Topic.PERSON: "a neighbour",
    Topic.WELLBEING: "how things are",
    Topic.FAVOUR: "a favour",
    Topic.GATHERING: "a gathering",
    Topic.CRAFT: "the craft",
    Topic.SELF: "what lies between them",
}

DEEDS = {
    "promise_broken": ("promised {object} something and let {them} down", "was let down by {subject}"),
    "promise_kept": ("kept a promise to {object}", "saw {subject} keep a promise"),
    "helped": ("helped {object}", "was helped by {subject}"),
    "lied": ("told {object} a lie", "was lied to by {subject}"),
    "quarrelled": ("quarrelled with {object}", "quarrelled with {subject}"),
}
"""What one says of a deed that one did, and of one that was done to oneself."""

FOUND = {
    InsightKind.KEEPS_PROMISES: "has found that {subject} keeps promises",
    InsightKind.BREAKS_PROMISES: "has found that {subject} does not keep promises",
    InsightKind.HELPS: "has found that {subject} helps where help is needed",
    InsightKind.LIES: "has found that {subject} does not always tell the truth",
    InsightKind.QUARREL: "has found that {subject} and {object} quarrel",
    InsightKind.OFTEN_AT: "has often seen {subject} at {place}",
}


def memory_of(move: Move, minds: Minds, now: Moment) -> str:
    """One memory or conclusion that fits a turn, from the speaker's side; empty when none does."""
    row, about = move.speaker, move.subject if move.subject >= 0 else move.listener
    fact = move.fact.id if move.fact is not None else -1
    episode = minds.memories.recall(
        row,
        now.tick,
        topic=move.topic,
        who=about,
        fact=fact,
        words=fact_words(move.fact) if move.fact is not None else "",
        before=now.tick - int(RECENT_S * minds.memories.tick_rate),
    )
    fits = episode is not None and (
        about in (int(episode["who"]), int(episode["about"])) or fact == int(episode["fact"]) != -1
    )
    if episode is not None and fits and episode["importance"] >= STRONG:
        return lived(episode, row, minds, now)
    found = [i for i in minds.insights.about(row, about) if i.kind in FOUND]
    if found:
        return concluded(max(found, key=lambda i: (i.kind != InsightKind.OFTEN_AT, i.weight)), minds)
    return lived(episode, row, minds, now) if episode is not None and fits else ""


def lived(episode: np.void, row: int, minds: Minds, now: Moment) -> str:
    """An episode in words, as `row` lived it; empty where it has none."""
    who, place = int(episode["who"]), int(episode["place"])
    when = ago(now.tick - int(episode["last"]), minds.memories.tick_rate)
    where = f" at {minds.places[place].name}" if place >= 0 else ""
    name, third = _name(minds, who), _name(minds, int(episode["about"]))
    topic = third or SPOKEN_TOPIC[TOPICS[int(episode["topic"])]]
    kind = EpisodeKind(int(episode["kind"]))
    if kind == EpisodeKind.SAW:
        return f"often saw {name}{where}" if episode["times"] >= OFTEN else f"saw {name}{where} {when}"
    if kind == EpisodeKind.NOTICED:
        known = minds.knowledge.held[row].get(int(episode["fact"]))
        said = done(known, row, minds) if known is not None else ""
        if said:
            return f"{said} {when}"
        return f"noticed {topic}{where} {when}" if not name else ""
    if not name:
        return ""
    if kind == EpisodeKind.SAID:
        return f"spoke with {name} about {topic}{where} {when}"
    return f"heard about {topic} from {name}{where} {when}"


def done(fact: Fact, row: int, minds: Minds) -> str:
    """A deed that a villager did, or that was done to it, in words; empty for all others."""
    if fact.kind not in DEEDS or row not in (fact.subject, fact.object):
        return ""
    words = DEEDS[fact.kind][row == fact.object]
    return words.format(
        subject=_name(minds, fact.subject), object=_name(minds, fact.object), them=_them(minds, fact.object)
    )


def concluded(insight: Insight, minds: Minds) -> str:
    """A conclusion in words."""
    place = minds.places[insight.place].name if insight.place >= 0 else ""
    return FOUND[insight.kind].format(
        subject=_name(minds, insight.subject), object=_name(minds, insight.object), place=place
    )


def ago(ticks: int, rate: int) -> str:
    """How long ago, as people say it."""
    hours = ticks / rate / 3600
    spans = (
        (1 / 30, "just now"),
        (5 / 6, "a little while ago"),
        (16, "earlier today"),
        (40, "yesterday"),
        (120, "some days ago"),
    )
    return next((words for until, words in spans if hours < until), "long ago")


def _name(minds: Minds, row: int) -> str:
    return minds.personas[row].name if row >= 0 else ""


def _them(minds: Minds, row: int) -> str:
    if row < 0:
        return "them"
    return "her" if minds.personas[row].gender == "woman" else "him"
