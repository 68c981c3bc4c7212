"""What a turn does when it has been heard: facts spread, feelings and relations move, promises are made.

Here, and not in any text. All who stand in the group hear the turn as listeners, those who were not addressed at a
lesser weight; who stands in earshot without being of the group may learn what is said, and is not moved by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from agents.acts import Act, Fact
from agents.appraisal import of_act
from agents.deeds import lie_found_out, quarrel
from agents.dialogue.moves import Move, Scene
from agents.dialogue.table import TABLE
from agents.dialogue.weights import belief
from agents.knowledge import VALENCE
from agents.memory import EpisodeKind
from agents.recollection import fact_words

CARRIES = (Act.TELL, Act.ANSWER, Act.GOSSIP, Act.WARN, Act.TEACH, Act.INVITE, Act.REQUEST)  # acts that pass a fact on
GROUP_WEIGHT = 0.5  # of effects on those who listen without being addressed; judgement
DOUBTED = 0.5  # factor on the belief of one who says that it doubts
OVERHEARD = 0.6  # factor on the belief of one who overhears: words are lost
CATCHES = 0.15  # of what is said near by to others reaches one who is about something else; judgement
MOST_OVERHEARERS = 6  # nearest first; a crowd does not hang on every word
FORGIVEN = 0.05  # affinity and, by half, trust that forgiving gives back
HEARSAY = 0.03  # what a told deed moves in affinity for its doer, at full confidence; judgement

DEEDS = {"promise_kept": 1.0, "helped": 1.0, "promise_broken": -1.0, "lied": -1.5, "quarrelled": -0.3}
"""How a third one's deed is taken by those who hear of it, in HEARSAY."""


@dataclass(frozen=True)
class Learned:
    """Somebody came to know something by a turn."""

    row: int
    fact: Fact  # as it is held now
    how: str  # told, overheard, seen (a quarrel), or found out: that what was said is a lie


def absorb(
    scene: Scene, move: Move, present: list[int], aside: list[int], place: int, *, doubted: bool
) -> list[Learned]:
    """Let a turn that was heard do its work; `present` are the members who heard it, `aside` the overhearers.

    `doubted` says that the one addressed has doubt on its tongue. Returns who learned what.
    """
    learned = []
    for row in present:
        addressed = row == move.listener
        news = _take_up(scene, move, row, DOUBTED if doubted and addressed else 1.0)
        learned += news
        told = next((one.fact for one in news if one.how == "told"), None)
        _move_listener(scene, move, row, told, 1.0 if addressed else GROUP_WEIGHT)
    for row in _catching(scene, aside[:MOST_OVERHEARERS]):
        learned += _take_up(scene, move, row, OVERHEARD, overheard=True)
    if move.listener in present:
        act = TABLE[move.act]
        scene.minds.emotions.appraise(move.speaker, act.feels)
        scene.minds.relations.move(move.speaker, move.listener, debt=act.owes)
        scene.minds.relations.move(move.listener, move.speaker, debt=act.earns)
        _settle(scene, move)
        if move.act == Act.BLAME and move.after == Act.BLAME:
            by = [row for row in (*present, *aside[:MOST_OVERHEARERS]) if row != move.listener]
            fact = quarrel(scene.minds, move.listener, move.speaker, by, scene.now, place)
            learned += [Learned(row, fact, "seen") for row in by]
    _remember(scene, move, present, place, bool(learned))
    return learned


def _catching(scene: Scene, aside: list[int]) -> list[int]:
    """Those of the overhearers to whose ear the turn comes."""
    if not aside:
        return []
    draws = scene.draw("catches").random(len(aside))
    return [row for row, draw in zip(aside, draws.tolist(), strict=True) if draw < CATCHES]


