"""What minds wish to say of their own accord: every first part that may open a topic, with what speaks for it.

One row per kind: `weight` says how much the speaker cares for it with this listener, before looking into its memory;
`make` looks and returns the move, or None where there is nothing of the kind to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from agents.acts import Act, Fact, Persona, Proposal, Topic
from agents.dialogue.conditions import (
    GOSSIP,
    HURTS,
    IN_NEED_KINDS,
    SERVICES,
    WARNINGS,
    are_related,
    endangers,
    still_holds,
    ticks,
)
from agents.dialogue.favours import (
    attendance,
    comfort_for,
    gives,
    help_for,
    is_ahead,
    is_promised,
    on_the_list,
    own_need,
)
from agents.dialogue.lore import own_craft, own_secret
from agents.dialogue.moves import Move, Scene
from agents.dialogue.replies import LIES_ABOVE, dishonesty
from agents.dialogue.tidings import is_told, tellable_news
from agents.dialogue.weights import IN_NEED

RAISE_AGAIN_H = 20.0  # a deed is not held against somebody, or thanked for, twice on one day
TELL_SECRET_TRUST, TELL_SECRET_AFFINITY = 0.72, 0.45  # whom one tells what one is ashamed of; judgement
TEACH_AGAIN_H = 48.0
REMIND_MIN = 8 * 60  # a promise is brought to mind within so many minutes before its hour
STALE_NEED_MIN = {"needs_help": 8 * 60, "work_state": 4 * 60, "wellbeing": 60}  # needs pass; judgement
FOLLOW_UP_MIN = 60  # after so long one asks how a thing has gone on
LIKING = 0.15
ABRUPT = 0.2  # times as often one asks for help before anything else has been said; judgement
ASKED_ALREADY = 0.25  # times as often work is asked after once health was, and the other way round; judgement
SAME_ONE = 0.6  # how often one comes back to whom the talk was just about; judgement


@dataclass(frozen=True)
class Prospect:
    """A speaker looking at somebody it might say something to."""

    scene: Scene
    speaker: int
    listener: int

    @cached_property
    def me(self) -> Persona:
        return self.scene.person(self.speaker)

    @cached_property
    def you(self) -> Persona:
        return self.scene.person(self.listener)

    @cached_property
    def familiarity(self) -> float:
        return float(self.scene.minds.relations.familiarity[self.speaker, self.listener])

    @cached_property
    def affinity(self) -> float:
        return float(self.scene.minds.relations.affinity[self.speaker, self.listener])

    @cached_property
    def trust(self) -> float:
        return float(self.scene.minds.relations.trust[self.speaker, self.listener])

    @cached_property
    def debt(self) -> float:
        return float(self.scene.minds.relations.debt[self.speaker, self.listener])

    @property
    def led_up(self) -> float:
        """How readily one comes to what one wants of the other: few fall into the house with the door."""
        return 1.0 if self.scene.thread.spent else ABRUPT

    @property
    def unasked(self) -> float:
        """How readily one asks how the other is or works: who has asked the one seldom asks the other, too."""
        spent = self.scene.thread.spent
        return ASKED_ALREADY if Topic.WORK in spent or Topic.WELLBEING in spent else 1.0

    @cached_property
    def mood(self) -> str:
        return self.scene.minds.mood(self.speaker)

    @cached_property
    def known(self) -> dict[str, list[Fact]]:
        """What the speaker has in mind, by kind, newest first."""
        kinds: dict[str, list[Fact]] = {}
        for fact in self.scene.minds.knowledge.held[self.speaker].values():
            kinds.setdefault(fact.kind, []).append(fact)
        for facts in kinds.values():
            facts.sort(key=lambda f: (-f.day, -f.minute, f.id))
        return kinds

    def fresh(self, topic: Topic, *kinds: str) -> list[Fact]:
        """Facts of a topic that have not been shared with the listener, newest first; of some kinds, if so wanted."""
        if topic not in self._fresh:
            self._fresh[topic] = self.tellable(topic)
        return [fact for fact in self._fresh[topic] if not kinds or fact.kind in kinds]

    @cached_property
    def _fresh(self) -> dict[Topic, list[Fact]]:
        return {}

    def tellable(self, topic: Topic) -> list[Fact]:
        """The same, as things stand now."""
        return self.scene.minds.knowledge.tellable(self.speaker, self.listener, topic, self.scene.now.minutes)

    def raised(self, act: Act, topic: Topic, about: int) -> bool:
        """Whether the speaker has said this to the listener within the day."""
        since = ticks(self.scene, RAISE_AGAIN_H)
        return self.scene.said.lately(self.speaker, act, topic, since, to=self.listener, about=about)

    def move(self, act: Act, topic: Topic, fact: Fact | None = None) -> Move:
        """A first part to the listener."""
        return Move(self.speaker, self.listener, act, topic, fact, fact.subject if fact is not None else -1)


@dataclass(frozen=True)
class Initiative:
    """One kind of thing to begin with."""

    topic: Topic
    weight: Callable[[Prospect], float]
    make: Callable[[Prospect], Move | None]


def _warn(o: Prospect) -> Move | None:
    for fact in (*o.fresh(Topic.WEATHER, *WARNINGS), *o.fresh(Topic.NEWS, *WARNINGS)):
        stale = fact.topic == Topic.WEATHER and not still_holds(fact, o.scene.now)
        if not stale and endangers(o.scene, fact, o.listener):
            return o.move(Act.WARN, fact.topic, fact)
    return None


def _deed(act: Act, topic: Topic, kinds: tuple[str, ...], by_me: bool) -> Callable[[Prospect], Move | None]:
    def make(o: Prospect) -> Move | None:
        one, other = (o.speaker, o.listener) if by_me else (o.listener, o.speaker)
        for kind in kinds:
            for fact in o.known.get(kind, ()):
                if (fact.subject, fact.object) == (one, other) and not o.raised(act, topic, fact.id):
                    return o.move(act, topic, fact)
        return None

    return make


def _praise(o: Prospect) -> Move | None:
    """For what the listener did for others."""
    for kind in SERVICES:
        for fact in o.known.get(kind, ()):
            done = fact.subject == o.listener and fact.object != o.speaker
            if done and not o.raised(Act.PRAISE, Topic.FAVOUR, fact.id):
                return o.move(Act.PRAISE, Topic.FAVOUR, fact)
    return None


def _grumble(o: Prospect) -> Move | None:
    """Out of temper: with somebody one does not like, about nothing in particular."""
    if o.mood != "irritated" or o.affinity > -LIKING or o.raised(Act.BLAME, Topic.SELF, -1):
        return None
    return o.move(Act.BLAME, Topic.SELF)


def _invite(o: Prospect) -> Move | None:
    for fact in o.known.get("gathering", ()):
        minds = o.scene.minds
        ours = o.listener != fact.subject and gives(minds, o.speaker, fact)
        wish = attendance(o.listener, fact) if ours else None
        if (
            wish is None
            or is_promised(minds, wish)
            or not is_ahead(wish, o.scene.now)
            or o.raised(Act.INVITE, Topic.GATHERING, fact.id)
        ):
            continue
        if on_the_list(minds, o.listener, fact):
            return replace(o.move(Act.INVITE, Topic.GATHERING, fact), proposal=wish)
    return None


def _request(o: Prospect) -> Move | None:
    """Asks for help with what one is behind with, unless somebody has promised it or one has just said it goes well."""
    minds, now = o.scene.minds, o.scene.now
    if o.speaker in o.scene.thread.at_ease or minds.was_helped(o.speaker, now):
        return None
    need = own_need(minds, o.speaker, now)
    if need is None or any(minds.promises.between(row, o.speaker) for row in _asked(o)):
        return None
    return replace(o.move(Act.REQUEST, Topic.FAVOUR, need), proposal=help_for(minds, o.listener, o.speaker, now, need))


def _asked(o: Prospect) -> list[int]:
    """Whom the speaker asked for help within the day."""
    return o.scene.said.to_whom(o.speaker, Act.REQUEST, Topic.FAVOUR, ticks(o.scene, RAISE_AGAIN_H))


def _remind(o: Prospect) -> Move | None:
    """Brings to mind what the listener has promised and what is soon to be done."""
    now = o.scene.now
    for wish in o.scene.minds.promises.between(o.listener, o.speaker):
        left = (wish.day - now.day) * 1440 + wish.minute - now.minute
        topic = Topic.GATHERING if wish.kind == "attend" else Topic.FAVOUR
        if 0 < left < REMIND_MIN and wish.kind != "attend" and not o.raised(Act.REQUEST, topic, -1):
            return replace(o.move(Act.REQUEST, topic), proposal=wish)
    return None


def _offer(o: Prospect) -> Move | None:
    """Offers help to one who is known to be in need of it."""
    minds, now = o.scene.minds, o.scene.now
    for kind in IN_NEED_KINDS:
        need = next((f for f in o.known.get(kind, ()) if f.subject == o.listener), None)
        if need is None or now.since(need) > STALE_NEED_MIN[kind] or o.raised(Act.OFFER, Topic.FAVOUR, need.id):
            continue
        state = str(need.details.get("state", "behind"))
        if state not in IN_NEED or minds.promises.between(o.speaker, o.listener):
            continue
        if state == "behind" and minds.was_helped(o.listener, now):
            continue  # one sees that it is done
        if kind == "needs_help":
            wish: Proposal | None = help_for(minds, o.speaker, o.listener, now, need)
        else:
            wish = comfort_for(minds, o.speaker, o.listener, now, state)
        if wish is not None:
            return replace(o.move(Act.OFFER, Topic.FAVOUR, need), proposal=wish)
    return None


def _teach(o: Prospect) -> Move | None:
    """What one was taught, or knows of one's own trade."""
    since = ticks(o.scene, TEACH_AGAIN_H)
    if o.you.skill >= o.me.skill or o.scene.said.lately(o.speaker, Act.TEACH, Topic.CRAFT, since, to=o.listener):
        return None
    for fact in o.fresh(Topic.CRAFT):
        if are_related(o.you.trade, str(fact.details.get("trade", ""))):
            return o.move(Act.TEACH, Topic.CRAFT, fact)
    if not are_related(o.me.trade, o.you.trade):
        return None
    own = own_craft(o.scene.minds, o.speaker, o.scene.now)
    fresh = o.tellable(Topic.CRAFT)
    return next((o.move(Act.TEACH, Topic.CRAFT, fact) for fact in own if fact in fresh), None)


