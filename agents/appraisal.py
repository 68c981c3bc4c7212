"""Appraisal: what a happening means to somebody, and which feelings follow (Ortony, Clore & Collins 1988, "OCC")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from agents.acts import Act


class Feeling(IntEnum):
    """Emotion types of OCC.

    Happy-for and satisfaction count as joy, gratification as pride, remorse as shame, fears confirmed as distress;
    gloating is left out: nobody here is told apart by it.
    """

    JOY = 0
    DISTRESS = 1
    HOPE = 2
    FEAR = 3
    RELIEF = 4
    DISAPPOINTMENT = 5
    PRIDE = 6
    SHAME = 7
    ADMIRATION = 8
    REPROACH = 9
    GRATITUDE = 10
    ANGER = 11
    LIKING = 12
    DISLIKE = 13
    PITY = 14
    RESENTMENT = 15


class Agent(IntEnum):
    """Whose doing a happening was."""

    NOBODY = 0
    SELF = 1
    OTHER = 2


@dataclass(frozen=True)
class Appraisal:
    """One happening as one villager takes it. All signed values lie within -1..1."""

    desirability: float = 0.0  # for the villager's own goals
    praiseworthiness: float = 0.0  # of the act, by the villager's standards
    agent: Agent = Agent.NOBODY
    likelihood: float = 1.0  # below one: a prospect, that may come
    expected: float = 0.0  # what was hoped for (> 0) or feared (< 0) before it was clear, and how much
    for_other: float = 0.0  # desirability for somebody else
    sympathy: float = 0.0  # how that other one is liked
    appeal: float = 0.0  # of somebody or something as such


def feelings(a: Appraisal) -> dict[Feeling, float]:
    """The intensities (above 0, at most 1) that one appraisal stirs, before the person's nature bends them."""
    felt: dict[Feeling, float] = {}
    _add(felt, Feeling.LIKING, Feeling.DISLIKE, a.appeal)
    if a.likelihood < 1.0:
        _add(felt, Feeling.HOPE, Feeling.FEAR, a.desirability * a.likelihood)
        return felt
    if a.expected > 0 >= a.desirability:
        felt[Feeling.DISAPPOINTMENT] = a.expected
    elif a.expected < 0 <= a.desirability:
        felt[Feeling.RELIEF] = -a.expected
    praised = a.praiseworthiness if a.agent != Agent.NOBODY else 0.0
    both = praised * a.desirability > 0 and a.agent == Agent.OTHER
    share = 0.5 if both else 1.0  # where a feeling is made of two, they stand behind it
    _add(felt, Feeling.JOY, Feeling.DISTRESS, share * a.desirability)
    if a.agent == Agent.SELF:
        _add(felt, Feeling.PRIDE, Feeling.SHAME, praised)
    else:
        _add(felt, Feeling.ADMIRATION, Feeling.REPROACH, share * praised)
    if both:
        _add(felt, Feeling.GRATITUDE, Feeling.ANGER, (praised + a.desirability) / 2)
    _for_others(felt, a.for_other, a.sympathy)
    return felt


def _for_others(felt: dict[Feeling, float], fortune: float, sympathy: float) -> None:
    """The fortunes of others: glad with friends and sorry for them, grudging what comes to those one dislikes."""
    amount = abs(fortune * sympathy)
    if amount == 0.0 or (fortune < 0 and sympathy < 0):
        return
    kind = Feeling.JOY if sympathy > 0 else Feeling.RESENTMENT
    if fortune < 0:
        kind = Feeling.PITY
    felt[kind] = min(1.0, felt.get(kind, 0.0) + amount)


def _add(felt: dict[Feeling, float], good: Feeling, bad: Feeling, amount: float) -> None:
    if amount:
        felt[good if amount > 0 else bad] = min(1.0, abs(amount))


# What the hearer of an act makes of it: how welcome it is, and how well it was done of the speaker. Judgement.
_HEARD = {
    Act.GREET: (0.02, 0.0),
    Act.ACKNOWLEDGE: (0.01, 0.0),
    Act.AGREE: (0.03, 0.0),
    Act.DOUBT: (-0.15, -0.10),
    Act.OFFER: (0.15, 0.20),
    Act.REQUEST: (-0.02, 0.0),
    Act.INVITE: (0.25, 0.20),
    Act.PROMISE: (0.25, 0.20),
    Act.REFUSE: (-0.20, -0.10),
    Act.THANK: (0.10, 0.05),
    Act.APOLOGISE: (0.15, 0.30),
    Act.PRAISE: (0.35, 0.15),
    Act.BLAME: (-0.35, -0.25),
    Act.WARN: (0.0, 0.25),
    Act.TEACH: (0.10, 0.20),
    Act.JOKE: (0.15, 0.0),
}
NEWS_WEIGHT = 0.25  # how much good or bad news of the village touches one; judgement


def of_act(act: Act, valence: int = 0, *, deserved: bool = False) -> Appraisal | None:
    """What an act is to the one it is said to; `valence` of the fact that is new to it (-1, 0, 1). None for nothing.

    Blame that is deserved shames, where other blame angers.
    """
    welcome, well_done = _HEARD.get(act, (0.0, 0.0))
    if act == Act.BLAME and deserved:
        return Appraisal(desirability=0.5 * welcome, praiseworthiness=2 * well_done, agent=Agent.SELF)
    if not (welcome or well_done or valence):
        return None
    return Appraisal(welcome + NEWS_WEIGHT * valence, well_done, Agent.OTHER if well_done else Agent.NOBODY)