def _take_up(scene: Scene, move: Move, row: int, share: float, *, overheard: bool = False) -> list[Learned]:
    """Tell one hearer the fact of a turn: what it comes to know, which may be that it is lied to."""
    fact, knowledge = move.fact, scene.minds.knowledge
    if fact is None or move.act not in CARRIES or row == move.speaker:
        return []
    if knowledge.makers.get(fact.id, (-1, ""))[0] == move.speaker and knowledge.found_out(row, fact):
        return [Learned(row, lie_found_out(scene.minds, row, move.speaker, fact, scene.now), "found out")]
    if row == fact.subject:
        return []
    sure = share * belief(scene, row, move.speaker, fact)
    held = knowledge.tell(move.speaker, row, fact, scene.now.tick, belief=sure, overheard=overheard)
    return [Learned(row, held, "overheard" if overheard else "told")] if held is not None else []


def _move_listener(scene: Scene, move: Move, row: int, learned: Fact | None, weight: float) -> None:
    minds, worth, valence = scene.minds, 0.0, 0
    if learned is not None:
        valence = VALENCE.get(learned.kind, 0)
        worth = 0.005 * (1 + abs(valence))  # who brings news is liked for it, good or bad
        _hearsay(scene, row, learned)
    personal = row == move.listener or move.act in CARRIES or move.act in (Act.JOKE, Act.GREET, Act.CLOSE)
    if not personal or (move.act == Act.BLAME and move.about_third):
        minds.relations.hear(row, move.speaker, Act.ACKNOWLEDGE, 0.0, weight)  # said to somebody else, or of one
        if move.act == Act.BLAME and move.about_third:
            minds.relations.move(row, move.subject, affinity=-HEARSAY * weight)
        return
    deserved = move.fact is not None and move.fact.subject == row
    minds.emotions.appraise(row, of_act(move.act, valence, deserved=deserved), weight)
    minds.relations.hear(row, move.speaker, move.act, worth, weight)


def _hearsay(scene: Scene, row: int, fact: Fact) -> None:
    """What one thinks of the one whose deed one has heard of."""
    third = fact.subject
    if third in (-1, row) or fact.object == row:
        return
    taken = DEEDS.get(fact.kind, 0.0)
    if fact.kind == "opinion_of_person":
        taken = 0.5 if fact.details.get("likes") else -0.5
    if taken:
        step = HEARSAY * taken * fact.confidence
        deed = fact.kind in DEEDS
        scene.minds.relations.move(row, third, affinity=step, trust=step * deed, respect=0.5 * step * deed)


def _settle(scene: Scene, move: Move) -> None:
    """What is given with a word: promises, and forgiveness."""
    minds, wish = scene.minds, move.proposal
    given = move.act == Act.PROMISE or (move.act == Act.THANK and move.after == Act.OFFER)
    if given and wish is not None and wish.promise < 0:
        minds.promises.make(wish, scene.now.tick)
    if move.act == Act.REFUSE and move.after == Act.INVITE and wish is not None:
        minds.promises.decline(wish)
    if move.act == Act.AGREE and move.after == Act.APOLOGISE:
        minds.relations.move(move.speaker, move.listener, affinity=FORGIVEN, trust=FORGIVEN / 2)


def _remember(scene: Scene, move: Move, present: list[int], place: int, news: bool) -> None:
    """Keep in mind what was told, asked, promised and done to each other, on both sides."""
    if move.act in (Act.ACKNOWLEDGE, Act.AGREE, Act.DOUBT, Act.CLOSE) or (move.act == Act.GREET and move.second):
        return
    weight = 0.6 if news or move.proposal is not None else 0.35 if move.fact is not None else 0.15
    fact = move.fact.id if move.fact is not None else -1
    words = fact_words(move.fact) if move.fact is not None else move.proposal.what if move.proposal is not None else ""
    keep = partial(
        scene.minds.memories.remember,
        tick=scene.now.tick,
        topic=move.topic,
        about=move.subject if move.about_third else -1,
        place=place,
        fact=fact,
        words=words,
    )
    for row in present:
        if row == move.listener:
            keep(row, kind=EpisodeKind.HEARD, who=move.speaker, importance=weight)
            keep(move.speaker, kind=EpisodeKind.SAID, who=row, importance=weight)
        elif news:
            keep(row, kind=EpisodeKind.HEARD, who=move.speaker, importance=weight * GROUP_WEIGHT)