def _tell_news(o: Prospect) -> Move | None:
    best = next(iter(tellable_news(o.scene, o.speaker, o.listener)), None)
    told = best is not None and is_told(o.scene, o.speaker, o.listener, best)
    return o.move(Act.TELL, Topic.NEWS, best) if told else None


def _tell_gathering(o: Prospect) -> Move | None:
    """Those who only heard of a gathering tell of it."""
    ahead = (f for f in o.fresh(Topic.GATHERING) if is_ahead(attendance(o.listener, f), o.scene.now))
    fact = next((f for f in ahead if f.subject != o.speaker), None)
    told = fact is not None and is_told(o.scene, o.speaker, o.listener, fact)
    return o.move(Act.TELL, Topic.GATHERING, fact) if told else None


def _tell_weather(o: Prospect) -> Move:
    """What was noticed of it and is not known yet; else a plain word about it."""
    fact = next((f for f in o.fresh(Topic.WEATHER) if still_holds(f, o.scene.now)), None)
    return o.move(Act.TELL, Topic.WEATHER, fact)


def _tell_sighting(o: Prospect) -> Move | None:
    minds, now = o.scene.minds, o.scene.now
    subject = _somebody(o)
    fact = minds.sighting(o.speaker, subject, now) if subject >= 0 else None
    return o.move(Act.TELL, Topic.PERSON, fact) if fact in o.fresh(Topic.PERSON) else None


