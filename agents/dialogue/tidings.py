"""What one finds worth telling to whom: news goes to those whom it concerns, and to those who are near, and ages."""

from __future__ import annotations

from agents.acts import Fact, Topic
from agents.dialogue.moves import Scene

PLAIN, OF_KIN, OF_HERE = 0.35, 0.5, 0.3  # what news is worth as such, of one's kin, of one's place of work or home
OF_ONESELF = 1.6  # times as much, where the teller is whom it is about
OF_KNOWN = 0.5  # of somebody whom the listener knows well
NEARNESS = (0.5, 0.7, 0.4)  # to a stranger; what knowing and liking the listener well add
TOLD_OFTEN = 0.3  # by how much each one with whom it is shared makes it less of a novelty
OLD_H = 24.0  # hours in which it loses half its charm
ASKED = 2.5  # times as readily, to one who asks what is new


def tellable_news(scene: Scene, row: int, listener: int) -> list[Fact]:
    """News that somebody may tell a listener, what is most worth telling first."""
    fresh = scene.minds.news_for(row, listener, scene.now)
    return sorted(fresh, key=lambda f: (-worth_telling(scene, row, listener, f), -f.day, -f.minute, f.id))


def worth_telling(scene: Scene, row: int, listener: int, fact: Fact) -> float:
    """How readily somebody tells a listener of something, a chance of 0..1 whenever it comes to mind; judgement.

    A story is dropped by those who find that others know it: that is what leaves some who never hear of it (Daley &
    Kendall 1964, to whose model the share of one over one plus is a gentler stop). What hardly anybody vouches for is
    told less.
    """
    minds, you = scene.minds, scene.person(listener)
    relations, knowledge = minds.relations, minds.knowledge
    concern = PLAIN
    if fact.subject >= 0:
        kin = any(other == fact.subject for other, _ in you.family)
        concern += OF_KIN if kin else OF_KNOWN * float(relations.familiarity[listener, fact.subject])
    concern += OF_HERE * (fact.place >= 0 and fact.place in (you.workplace, you.home))
    concern *= OF_ONESELF if fact.subject == row else knowledge.confidence(row, fact.id, scene.now.tick)
    stranger, known, liked = NEARNESS
    near = (
        stranger
        + known * float(relations.familiarity[row, listener])
        + liked * float(relations.affinity[row, listener])
    )
    stale = 1.0 + TOLD_OFTEN * knowledge.shared_with(row, fact.id)
    age = 0.5 ** (max(0.0, scene.now.since(fact)) / (60.0 * OLD_H)) if fact.topic == Topic.NEWS else 1.0
    return min(1.0, max(0.0, concern * near * age / stale))


def is_told(scene: Scene, row: int, listener: int, fact: Fact, *, asked: bool = False) -> bool:
    """Whether somebody tells it now, by its worth."""
    worth = worth_telling(scene, row, listener, fact) * (ASKED if asked else 1.0)
    return float(scene.draw("worth telling").random()) < worth
