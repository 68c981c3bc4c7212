"""Who sees whom and who is in earshot: limited by distance, weather, darkness, field of view, obstacles and leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.bodies import EYE_HEIGHT_M, Bodies
from assets.palette import Activity
from world.compiled import compiled
from world.state import Plain, put_back, taken
from world.view import Floats, Onlookers, Weather, WorldView

RECOGNITION_M = 60.0  # a neighbour is known by gait and clothes; faces alone fade sooner (Loftus & Harley 2005)
NIGHT_SIGHT_M = 15.0  # under the night sky a person stands out of the dark at about this distance; judgement
CIVIL_DUSK = np.radians(-6.0)
FIELD_OF_VIEW = np.radians(200.0)  # both eyes together (Howard & Rogers 1995)
ATTENDED = 12  # a mind follows no more people than this at once; keeps a crowd cheap

SPEECH_DB = 60.0  # normal voice at 1 m (ISO 9921:2003)
QUIET_DB = 35.0  # a village without machines; judgement
MARGIN_DB = 0.0  # speech is followed down to the level of the noise (ISO 9921, fair intelligibility)
EARSHOT_LIMITS_M = (2.5, 18.0)  # people standing together raise their voice; nobody follows talk across the square
BEHIND_WALLS = 0.25  # of earshot: a barrier takes 12 dB where the way round it is little longer (Maekawa 1968)
HEARD_BY = ATTENDED  # in a crowd others talk, too, and leave a voice a metre or two: no more than these; judgement


@dataclass
class Sight:
    """Whom each villager saw when last looking: rows (n, k), nearest first, padded with -1, and the distances."""

    seen: NDArray[np.int16]
    distance: Floats

    @classmethod
    def blind(cls, villagers: int) -> Sight:
        k = min(ATTENDED, max(1, villagers - 1))
        return cls(np.full((villagers, k), -1, np.int16), np.full((villagers, k), np.inf))

    def freeze(self) -> Plain:
        """Who was seen and how far off."""
        return taken(self, ("seen", "distance"))

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("seen", "distance"), state)

    def look(self, rows: NDArray[np.int64], bodies: Bodies, view: WorldView) -> None:
        """Renew what `rows` see."""
        seen, distance = seen_by(rows, bodies, view)
        k = self.seen.shape[1]
        self.seen[rows], self.distance[rows] = seen[:, :k], distance[:, :k]


def seen_by(rows: NDArray[np.int64], bodies: Bodies, view: WorldView) -> tuple[NDArray[np.int16], Floats]:
    """Whom `rows` see now, nearest first and at most ATTENDED: rows (m, k) padded with -1, and distances.

    Those indoors see nobody and are seen by nobody.
    """
    k = min(ATTENDED, max(1, len(bodies) - 1))
    eyes, reach = bodies.z + EYE_HEIGHT_M, sight_range(view)
    return view.in_sight(
        Onlookers(rows, bodies.x, bodies.y, eyes, bodies.heading, bodies.indoors, reach, FIELD_OF_VIEW, 2 * k, k)
    )


def in_company(sight: Sight, bodies: Bodies, within_m: float) -> NDArray[np.bool_]:
    """True (n,) for those among people: somebody in sight as near as that, or awake under the same roof."""
    rooms = np.where(bodies.indoors & (bodies.activity != Activity.SLEEP), bodies.place + 1, 0)
    awake = np.bincount(rooms, minlength=int(bodies.place.max()) + 2)
    company: NDArray[np.bool_] = np.where(bodies.indoors, awake[bodies.place + 1] > 1, sight.distance[:, 0] < within_m)
    return company


def sight_range(view: WorldView) -> float:
    """Metres at which a person is recognised in this light and weather."""
    reach = min(RECOGNITION_M, view.weather.visibility_m)
    return min(reach, NIGHT_SIGHT_M) if view.sun_elevation < CIVIL_DUSK else reach


def earshot_m(weather: Weather) -> float:
    """Metres at which a normal voice is still followed.

    The voice falls 6 dB per doubling of distance; the noise is the sum of a quiet village, rain and wind. Rain: 38 dB
    at 1 mm/h and 15 dB more per tenfold. Wind: 45 dB at 6 m/s and 9 dB more per doubling. These levels are judgement.
    """
    wet = weather.rain_mm_h + 0.2 * weather.snow_mm_h
    rain = 10 ** ((38.0 + 15.0 * float(np.log10(wet))) / 10) if wet > 0.01 else 0.0
    wind = 10 ** ((45.0 + 30.0 * float(np.log10(max(weather.wind_m_s, 0.1) / 6.0))) / 10)
    noise = 10.0 * float(np.log10(10 ** (QUIET_DB / 10) + rain + wind))
    least, most = EARSHOT_LIMITS_M
    return float(min(most, max(least, 10 ** ((SPEECH_DB - noise - MARGIN_DB) / 20))))


def hearers(bodies: Bodies, speaker: int, view: WorldView, group: Sequence[int] = ()) -> NDArray[np.int64]:
    """Rows that hear a speaker, without it: walls keep sound in, and sleepers out.

    Outdoors those within `earshot_m`, nearer by BEHIND_WALLS where a house or a hill stands between, nearest first;
    indoors those who are awake under the same roof, with the speaker's `group` first. No more than HEARD_BY hear what
    is said in a crowd.
    """
    if bodies.indoors[speaker]:
        near = bodies.indoors & (bodies.place == bodies.place[speaker]) & (bodies.activity != Activity.SLEEP)
        near[speaker] = False
        found = np.flatnonzero(near)
        if len(found) > HEARD_BY:
            found = found[np.argsort(~np.isin(found, group), kind="stable")]
        return found[:HEARD_BY]
    reach = earshot_m(view.weather)
    found, away = _nearest_out_of_doors(speaker, bodies.x, bodies.y, bodies.indoors, reach)
    far = int(np.searchsorted(away, reach * BEHIND_WALLS, side="right"))  # the first behind whom walls matter
    if far < len(found):
        other = found[far:]
        one = np.full(len(other), speaker)
        eyes, ears = bodies.z[one] + EYE_HEIGHT_M, bodies.z[other] + EYE_HEIGHT_M
        here, there = (bodies.x[one], bodies.y[one], eyes), (bodies.x[other], bodies.y[other], ears)
        found = np.concatenate([found[:far], other[view.line_of_sight(*here, *there)]])
    return found[:HEARD_BY]


@compiled
def _nearest_out_of_doors(
    speaker: int, x: Floats, y: Floats, indoors: NDArray[np.bool_], reach: float
) -> tuple[NDArray[np.int64], Floats]:
    """Rows of others outdoors within `reach`, nearest first, at most twice HEARD_BY, and how far off they are."""
    found, gaps, count = np.empty(2 * HEARD_BY, np.int64), np.empty(2 * HEARD_BY), 0
    for other in range(x.size):
        dx, dy = x[other] - x[speaker], y[other] - y[speaker]
        if abs(dx) > reach or abs(dy) > reach or indoors[other] or other == speaker:
            continue
        gap = math.hypot(dx, dy)
        if gap > reach or (count == found.size and gap >= gaps[count - 1]):
            continue
        slot = min(count, found.size - 1)
        while slot > 0 and gaps[slot - 1] > gap:
            gaps[slot], found[slot] = gaps[slot - 1], found[slot - 1]
            slot -= 1
        gaps[slot], found[slot] = gap, other
        count = min(count + 1, found.size)
    return found[:count], gaps[:count]
