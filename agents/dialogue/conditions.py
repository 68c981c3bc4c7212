"""When an act may be done: what must hold of the speaker, the listener and the turn before."""

from __future__ import annotations

from agents.acts import Act, Fact, Topic
from agents.dialogue.favours import free_for, gives, is_ahead, on_the_list
from agents.dialogue.moves import Move, Scene
from agents.minds import Moment

HOUR_S = 3600.0
ASK_AGAIN_H = 3.0  # nobody asks the same person the same thing sooner; judgement
JOKE_AGAIN_H = 1.0
STALE_WEATHER_MIN, STALE_FLOOD_MIN = 60, 24 * 60
STRONG_WIND_M_S = 10.0  # from here on people speak of the wind; see Weather.describe
WARNINGS = ("rain_coming", "storm_started", "place_flooded", "fox_in_barn")
HURTS = ("promise_broken", "lied")  # what one may hold against its subject
SERVICES = ("promise_kept", "helped")
IN_NEED_KINDS = ("needs_help", "work_state", "wellbeing")
GOSSIP = ("opinion_of_person", "promise_kept", "promise_broken", "helped", "quarrelled", "lied")
TELLINGS = (Act.TELL, Act.ANSWER, Act.GOSSIP, Act.WARN, Act.TEACH)
KEEPS_FLOCK = ("shepherd", "farmer")
RELATED = (
    ("farmer", "gardener", "shepherd", "herbalist"),
    ("smith", "carpenter", "woodcutter", "potter"),
    ("baker", "miller", "innkeeper"),
    ("weaver", "shepherd", "trader"),
    ("fisher", "trader", "innkeeper"),
    ("priest", "herbalist"),
)
"""Trades that have some craft in common; judgement."""


def holds(scene: Scene, row: int, fact: Fact | None) -> bool:
    """Whether somebody has a fact in mind."""
    knowledge = scene.minds.knowledge
    return fact is not None and (fact.id in knowledge.held[row] or fact.id == knowledge.brought_up[row])


def ticks(scene: Scene, hours: float) -> int:
    """The tick that lies so many hours back."""
    return scene.now.tick - int(hours * HOUR_S * scene.minds.memories.tick_rate)


def follows(scene: Scene, move: Move, *acts: Act) -> bool:
    """Whether the move answers one of these acts, which was addressed to its speaker."""
    last = scene.thread.last
    return move.second and last is not None and last.act in acts and last.listener == move.speaker


def may_greet(scene: Scene, move: Move) -> bool:
    """At the beginning, on coming up to a group, and in return."""
    first = scene.thread.turns == 0 or move.speaker in scene.thread.newcomers
    return first or follows(scene, move, Act.GREET)


def may_tell(scene: Scene, move: Move) -> bool:
    """A fact one holds, to somebody it is not about; of the weather also without one."""
    if move.fact is None:
        return move.topic == Topic.WEATHER
    return holds(scene, move.speaker, move.fact) and move.listener != move.fact.subject


def may_ask(scene: Scene, move: Move) -> bool:
    """On what was just told, or what one has not asked the same person for hours."""
    if follows(scene, move, *TELLINGS):
        return move.fact is not None
    about = move.fact.id if move.fact is not None else move.subject
    since = ticks(scene, ASK_AGAIN_H)
    return not scene.said.lately(move.speaker, Act.ASK, move.topic, since, to=move.listener, about=about)


def may_answer(scene: Scene, move: Move) -> bool:
    """Only what one was asked, with a fact one holds or with none, and what is doubted of one's own telling."""
    if follows(scene, move, Act.DOUBT):
        return holds(scene, move.speaker, move.fact)
    return follows(scene, move, Act.ASK) and (move.fact is None or holds(scene, move.speaker, move.fact))


def may_acknowledge(scene: Scene, move: Move) -> bool:
    """What was told, said in jest, declined or thanked for."""
    return follows(scene, move, *TELLINGS, Act.JOKE, Act.BLAME, Act.REFUSE, Act.THANK)


def may_agree(scene: Scene, move: Move) -> bool:
    """With what was told or blamed on a third one; to an apology it is forgiving."""
    return follows(scene, move, Act.TELL, Act.ANSWER, Act.GOSSIP, Act.BLAME, Act.APOLOGISE)


def may_doubt(scene: Scene, move: Move) -> bool:
    """What was told, or an apology."""
    return follows(scene, move, *TELLINGS, Act.BLAME, Act.APOLOGISE)


def may_offer(scene: Scene, move: Move) -> bool:
    """To do something oneself for the one addressed, if nothing promised is in the way."""
    wish = move.proposal
    fits = wish is not None and (wish.doer, wish.beneficiary) == (move.speaker, move.listener)
    return fits and wish is not None and free_for(scene.minds, wish)


def may_request(scene: Scene, move: Move) -> bool:
    """That the one addressed do something for oneself, and not again for hours."""
    wish = move.proposal
    if wish is None or (wish.doer, wish.beneficiary) != (move.listener, move.speaker):
        return False
    since = ticks(scene, ASK_AGAIN_H)
    return not scene.said.lately(move.speaker, Act.REQUEST, move.topic, since, to=move.listener)


def may_invite(scene: Scene, move: Move) -> bool:
    """To what is one's own to ask people to, as long as it is ahead, and those whom one would have there."""
    fact, wish = move.fact, move.proposal
    if fact is None or wish is None or fact.kind != "gathering" or not holds(scene, move.speaker, fact):
        return False
    if move.listener == fact.subject or not is_ahead(wish, scene.now):
        return False
    return gives(scene.minds, move.speaker, fact) and on_the_list(scene.minds, move.listener, fact)


