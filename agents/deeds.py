"""What deeds do to the minds of those concerned: promises made, kept, broken and let off, quarrels, lies found out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.acts import Fact, Proposal, Topic
from agents.appraisal import Agent, Appraisal
from agents.bodies import Bodies
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from agents.promises import Ending, Settled
from agents.recollection import fact_words
from world.view import WorldView

Events = list[tuple[str, dict[str, Any]]]

# How much it matters whether a promise is kept: help that fails to come hurts more than an empty chair. Judgement.
WEIGHT = {"help": 1.0, "bring": 0.8, "meet": 0.6, "attend": 0.4}
# What the one who was promised holds of the other afterwards, at full weight; trust is lost faster than won (Slovic
# 1993); the steps are judgement.
KEPT = {"trust": 0.06, "affinity": 0.08, "respect": 0.04, "debt": 0.15, "familiarity": 0.03}
BROKEN = {"trust": -0.18, "affinity": -0.15, "respect": -0.10}
QUARREL = {"affinity": -0.15, "trust": -0.04, "familiarity": 0.01}
LIED_TO = {"trust": -0.35, "affinity": -0.20, "respect": -0.15}
QUARREL_MENACE = 0.4  # how unsafe one feels at once in a quarrel; judgement


def settle(minds: Minds, bodies: Bodies, view: WorldView, now: Moment) -> Events:
    """Let promises that have come to an end do their work on both minds; returns what was made and what has ended."""
    made, settled = minds.promises.step(now, bodies, minds.places, view.closed)
    events: Events = []
    for p in made:
        _hope(minds, p)
        events.append(("promise_made", _told(p)))
    for each in settled:
        p = each.proposal
        data = _told(p)
        if each.ending == Ending.KEPT:
            data["facts"] = [fact.id for fact in _kept(minds, p, now)]
        elif each.ending == Ending.BROKEN:
            data["facts"] = [_broken(minds, p, now).id]
        else:
            data["reason"] = each.reason
            _released(minds, each, now)
        events.append((f"promise_{each.ending}", data))
    return events


def quarrel(minds: Minds, one: int, other: int, witnesses: Iterable[int], now: Moment, place: int) -> Fact:
    """Two have quarrelled; both, and whoever was by, know it. Returns the fact, seen by the witnesses."""
    fact = minds.knowledge.new(Topic.PERSON, "quarrelled", now.day, now.minute, subject=one, object=other, place=place)
    for row, opponent in ((one, other), (other, one)):
        minds.relations.move(row, opponent, **QUARREL)
        minds.emotions.appraise(row, Appraisal(-0.4, -0.4, Agent.OTHER))
        minds.needs.frighten(row, QUARREL_MENACE * (0.5 + minds.personas[row].neuroticism))
        _remember(minds, row, now, opponent, fact, 0.6)
    for row in (one, other, *witnesses):
        minds.knowledge.witness(row, fact)
    return fact


def lie_found_out(minds: Minds, row: int, liar: int, lie: Fact, now: Moment) -> Fact:
    """A villager has found out that it was lied to by somebody: trust falls, and it may be told. Returns the fact."""
    fact = minds.knowledge.new(
        Topic.PERSON, "lied", now.day, now.minute, subject=liar, object=row, source="inferred", about=lie.kind
    )
    minds.knowledge.witness(row, fact)
    minds.relations.move(row, liar, **LIED_TO)
    minds.emotions.appraise(row, Appraisal(-0.4, -0.7, Agent.OTHER))
    _remember(minds, row, now, liar, fact, 0.8)
    return fact


def _hope(minds: Minds, p: Proposal) -> None:
    """One hopes for what one was promised as far as one trusts the other, and looks forward to a gathering."""
    likely = min(0.95, minds.relations.trust[p.beneficiary, p.doer])
    minds.emotions.appraise(p.beneficiary, Appraisal(0.5 * WEIGHT[p.kind], likelihood=likely))
    if p.kind in ("attend", "meet"):
        minds.emotions.appraise(p.doer, Appraisal(0.4, likelihood=0.9))


def _kept(minds: Minds, p: Proposal, now: Moment) -> list[Fact]:
    doer, other, weight = p.doer, p.beneficiary, WEIGHT[p.kind]
    kinds = ("promise_kept", "helped") if p.kind in ("help", "bring") else ("promise_kept",)
    facts = [_deed(minds, kind, p, now) for kind in kinds]
    minds.relations.move(other, doer, **_weighed(KEPT, weight))
    minds.relations.move(doer, other, debt=-0.15 * weight, affinity=0.03 * weight, familiarity=0.03 * weight)
    minds.emotions.appraise(other, Appraisal(0.5 * weight, 0.5 * weight, Agent.OTHER))
    minds.emotions.appraise(doer, Appraisal(0.2 * weight, 0.4 * weight, Agent.SELF))
    _remember(minds, other, now, doer, facts[0], 0.5 * weight + 0.2)
    _remember(minds, doer, now, other, facts[0], 0.3 * weight + 0.1)
    if p.kind in ("help", "bring"):
        _let_off(minds, p, now)
    return facts


def _let_off(minds: Minds, done: Proposal, now: Moment) -> None:
    """Who has been helped needs no second one for the same that day: those whose hour is still to come are let off."""
    for p in minds.promises.owed_to(done.beneficiary):
        same = (p.kind, p.what, p.day) == (done.kind, done.what, done.day)
        if same and p.day * 1440 + p.minute > now.minutes:
            minds.promises.release(p.promise)


def _broken(minds: Minds, p: Proposal, now: Moment) -> Fact:
    doer, other, weight = p.doer, p.beneficiary, WEIGHT[p.kind]
    fact = _deed(minds, "promise_broken", p, now)
    minds.relations.move(other, doer, **_weighed(BROKEN, weight))
    minds.relations.move(doer, other, debt=0.25 * weight)
    minds.emotions.appraise(other, Appraisal(-0.4 * weight, -0.6 * weight, Agent.OTHER, expected=0.5 * weight))
    care = 0.4 + minds.personas[doer].conscientiousness
    minds.emotions.appraise(doer, Appraisal(0.0, -0.5 * weight * care, Agent.SELF))
    _remember(minds, other, now, doer, fact, 0.5 * weight + 0.3)
    _remember(minds, doer, now, other, fact, 0.4 * weight + 0.1)
    return fact


def _released(minds: Minds, settled: Settled, now: Moment) -> None:
    p, weight = settled.proposal, WEIGHT[settled.proposal.kind]
    minds.emotions.appraise(p.doer, Appraisal(0.05, expected=-0.2 * weight))
    if settled.reason in ("storm", "closed"):
        minds.emotions.appraise(p.beneficiary, Appraisal(-0.1 * weight, expected=0.3 * weight))
    _remember(minds, p.doer, now, p.beneficiary, None, 0.2)


def _deed(minds: Minds, kind: str, p: Proposal, now: Moment) -> Fact:
    """A fact about what somebody did or failed to do, known to the one it was promised and to itself."""
    fact = minds.knowledge.new(
        Topic.PERSON,
        kind,
        now.day,
        now.minute,
        subject=p.doer,
        object=p.beneficiary,
        place=p.place,
        what=p.what,
        deed=p.kind,
    )
    minds.knowledge.witness(p.beneficiary, fact)
    minds.knowledge.witness(p.doer, fact)
    return fact


def _remember(minds: Minds, row: int, now: Moment, other: int, fact: Fact | None, importance: float) -> None:
    place, ident = (fact.place, fact.id) if fact is not None else (-1, -1)
    minds.memories.remember(
        row,
        now.tick,
        EpisodeKind.NOTICED,
        Topic.FAVOUR if fact is None else fact.topic,
        who=other,
        place=place,
        fact=ident,
        importance=importance,
        words=fact_words(fact) if fact is not None else "",
    )


def _weighed(steps: dict[str, float], weight: float) -> dict[str, float]:
    return {name: step * weight for name, step in steps.items()}


def _told(p: Proposal) -> dict[str, Any]:
    """A promise as plain values."""
    names = ("promise", "kind", "doer", "beneficiary", "place", "day", "minute", "minutes", "what", "fact")
    return {name: getattr(p, name) for name in names}
