"""How likely each second part is: what bends people to agree, to doubt, to promise, to refuse, to forgive."""

from __future__ import annotations

from math import hypot

from agents.acts import Act, Fact, Proposal, Topic
from agents.dialogue.doubt import OWN_STATES, open_to_doubt
from agents.dialogue.favours import is_promised
from agents.dialogue.moves import Move, Scene
from agents.knowledge import VALENCE

ARGUABLE = ("opinion_of_person", "quarrelled", "promise_broken", "lied")
SHARED = (Topic.WEATHER, Topic.NEWS)  # of which the listener has its own impression where nothing is told
CLAIMS = (Topic.NEWS, Topic.PERSON, Topic.GATHERING)
CAUGHT = 6.0  # of doubt, where one knows at first hand that it is a lie
NEED_HINDERS = 0.4  # a need of one's own above this speaks against doing others a favour
WAY_PER_KM, WET_WAY = 0.3, 0.15  # how much the way, and rain on it, take from willingness; judgement
DONE_ALREADY = 3.0  # of refusing an offer, where one has been helped
ASKS_BACK = (0.25, 0.8)  # share of questions that are returned, at agreeableness 0 and 1; judgement
IN_NEED = ("behind", "hungry", "cold", "tired", "lonely")


def belief(scene: Scene, listener: int, speaker: int, fact: Fact | None = None) -> float:
    """How far one takes another's word, 0..1: by trust, by good faith, and less the more mouths it went through."""
    p = scene.person(listener)
    trust = float(scene.minds.relations.trust[listener, speaker])
    sure = 0.8 + 0.8 * (trust - 0.5) + 0.3 * (p.agreeableness - 0.5)
    return min(1.0, max(0.1, sure - 0.03 * (fact.hops if fact is not None else 0)))


def always(scene: Scene, first: Move, row: int) -> float:
    """What one does if nothing else is called for."""
    return 1.0


def greets_back(scene: Scene, first: Move, row: int) -> float:
    """A greeting is returned once; to who comes up to a group one says a word where one knows the other well."""
    if first.second:
        return 0.0
    if scene.thread.turns < 2:
        return 1.0
    near = float(scene.minds.relations.familiarity[row, first.speaker])
    return float(scene.draw("greets back").random() < near)


def takes_no(scene: Scene, first: Move, row: int) -> float:
    """Takes a refusal as it is; a denial is left standing."""
    return 0.0 if first.after == Act.BLAME else 1.0


def resents(scene: Scene, first: Move, row: int) -> float:
    """Takes a refused request or invitation amiss: the hard, the irritated, and who does not like the other anyway."""
    if first.after not in (Act.REQUEST, Act.INVITE):
        return 0.0
    liking = float(scene.minds.relations.affinity[row, first.speaker])
    irritated = 0.3 if scene.minds.mood(row) == "irritated" else 0.0
    return max(0.0, irritated + 1.5 * (0.7 - scene.person(row).agreeableness) - 0.4 * liking)


def waves_off(scene: Scene, first: Move, row: int) -> float:
    """Thanks that were not an answer themselves get one: it is nothing."""
    return 0.0 if first.second else 1.0


def takes_up(scene: Scene, first: Move, row: int) -> float:
    """What is said of a third one."""
    return 1.0 if first.act != Act.BLAME or first.about_third else 0.0


def curious(scene: Scene, first: Move, row: int) -> float:
    """Asks on: news rouses the open."""
    if first.topic != Topic.NEWS or first.fact is None:
        return 0.0
    return max(0.0, 0.3 + 0.8 * (scene.person(row).openness - 0.3))


def asks_back(scene: Scene, first: Move, row: int) -> float:
    """Who was asked after its work or its health, and has answered, asks the same, once in a talk: the kind sooner."""
    fact = first.fact
    if fact is None or first.after != Act.ANSWER or fact.kind not in OWN_STATES or fact.subject != row:
        return 0.0
    known = fact.kind == "work_state" and first.speaker in scene.thread.in_need
    if known or scene.thread.asked_back or scene.thread.pressed:
        return 0.0
    share = ASKS_BACK[0] + (ASKS_BACK[1] - ASKS_BACK[0]) * scene.person(row).agreeableness
    return float(scene.draw("asks back").random() < share)