def _tell_secret(o: Prospect) -> Move | None:
    if o.trust < TELL_SECRET_TRUST or o.affinity < TELL_SECRET_AFFINITY:
        return None
    if len(o.scene.thread.members) > 2:
        return None
    fact = own_secret(o.scene.minds, o.speaker, o.scene.now)
    untold = fact in o.tellable(Topic.SELF)
    return o.move(Act.TELL, Topic.SELF, fact) if untold else None


def _gossip(o: Prospect) -> Move | None:
    """What a third one did, rather than what one thinks of it; bad rather than good."""
    absent = [f for f in o.fresh(Topic.PERSON, *GOSSIP) if f.subject not in o.scene.thread.members]
    deeds = [f for f in absent if f.kind != "opinion_of_person" and f.object != o.listener]
    if deeds:
        return o.move(Act.GOSSIP, Topic.PERSON, deeds[0])
    subject = _somebody(o)
    if subject < 0:
        return None
    fact = o.scene.minds.own_opinion(o.speaker, subject, o.scene.now)
    untold = fact is not None and fact in o.tellable(Topic.PERSON)
    return o.move(Act.GOSSIP, Topic.PERSON, fact) if untold else None


def _somebody(o: Prospect) -> int:
    """A third one who comes to mind, better known ones rather; -1 if nobody does."""
    r = o.scene.minds.relations
    rows = r.known(o.speaker)
    rows = rows[~np.isin(rows, o.scene.thread.members)]
    if not len(rows):
        return -1
    last = o.scene.thread.last
    if last is not None and last.subject in rows and o.scene.draw("the same one").random() < SAME_ONE:
        return last.subject
    reach = np.cumsum(np.asarray(r.familiarity[o.speaker, rows], float) + 0.05)
    drawn = o.scene.draw(f"somebody {o.listener}").random() * reach[-1]
    return int(rows[min(len(rows) - 1, int(np.searchsorted(reach, drawn, side="right")))])


