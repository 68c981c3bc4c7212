"""What others see of how one is dressed against the weather, laden, seated and gesturing: read off, never decided on.

All of it follows from the state of the tick, so nothing of it is state of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from agents.acts import Act, Persona, Topic
from agents.bodies import VILLAGER, Bodies
from agents.dialogue.moves import Move
from agents.knowledge import VALENCE
from agents.plans import OUTDOOR_TRADES, Intent
from assets.palette import Activity, Bearing, Gesture, Load, Seat, Wear
from world.view import Place, Weather

SHOWER_MM_H = 0.2  # from here on people look for a roof; see Weather.raining
HOODED_MM_H = 0.6  # the hood goes up
CLOAK_C = 9.0  # below this everybody wears a cloak; judgement
HARDY_CLOAK_C = 4.0  # and those who work outdoors below this
LANTERN_SUN = np.radians(-4.0)  # a little before civil dusk ends (-6 degrees), when faces are hard to make out
RAISED_S = 0.35  # a gesture rises and sinks in this time; preparation strokes last 0.2-0.5 s (Kendon 2004)
ELDER_BY = 18  # years from which one bows instead of waving; judgement
CHEERFUL = 0.4  # mood from which one laughs over good news

TOOLS = {
    "farmer": Load.HOE,
    "gardener": Load.RAKE,
    "shepherd": Load.CROOK,
    "woodcutter": Load.AXE,
    "fisher": Load.FISHING_ROD,
    "smith": Load.HAMMER,
    "carpenter": Load.HAMMER,
    "innkeeper": Load.BROOM,
    "miller": Load.SACK,
    "baker": Load.DOUGH,
    "potter": Load.CLAY,
    "priest": Load.BOOK,
    "herbalist": Load.BASKET,
    "trader": Load.BASKET,
}
LEFT_AT_WORK = (Load.DOUGH, Load.CLAY)  # nobody walks the lanes with these
ERRAND_LOADS = {
    "well": Load.BUCKET,
    "market": Load.BASKET,
    "bakery": Load.BASKET,
    "barn": Load.SACK,
    "wood": Load.FIREWOOD,
    "forge": Load.FIREWOOD,
}
GESTURES = {
    Act.GREET: Gesture.WAVE,
    Act.TELL: Gesture.BEATS,
    Act.ASK: Gesture.OPEN_PALMS,
    Act.ANSWER: Gesture.BEATS,
    Act.ACKNOWLEDGE: Gesture.NOD,
    Act.AGREE: Gesture.NOD,
    Act.DOUBT: Gesture.HEAD_SHAKE,
    Act.OFFER: Gesture.OPEN_PALMS,
    Act.REQUEST: Gesture.OPEN_PALMS,
    Act.INVITE: Gesture.OPEN_PALMS,
    Act.PROMISE: Gesture.HAND_ON_HEART,
    Act.REFUSE: Gesture.PALM_OUT,
    Act.THANK: Gesture.HAND_ON_HEART,
    Act.APOLOGISE: Gesture.HAND_ON_HEART,
    Act.PRAISE: Gesture.OPEN_PALMS,
    Act.BLAME: Gesture.POINT,
    Act.GOSSIP: Gesture.BEATS,
    Act.WARN: Gesture.PALM_OUT,
    Act.TEACH: Gesture.POINT,
    Act.JOKE: Gesture.LAUGH,
    Act.CLOSE: Gesture.WAVE,
}


class Outward:
    """What others see of people, from what they are, what they are about, and the weather; made once for a village."""

    def __init__(self, personas: tuple[Persona, ...], places: tuple[Place, ...]) -> None:
        self._personas = personas
        self._hardy = np.array([p.trade in OUTDOOR_TRADES for p in personas], bool)
        self._tools = np.array([TOOLS.get(p.trade, Load.NOTHING) for p in personas], np.uint8)
        self._vessels = np.array([ERRAND_LOADS.get(p.kind, Load.NOTHING) for p in places] + [Load.NOTHING], np.uint8)
        self._bench = np.array([p.kind == "bench" for p in places] + [False])  # of no place, too, the last one

    def of(
        self,
        bodies: Bodies,
        intent: NDArray[np.integer],
        place: NDArray[np.integer],
        laden: NDArray[np.bool_],
        speaking: Iterable[tuple[Move, float, float]],
        mood: NDArray[np.float64],
        weather: Weather,
        sun_elevation: float,
    ) -> NDArray[np.void]:
        """The columns wears, carries, lantern, bearing, seat, gesture and gesturing of VILLAGER (n,); the rest is zero.

        Args:
            bodies: as they stand at this tick.
            intent: what each is about, by row.
            place: where, by row, -1 for nowhere.
            laden: who carries what was fetched, by row.
            speaking: the turns being spoken, each with the seconds since it began and until its floor ends.
            mood: by row.
            weather: at this tick.
            sun_elevation: in radians.
        """
        rows = np.zeros(len(bodies), VILLAGER)
        out = ~bodies.indoors
        falling = weather.rain_mm_h + weather.snow_mm_h
        rows["wears"] = np.where(out, clothing(self._hardy, falling, weather.temperature_c), Wear.NOTHING_MORE)
        carries = self.loads(intent, place, laden)
        carries[bodies.moving & np.isin(carries, LEFT_AT_WORK)] = Load.NOTHING
        rows["carries"] = np.where(out & (bodies.activity != Activity.SIT), carries, Load.NOTHING)
        at_rest = (bodies.activity == Activity.SIT) | (bodies.activity == Activity.SLEEP)
        rows["lantern"] = out & ~at_rest & (sun_elevation < LANTERN_SUN)
        wet = out & (falling > SHOWER_MM_H)
        rows["bearing"] = np.where(wet, np.where(bodies.moving, Bearing.HUNCHED, Bearing.SHELTERING), Bearing.UPRIGHT)
        rows["seat"] = np.where(self._bench[bodies.place] | bodies.indoors, Seat.STOOL, Seat.GROUND)
        for move, since_s, left_s in speaking:
            rows["gesture"][move.speaker] = gesture(move, self._personas, float(mood[move.speaker]))
            rows["gesturing"][move.speaker] = min(max(min(since_s, left_s) / RAISED_S, 0.0), 1.0)
        return rows

    def loads(
        self, intent: NDArray[np.integer], place: NDArray[np.integer], laden: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        """What is in each one's hand (n,): the tool on the way to work and there, a vessel or a bundle on an errand."""
        loads: NDArray[np.uint8] = np.where(intent == Intent.WORK, self._tools, Load.NOTHING).astype(np.uint8)
        loads[intent == Intent.HARVEST] = Load.RAKE
        loads[laden & (intent == Intent.FIRE)] = Load.FIREWOOD
        loads[laden & (intent == Intent.BRING)] = Load.BASKET
        errand = intent == Intent.ERRAND
        loads[errand] = self._vessels[place[errand]]
        return loads