def doubts(scene: Scene, first: Move, row: int) -> float:
    """Does not believe what can be doubted: little trust, little good faith, another opinion, or better knowledge.

    Who stands by what was doubted is left in peace.
    """
    p = scene.person(row)
    if first.fact is not None and scene.minds.knowledge.found_out(row, first.fact):
        return CAUGHT
    distrust = max(0.0, 0.85 - belief(scene, row, first.speaker, first.fact))
    if first.act == Act.APOLOGISE:
        return 0.1 + 1.2 * max(0.0, 0.6 - p.agreeableness) + distrust
    if first.after == Act.DOUBT:
        return 0.0
    weight = 0.06 + 0.9 * distrust + 1.1 * max(0.0, 0.6 - p.agreeableness)
    return (weight + 0.6 * _disagreement(scene, first, row)) * open_to_doubt(scene, first, row)


def stands_by(scene: Scene, first: Move, row: int) -> float:
    """Says whence it has what was doubted; in its own affairs and about the sky one leaves it at that."""
    told = first.fact is not None and first.topic in CLAIMS and first.after != Act.APOLOGISE
    return float(told and first.fact is not None and first.fact.kind not in OWN_STATES)


def agrees(scene: Scene, first: Move, row: int) -> float:
    """Is of one mind with the speaker; after an apology: forgives."""
    p = scene.person(row)
    if first.act == Act.APOLOGISE:
        return 0.3 + 1.4 * p.agreeableness + max(0.0, float(scene.minds.relations.affinity[row, first.speaker]))
    if first.act == Act.BLAME and not first.about_third:
        return 0.0
    arguable = first.topic in SHARED if first.fact is None else first.fact.kind in ARGUABLE
    return (1.2 + p.agreeableness) * (1.0 - _disagreement(scene, first, row)) if arguable else 0.0


def helps(scene: Scene, first: Move, row: int) -> float:
    """Offers something to one who has just told of a need."""
    fact = first.fact
    if fact is None or fact.subject != first.speaker or fact.details.get("state") not in IN_NEED:
        return 0.0
    r = scene.minds.relations
    return max(0.0, 3.0 * (scene.person(row).agreeableness - 0.2) + float(r.debt[row, first.speaker]))


def praises(scene: Scene, first: Move, row: int) -> float:
    """Speaks well of work that goes well, to those one likes."""
    fact = first.fact
    if fact is None or fact.kind != "work_state" or fact.subject != first.speaker:
        return 0.0
    liking = float(scene.minds.relations.affinity[row, first.speaker])
    return max(0.0, 0.25 * scene.person(row).agreeableness + 0.3 * liking) if fact.details["state"] != "behind" else 0.0


def promises(scene: Scene, first: Move, row: int) -> float:
    """Takes on what it was asked for or invited to, as far as it is willing; what it has promised already, always."""
    return 1.0 if _stands(scene, first) else willingness(scene, first, row)


def refuses(scene: Scene, first: Move, row: int) -> float:
    """Will not have it: the unwilling say no, the proud to help, and the stubborn deny what they are blamed for.

    Who cannot promise, because something else is promised, has only this left.
    """
    p, r = scene.person(row), scene.minds.relations
    if first.act == Act.OFFER:
        for_work = first.fact is None or first.fact.details.get("state", "behind") == "behind"
        done = DONE_ALREADY if for_work and scene.minds.was_helped(row, scene.now) else 0.0
        liking, trust = float(r.affinity[row, first.speaker]), float(r.trust[row, first.speaker])
        return max(done, 0.28 + 0.4 * (0.5 - p.agreeableness) - 0.3 * liking - 0.3 * (trust - 0.5))
    if first.act == Act.BLAME:
        return 0.0 if first.about_third else max(0.05, 0.5 - 0.8 * (p.agreeableness - 0.5))
    return 0.0 if _stands(scene, first) else 1.0 - willingness(scene, first, row)