def _boast(o: Prospect) -> Move | None:
    """Who broke a promise, and is none too honest, may tell others that it was kept."""
    if dishonesty(o.me) < LIES_ABOVE:
        return None
    for fact in o.known.get("promise_broken", ()):
        mine = fact.subject == o.speaker and fact.object not in o.scene.thread.members
        if mine and not o.scene.said.lately(o.speaker, Act.TELL, Topic.FAVOUR, ticks(o.scene, RAISE_AGAIN_H)):
            lie = o.scene.minds.knowledge.lie(
                o.speaker,
                Topic.PERSON,
                "promise_kept",
                fact.day,
                fact.minute,
                subject=o.speaker,
                object=fact.object,
                place=fact.place,
                **fact.details,
            )
            return o.move(Act.TELL, Topic.FAVOUR, lie)
    return None


def _joke(o: Prospect) -> Move | None:
    return o.move(Act.JOKE, Topic.SELF) if o.mood == "cheerful" else None


def _ask(topic: Topic) -> Callable[[Prospect], Move | None]:
    return lambda o: o.move(Act.ASK, topic)


def _ask_after_work(o: Prospect) -> Move | None:
    """How the work goes; where one knows that it went badly, how it goes now. What one has just heard is not asked."""
    told = next((f for f in o.known.get("work_state", ()) if f.subject == o.listener), None)
    if _is_fresh(o, told) or o.listener in o.scene.thread.in_need:
        return None
    old = told is not None and told.details.get("state") == "behind"
    return o.move(Act.ASK, Topic.WORK, told if old else None)