def may_promise(scene: Scene, move: Move) -> bool:
    """What was just asked for or invited to, if nothing promised is in the way."""
    wish = move.proposal
    asked = follows(scene, move, Act.REQUEST, Act.INVITE)
    return asked and wish is not None and free_for(scene.minds, wish)


def may_refuse(scene: Scene, move: Move) -> bool:
    """What was asked, offered or invited to; as an answer to blame it is denial."""
    return follows(scene, move, Act.REQUEST, Act.INVITE, Act.OFFER, Act.BLAME)


def may_thank(scene: Scene, move: Move) -> bool:
    """For what was just given or offered, or for a service done before."""
    if follows(scene, move, Act.OFFER, Act.PROMISE, Act.WARN, Act.TEACH, Act.PRAISE):
        return True
    fact = move.fact
    done = fact is not None and fact.kind in SERVICES and holds(scene, move.speaker, fact)
    return done and fact is not None and (fact.subject, fact.object) == (move.listener, move.speaker)


def may_apologise(scene: Scene, move: Move) -> bool:
    """When blamed, or for what one did to the one addressed."""
    if follows(scene, move, Act.BLAME):
        return scene.thread.last is not None and not scene.thread.last.about_third
    fact = move.fact
    mine = fact is not None and fact.kind in (*HURTS, "quarrelled") and holds(scene, move.speaker, fact)
    return mine and fact is not None and {fact.subject, fact.object} == {move.speaker, move.listener}


def may_praise(scene: Scene, move: Move) -> bool:
    """For a service done or work well done by the one addressed."""
    fact = move.fact
    if fact is None or fact.subject != move.listener or not holds(scene, move.speaker, fact):
        return False
    return fact.kind in SERVICES or (fact.kind == "work_state" and fact.details.get("state") in ("well", "done"))


def may_blame(scene: Scene, move: Move) -> bool:
    """For a wrong done by the one addressed or what it declined, back on who blames, or a third one spoken of."""
    if follows(scene, move, Act.GOSSIP):
        return move.about_third and move.fact is not None and move.fact.kind in HURTS
    if follows(scene, move, Act.BLAME):
        last = scene.thread.last
        return last is not None and last.after != Act.BLAME and not last.about_third
    if follows(scene, move, Act.REFUSE):
        return scene.thread.last is not None and scene.thread.last.after in (Act.REQUEST, Act.INVITE)
    fact = move.fact
    if fact is None:  # out of temper alone, and only with somebody whom one does not like
        cross = scene.minds.mood(move.speaker) == "irritated"
        return cross and float(scene.minds.relations.affinity[move.speaker, move.listener]) < 0.0
    return fact.kind in HURTS and fact.subject == move.listener and holds(scene, move.speaker, fact)


def may_gossip(scene: Scene, move: Move) -> bool:
    """A fact about what somebody did or is, who does not stand by."""
    fact = move.fact
    if fact is None or fact.kind not in GOSSIP or not holds(scene, move.speaker, fact):
        return False
    return fact.subject not in scene.thread.members


def may_warn(scene: Scene, move: Move) -> bool:
    """Of a danger that concerns the one addressed."""
    fact = move.fact
    dangerous = fact is not None and fact.kind in WARNINGS and holds(scene, move.speaker, fact)
    return dangerous and fact is not None and endangers(scene, fact, move.listener)


def may_teach(scene: Scene, move: Move) -> bool:
    """A piece of the same or a related craft to the less skilled."""
    fact = move.fact
    if fact is None or fact.kind != "craft_tip" or not holds(scene, move.speaker, fact):
        return False
    me, you = scene.person(move.speaker), scene.person(move.listener)
    return you.skill < me.skill and are_related(you.trade, str(fact.details.get("trade", "")))


def may_joke(scene: Scene, move: Move) -> bool:
    """When cheerful, and not to the same person all the time."""
    if follows(scene, move, Act.JOKE, Act.PRAISE):
        return scene.minds.mood(move.speaker) in ("cheerful", "calm")
    since = ticks(scene, JOKE_AGAIN_H)
    cheerful = scene.minds.mood(move.speaker) == "cheerful"
    return cheerful and not scene.said.lately(move.speaker, Act.JOKE, move.topic, since, to=move.listener)


def may_close(scene: Scene, move: Move) -> bool:
    """Once anything has been said."""
    return scene.thread.turns > 0


def endangers(scene: Scene, fact: Fact, row: int) -> bool:
    """Whether a danger concerns somebody: who is bound for the place, or works under the sky, or keeps a flock."""
    person = scene.person(row)
    if fact.kind == "place_flooded":
        return fact.place in (person.workplace, person.home)
    if fact.kind == "fox_in_barn":
        return person.trade in KEEPS_FLOCK
    return scene.minds.places[person.workplace].building < 0


def still_holds(fact: Fact, now: Moment) -> bool:
    """Whether what was noticed of the weather is still so, and not so old that everybody has seen it."""
    rain, snow, wind = now.weather.rain_mm_h > 0.05, now.weather.snow_mm_h > 0.05, now.weather.wind_m_s
    if fact.kind == "place_flooded":
        return now.since(fact) < STALE_FLOOD_MIN
    holds_now = {
        "rain_coming": not rain,
        "rain_started": rain,
        "rain_stopped": not rain,
        "snow_started": snow,
        "storm_started": rain or snow or wind > STRONG_WIND_M_S,
    }
    return holds_now[fact.kind] and now.since(fact) < STALE_WEATHER_MIN


def are_related(one: str, other: str) -> bool:
    """Whether two trades are the same or have some craft in common."""
    return one == other or any(one in group and other in group for group in RELATED)