def willingness(scene: Scene, first: Move, row: int) -> float:
    """0..1: how gladly one does what one is asked for or comes where one is invited; judgement.

    For those one likes, trusts and owes; the kind do what they are asked, the sociable come. Against it speak what is
    promised already, being hungry, tired or cold oneself, the way there, bad weather where there is no roof, and, to
    the conscientious, work of their own that waits.
    """
    p, r, needs, wish = scene.person(row), scene.minds.relations, scene.minds.needs, first.proposal
    bond = 0.35 * float(r.affinity[row, first.speaker]) + 0.3 * (float(r.trust[row, first.speaker]) - 0.5)
    bond += 0.4 * float(r.debt[row, first.speaker])
    burden = 0.10 * len(scene.minds.promises.owed(row))
    burden += 0.25 * max(0.0, float(max(needs.hunger[row], needs.fatigue[row], needs.cold[row])) - NEED_HINDERS)
    burden += _way_there(scene, wish, row) if wish is not None else 0.0
    if first.act == Act.INVITE:
        nature = 0.70 + 0.4 * (p.extraversion - 0.5) + 0.2 * (p.agreeableness - 0.5)
    else:
        nature = 0.68 + 0.6 * (p.agreeableness - 0.5)
        behind = scene.minds.knowledge.first_hand(row, "needs_help", row)
        burden += 0.2 * p.conscientiousness * (behind is not None and behind.day == scene.now.day)
    return min(0.97, max(0.03, nature + bond - burden))


def _way_there(scene: Scene, wish: Proposal, row: int) -> float:
    """How much the way to a place, and bad weather if it has no roof, speak against going there."""
    there, home = scene.minds.places[wish.place], scene.minds.places[scene.person(row).home]
    way = WAY_PER_KM * hypot(there.x - home.x, there.y - home.y) / 1000.0
    return way + (WET_WAY if there.building < 0 and scene.now.weather.raining else 0.0)


def _stands(scene: Scene, first: Move) -> bool:
    """Whether what is asked or invited to is promised already."""
    asked = first.act in (Act.INVITE, Act.REQUEST) and first.proposal is not None
    return asked and first.proposal is not None and is_promised(scene.minds, first.proposal)


def thanks(scene: Scene, first: Move, row: int) -> float:
    """Thanks for it; for a warning, if one is of that kind."""
    return 1.0 if first.act != Act.WARN else 0.5 + scene.person(row).agreeableness


def apologises(scene: Scene, first: Move, row: int) -> float:
    """Takes the blame: the kind and the careful do."""
    if first.about_third:
        return 0.0
    p = scene.person(row)
    guilty = first.fact is not None
    return max(0.05, (0.4 + 0.9 * p.agreeableness + 0.4 * p.conscientiousness) * (1.0 if guilty else 0.5))


def blames(scene: Scene, first: Move, row: int) -> float:
    """Turns on the third one who is spoken of, or back on who blames."""
    p = scene.person(row)
    if first.act == Act.GOSSIP:
        liked = float(scene.minds.relations.affinity[row, first.subject]) if first.subject >= 0 else 0.0
        return max(0.0, 0.5 * (1.0 - p.agreeableness) - liked)
    if first.after == Act.REFUSE:
        return 0.0  # who has said no has said it
    irritated = 0.4 if scene.minds.mood(row) == "irritated" else 0.0
    return max(0.0, irritated + 0.9 * (0.55 - p.agreeableness)) if not first.about_third else 0.0


def jokes(scene: Scene, first: Move, row: int) -> float:
    """Jests back."""
    p = scene.person(row)
    return 0.3 + 0.7 * p.extraversion if first.act == Act.JOKE and not first.second else 0.25 * p.extraversion


def _disagreement(scene: Scene, first: Move, row: int) -> float:
    """0..1: how far one thinks otherwise of the one spoken about."""
    fact = first.fact
    if fact is None or fact.subject in (-1, row):
        return 0.0
    liking = float(scene.minds.relations.affinity[row, fact.subject])
    if fact.kind == "opinion_of_person":
        return min(1.0, max(0.0, -liking if fact.details.get("likes") else liking) * 2.0)
    against = fact.kind in ("promise_broken", "lied") or VALENCE.get(fact.kind, 0) < 0
    return min(1.0, max(0.0, liking)) if against else 0.0