def _ask_after_health(o: Prospect) -> Move | None:
    told = next((f for f in o.known.get("wellbeing", ()) if f.subject == o.listener), None)
    if _is_fresh(o, told):
        return None
    old = told is not None and told.details.get("state") != "well"
    return o.move(Act.ASK, Topic.WELLBEING, told if old else None)


def _is_fresh(o: Prospect, told: Fact | None) -> bool:
    return told is not None and o.scene.now.since(told) <= FOLLOW_UP_MIN


def _ask_after_somebody(o: Prospect) -> Move | None:
    subject = _somebody(o)
    return Move(o.speaker, o.listener, Act.ASK, Topic.PERSON, subject=subject) if subject >= 0 else None


INITIATIVES: tuple[Initiative, ...] = (
    Initiative(Topic.WEATHER, lambda o: 4.0, _warn),
    Initiative(
        Topic.FAVOUR, lambda o: 32.0 * (0.2 + o.me.conscientiousness), _deed(Act.APOLOGISE, Topic.FAVOUR, HURTS, True)
    ),
    Initiative(
        Topic.FAVOUR, lambda o: 32.0 * max(0.05, 0.9 - o.me.agreeableness), _deed(Act.BLAME, Topic.FAVOUR, HURTS, False)
    ),
    Initiative(
        Topic.FAVOUR, lambda o: 3.0 * (0.3 + o.me.agreeableness), _deed(Act.THANK, Topic.FAVOUR, SERVICES, False)
    ),
    Initiative(Topic.FAVOUR, lambda o: 0.8 * o.me.agreeableness, _praise),
    Initiative(Topic.SELF, lambda o: 2.0 * max(0.0, 0.8 - o.me.agreeableness), _grumble),
    Initiative(Topic.GATHERING, lambda o: 12.0 * (0.4 + o.me.extraversion) * (0.6 + o.affinity), _invite),
    Initiative(Topic.FAVOUR, lambda o: o.led_up * 6.0 * (0.3 + o.familiarity) * (0.3 + o.trust), _request),
    Initiative(Topic.FAVOUR, lambda o: 1.0, _remind),
    Initiative(Topic.FAVOUR, lambda o: max(0.0, 2.0 * (o.me.agreeableness - 0.15) + 1.5 * o.debt), _offer),
    Initiative(Topic.CRAFT, lambda o: 0.4 * (0.3 + o.me.skill), _teach),
    Initiative(Topic.NEWS, lambda o: 3.0 * (0.5 + 0.5 * o.me.extraversion), _tell_news),
    Initiative(Topic.GATHERING, lambda o: 1.2, _tell_gathering),
    Initiative(Topic.WEATHER, lambda o: 0.7 + 0.6 * (1 - o.familiarity), _tell_weather),
    Initiative(Topic.PERSON, lambda o: 0.2 + 0.4 * o.me.extraversion, _tell_sighting),
    Initiative(Topic.SELF, lambda o: 0.5, _tell_secret),
    Initiative(Topic.FAVOUR, lambda o: 0.8 * dishonesty(o.me), _boast),
    Initiative(Topic.PERSON, lambda o: (0.2 + 0.9 * o.me.extraversion) * (1.2 - o.me.agreeableness), _gossip),
    Initiative(Topic.SELF, lambda o: 0.6 * (0.3 + o.me.extraversion), _joke),
    Initiative(Topic.WORK, lambda o: o.unasked * (0.5 + 0.4 * o.me.conscientiousness), _ask_after_work),
    Initiative(
        Topic.WELLBEING, lambda o: o.unasked * (0.4 + 0.8 * o.me.agreeableness * o.familiarity), _ask_after_health
    ),
    Initiative(Topic.NEWS, lambda o: 0.4 + 0.4 * o.me.openness, _ask(Topic.NEWS)),
    Initiative(Topic.PERSON, lambda o: 0.15 + 0.3 * o.me.extraversion, _ask_after_somebody),
    Initiative(Topic.WEATHER, lambda o: 0.25, _ask(Topic.WEATHER)),
)
"""In no order: chance weighs them against each other."""
