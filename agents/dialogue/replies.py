"""How the one addressed takes up a turn: the second parts of the table, drawn by their weights, and what they carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.acts import Act, Fact, Persona, Topic
from agents.dialogue.favours import comfort_for
from agents.dialogue.moves import Move, Scene
from agents.dialogue.table import TABLE
from agents.dialogue.tidings import is_told, tellable_news

TOLD = (Act.TELL, Act.ANSWER, Act.GOSSIP, Act.WARN, Act.TEACH, Act.INVITE)
PROPOSING = (Act.REQUEST, Act.INVITE, Act.OFFER, Act.PROMISE, Act.REFUSE)

LIES_ABOVE = 0.6  # dishonesty from which somebody may make itself out better than it is; judgement
LIE_CHANCE = 0.5  # of those, whenever a question shames them


def reply_to(scene: Scene, first: Move) -> Move | None:
    """The second part of the pair that `first` opens, by the one addressed; None where there is none."""
    row = first.listener
    if row not in scene.thread.staying():
        return None
    options = [(act, weight(scene, first, row)) for act, weight in TABLE[first.act].seconds.items()]
    options = [(act, weight) for act, weight in options if weight > 0]
    if not options:
        return None
    keys = np.log([weight for _, weight in options]) + scene.draw("reply").gumbel(size=len(options))
    for choice in np.argsort(-keys):
        act = options[int(choice)][0]
        move = _second_part(scene, first, act)
        if move is not None and TABLE[act].may(scene, move):
            return move
    return None


def heard(move: Move) -> Fact | None:
    """The fact of a move as its hearer holds it afterwards."""
    if move.fact is None or move.act not in TOLD:
        return move.fact
    return replace(move.fact, source="told", told_by=move.speaker, hops=move.fact.hops + 1)


def _second_part(scene: Scene, first: Move, act: Act) -> Move | None:
    move = Move(first.listener, first.speaker, act, first.topic, heard(first), first.subject, after=first.act)
    if first.act in PROPOSING:
        move = replace(move, proposal=first.proposal)
    if first.act == Act.DOUBT and first.fact is not None:
        fact = scene.minds.knowledge.held[first.listener].get(first.fact.id)
        return replace(move, fact=fact, again=True)
    if act == Act.ANSWER:
        fact = answer(scene, first)
        return replace(move, fact=fact, again=first.after in TOLD and fact is not None and first.fact is not None)
    if act == Act.OFFER:
        return _offer(scene, move)
    if first.act == Act.ACKNOWLEDGE or act == Act.JOKE or (act == Act.BLAME and first.act != Act.GOSSIP):
        return replace(move, fact=None, subject=-1)  # of one's own: asked back, jested back, or taken amiss
    return move


def _offer(scene: Scene, move: Move) -> Move | None:
    """What may be done about the need that was just told."""
    if move.fact is None or Topic.FAVOUR in scene.thread.spent:
        return None
    state, minds, now = str(move.fact.details.get("state")), scene.minds, scene.now
    if minds.promises.between(move.speaker, move.listener):
        return None
    wish = comfort_for(minds, move.speaker, move.listener, now, state)
    return replace(move, topic=Topic.FAVOUR, proposal=wish) if wish is not None else None


def answer(scene: Scene, question: Move) -> Fact | None:
    """What the one who is asked knows about it; None when that is nothing."""
    minds, now = scene.minds, scene.now
    speaker, asker = question.listener, question.speaker
    if question.topic == Topic.WORK:
        return _own_work(scene, speaker)
    if question.topic == Topic.WELLBEING:
        return minds.own_wellbeing(speaker, now)
    if question.topic == Topic.WEATHER:
        return minds.weather_fact(speaker, asker, now)
    if question.topic == Topic.PERSON:
        if question.subject < 0:
            return None
        return minds.sighting(speaker, question.subject, now)
    if question.fact is not None:
        return minds.knowledge.held[speaker].get(question.fact.id)
    best = next(iter(tellable_news(scene, speaker, asker)), None)
    return best if best is not None and is_told(scene, speaker, asker, best, asked=True) else None


def dishonesty(person: Persona) -> float:
    """0..1: how easily somebody says what is not so, by little kindness and little care."""
    return 1.0 - (person.agreeableness + person.conscientiousness) / 2


def _own_work(scene: Scene, row: int) -> Fact:
    """How one's work goes; the dishonest who are behind may say that all is well, unless they have asked for help."""
    minds, now = scene.minds, scene.now
    fact = minds.own_work(row, now)
    tempted = fact.details["state"] == "behind" and dishonesty(scene.person(row)) > LIES_ABOVE
    tempted = tempted and row not in scene.thread.in_need
    if not tempted or scene.draw("lie").random() > LIE_CHANCE:
        return fact
    return minds.knowledge.lie(
        row, Topic.WORK, "work_state", now.day, now.minute, subject=row, place=fact.place, state="well"
    )