def clothing(hardy: NDArray[np.bool_], falling_mm_h: float, temperature_c: float) -> NDArray[np.uint8]:
    """What each puts on outdoors (n,) Wear: a cloak against cold and drizzle, its hood up in rain and snow."""
    if falling_mm_h > HOODED_MM_H:
        return np.full(len(hardy), Wear.HOODED_CLOAK, np.uint8)
    cold = np.where(hardy, temperature_c < HARDY_CLOAK_C, temperature_c < CLOAK_C)
    return np.where(cold | (falling_mm_h > SHOWER_MM_H), Wear.CLOAK, Wear.NOTHING_MORE).astype(np.uint8)


def gesture(move: Move, personas: tuple[Persona, ...], mood: float) -> Gesture:
    """What goes with a turn: by its act, and for some by whom it is said to, what it is about, and how one feels."""
    speaker, listener = personas[move.speaker], personas[move.listener]
    kind = move.fact.kind if move.fact is not None else ""
    if move.act == Act.GREET and listener.age - speaker.age >= ELDER_BY:
        return Gesture.BOW
    if move.act == Act.TELL and move.topic == Topic.WEATHER:
        return Gesture.POINT
    if move.act == Act.TELL and VALENCE.get(kind, 0) < 0:
        return Gesture.PALM_OUT
    if move.act == Act.DOUBT and speaker.agreeableness > 0.5:
        return Gesture.SHRUG
    if move.act in (Act.ACKNOWLEDGE, Act.ANSWER) and VALENCE.get(kind, 0) > 0 and mood > CHEERFUL:
        return Gesture.LAUGH
    return GESTURES[move.act]
