"""Who speaks next and what it says: pairs are completed, then the floor is free for whoever takes it.

What is raised next follows from what was spoken of, as far as there is anything of the kind to say.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agents.acts import Act, Topic
from agents.dialogue.initiatives import INITIATIVES, Prospect
from agents.dialogue.moves import NOBODY, Move, Scene
from agents.dialogue.replies import reply_to
from agents.dialogue.table import TABLE

LEAST_TOPICS, MOST_TOPICS = 2, 3  # for two
TOPICS_BROUGHT = 2  # by everybody who joins
FEWEST_TURNS = 10  # where topics are dealt with in two words another one is taken up; judgement
USUAL_EXCHANGE = 4  # turns of one topic, such as TELL, ASK, ANSWER, ACKNOWLEDGE: no new one is begun without their time
LONGEST_EXCHANGE = 7  # ASK, ANSWER, ACKNOWLEDGE, and the same asked back, praised and thanked for
TURNS_OF_TWO, TURNS_PER_MEMBER = 15, 7
THIRD_TOPIC, EASE = 0.75, 0.5  # chance of a third one among strangers of average ease, and what moves it; judgement
LED_TO = 3.0  # times as likely where a topic follows from the one before; judgement
GOODBYES = 2  # at the end of all: one for everybody, and one in return
WILLING = 0.2  # what even the most introverted have of the wish to speak; judgement

LEADS_TO: Mapping[Topic, tuple[Topic, ...]] = {
    Topic.WEATHER: (Topic.WORK, Topic.WELLBEING),
    Topic.WORK: (Topic.FAVOUR, Topic.CRAFT),
    Topic.NEWS: (Topic.PERSON, Topic.GATHERING),
    Topic.PERSON: (Topic.NEWS, Topic.GATHERING),
    Topic.WELLBEING: (Topic.FAVOUR, Topic.SELF, Topic.NEWS),
    Topic.FAVOUR: (Topic.CRAFT, Topic.WELLBEING, Topic.NEWS),
    Topic.GATHERING: (Topic.PERSON, Topic.NEWS),
    Topic.CRAFT: (Topic.WORK, Topic.FAVOUR),
    Topic.SELF: (Topic.WELLBEING, Topic.PERSON),
}
"""What people come to speak of next; judgement."""


def topics_wanted(scene: Scene) -> int:
    """How many topics two take up who have met: the talkative, and those who know each other, rather three."""
    one, other = scene.thread.members
    ease = (scene.person(one).extraversion + scene.person(other).extraversion) / 2
    near = float(scene.minds.relations.familiarity[one, other])
    more = scene.draw("topics").random() < THIRD_TOPIC + EASE * (ease - 0.5) + EASE * near
    return LEAST_TOPICS + int(more) * (MOST_TOPICS - LEAST_TOPICS)


def most_turns(members: int) -> int:
    """Turns within which a talk of so many usually ends; an exchange under way is brought to its end."""
    return TURNS_OF_TWO + TURNS_PER_MEMBER * (members - 2)


def next_move(scene: Scene) -> Move | None:
    """The next turn, or None when all have said goodbye. The floor always changes hands.

    The one addressed by a first part speaks next; where nobody is, whoever takes the floor first: the extraverted
    sooner (Sacks, Schegloff & Jefferson 1974). Newcomers greet before anything else is taken up, and who must go says
    goodbye.
    """
    thread, last = scene.thread, scene.thread.last
    if last is None:
        return Move(thread.members[0], thread.members[1], Act.GREET, Topic.WELLBEING)
    if last.act == Act.CLOSE:
        if not last.second and not thread.ending:
            return _goodbye(scene, last.listener, last.speaker)
        if thread.ending:
            return _goodbye(scene, last.listener, last.speaker) if len(thread.parted) < GOODBYES else None
    reply = reply_to(scene, last)
    if reply is not None:
        return reply
    newcomer = next((m for m in thread.newcomers if m != last.speaker and m in thread.members), NOBODY)
    if newcomer != NOBODY and newcomer not in thread.pressed:
        return Move(newcomer, _best_known(scene, newcomer), Act.GREET, Topic.WELLBEING)
    return _parting(scene) or _opening(scene)


def _goodbye(scene: Scene, speaker: int, listener: int) -> Move:
    last = scene.thread.last
    return Move(speaker, listener, Act.CLOSE, last.topic if last is not None else Topic.WEATHER, after=Act.CLOSE)


def _best_known(scene: Scene, row: int) -> int:
    others = [m for m in scene.thread.staying() if m != row]
    return max(others, key=lambda m: (float(scene.minds.relations.familiarity[row, m]), -m))


def _parting(scene: Scene) -> Move | None:
    """The first goodbye: of one who must go, or of anybody when the talk has lasted long enough."""
    thread, last = scene.thread, scene.thread.last
    staying = thread.staying()
    topic = last.topic if last is not None else Topic.WEATHER
    pressed = [m for m in thread.pressed if m in staying]
    full = thread.turns + USUAL_EXCHANGE + GOODBYES > most_turns(len(staying))
    if full or len(pressed) >= len(staying) - 1:
        thread.ending = True
    if not thread.ending and not pressed:
        return None
    speaker = pressed[0] if pressed else _self_selected(scene)
    if last is not None and speaker == last.speaker:
        if not thread.ending:
            return None  # at the next chance: the floor changes hands first
        speaker = _self_selected(scene)
    return Move(speaker, _addressed(scene, speaker), Act.CLOSE, topic)


def _opening(scene: Scene) -> Move:
    """A new topic of whoever takes the floor; a goodbye where there is nothing more to say."""
    thread, last = scene.thread, scene.thread.last
    speaker = _self_selected(scene)
    listener = _addressed(scene, speaker)
    if len(thread.spent) < thread.wanted_topics or thread.turns < FEWEST_TURNS:
        prospect = Prospect(scene, speaker, listener)
        open_to = [i for i in INITIATIVES if i.topic not in thread.spent]
        led = LEADS_TO[last.topic] if last is not None and thread.spent else ()
        weights = np.array([max(0.0, i.weight(prospect)) * (LED_TO if i.topic in led else 1.0) for i in open_to])
        # Gumbel keys: going through them in falling order draws without replacement by weight (Efraimidis 2006).
        keys = np.log(np.maximum(weights, 1e-12)) + scene.draw("topic").gumbel(size=len(weights))
        for choice in np.argsort(-keys):
            move = open_to[int(choice)].make(prospect) if weights[choice] > 0 else None
            if move is not None and move.topic not in thread.spent and TABLE[move.act].may(scene, move):
                return move
    thread.ending = True
    topic = last.topic if last is not None else Topic.WEATHER
    return Move(speaker, listener, Act.CLOSE, topic)


def _self_selected(scene: Scene) -> int:
    """Who takes a free floor: anybody but the last speaker, the extraverted sooner."""
    last = scene.thread.last
    able = [m for m in scene.thread.staying() if last is None or m != last.speaker]
    if len(able) == 1:
        return able[0]
    reach = np.cumsum([WILLING + scene.person(m).extraversion for m in able])
    return able[int(np.searchsorted(reach, scene.draw("floor").random() * reach[-1], side="right"))]


def _addressed(scene: Scene, speaker: int) -> int:
    """To whom it turns: mostly to the last speaker, and to those it likes."""
    last = scene.thread.last
    others = [m for m in scene.thread.staying() if m != speaker]
    if len(others) == 1:
        return others[0]
    liking = scene.minds.relations.affinity
    wish = [1.0 + float(liking[speaker, m]) + (last is not None and m == last.speaker) for m in others]
    reach = np.cumsum(np.maximum(wish, 0.05))
    return others[int(np.searchsorted(reach, scene.draw("addressed").random() * reach[-1], side="right"))]
