"""What is noticed without words: weather that turns or threatens, and who was seen where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.acts import Topic
from agents.bodies import Bodies
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from agents.perception import Sight
from world.state import Plain, check_rows, columns_of, part, put_back, rows_of, taken
from world.view import Weather

NOTICED_M = 40.0  # sightings farther off are not worth a thought
SIGHTING_REST_S = 1800.0  # seeing the same person at the same place again sooner is nothing new
SKY_READERS = ("shepherd", "farmer", "fisher", "woodcutter", "gardener")  # trades that foresee rain
THREATENING_CLOUD, THREATENING_HUMIDITY = 0.85, 0.85
SKY_CHECK_S = 60.0


SIGHTING = np.dtype([("observer", "<i2"), ("other", "<i2"), ("place", "<i2"), ("tick", "<i8")])


@dataclass
class Noticing:
    """What was noticed last, so that only news is noticed: matrices (n, n) of place and tick of sightings."""

    place: NDArray[np.int16]
    tick: NDArray[np.int64]
    raining: bool
    snowing: bool
    warned: bool = False

    @classmethod
    def fresh(cls, villagers: int, weather: Weather) -> Noticing:
        shape = (villagers, villagers)
        return cls(np.full(shape, -1, np.int16), np.zeros(shape, np.int64), _rains(weather), _snows(weather))

    def freeze(self) -> Plain:
        """What was last known of the weather, and who was seen where and when."""
        observer, other = np.nonzero(self.place >= 0)
        sightings = np.zeros(len(observer), SIGHTING)
        sightings["observer"], sightings["other"] = observer, other
        sightings["place"], sightings["tick"] = self.place[observer, other], self.tick[observer, other]
        return taken(self, ("raining", "snowing", "warned")) | {"sightings": columns_of(sightings)}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("raining", "snowing", "warned"), state)
        sightings = rows_of(part(state, "sightings"), SIGHTING)
        pairs = sightings["observer"], sightings["other"]
        check_rows("sightings", len(self.place), *pairs)
        self.place[:], self.tick[:] = -1, 0
        self.place[pairs], self.tick[pairs] = sightings["place"], sightings["tick"]

    @property
    def sky(self) -> NDArray[np.bool_]:
        """What was last known of the weather: raining, snowing, warned of rain."""
        return np.array([self.raining, self.snowing, self.warned])

    def weather(self, minds: Minds, bodies: Bodies, now: Moment, tick_rate: int) -> list[tuple[str, dict[str, object]]]:
        """Everyone outdoors notices rain and snow beginning and rain ending; readers of the sky see it coming."""
        rains, snows = _rains(now.weather), _snows(now.weather)
        kind = ""
        if snows and not self.snowing:
            kind = "snow_started"
        elif rains != self.raining:
            kind = "rain_started" if rains else "rain_stopped"
        elif not rains and not snows and not self.warned and now.tick % int(SKY_CHECK_S * tick_rate) == 0:
            threat = now.weather.cloud > THREATENING_CLOUD and now.weather.humidity > THREATENING_HUMIDITY
            kind = "rain_coming" if threat else ""
        self.raining, self.snowing = rains, snows
        if not kind:
            return []
        self.warned = kind == "rain_coming"
        outside = bodies.outdoors.tolist()
        if kind == "rain_coming":
            outside = [r for r in outside if minds.personas[r].trade in SKY_READERS]
        source = "inferred" if kind == "rain_coming" else "seen"
        fact = minds.knowledge.new(Topic.WEATHER, kind, now.day, now.minute, source=source)
        for row in outside:
            minds.knowledge.witness(row, fact)
            place = int(bodies.place[row])
            minds.memories.remember(
                row, now.tick, EpisodeKind.NOTICED, Topic.WEATHER, place=place, fact=fact.id, importance=0.4
            )
        return [("noticed", {"kind": kind, "fact": fact.id, "villagers": outside})] if outside else []

    def people(
        self,
        rows: NDArray[np.int64],
        sight: Sight,
        bodies: Bodies,
        minds: Minds,
        now: Moment,
        settled: NDArray[np.bool_],
        tick_rate: int,
    ) -> None:
        """Those who just looked round take note of neighbours who are settled at some place."""
        others = sight.seen[rows].astype(np.int64)
        known = (others >= 0) & (sight.distance[rows] < NOTICED_M)
        known &= settled[others] & (bodies.place[others] >= 0)
        if not known.any():
            return
        observer = np.broadcast_to(rows[:, None], others.shape)
        stale = now.tick - self.tick[observer, others] > SIGHTING_REST_S * tick_rate
        new = known & ((self.place[observer, others] != bodies.place[others]) | stale)
        for i, k in np.argwhere(new).tolist():
            row, other = int(rows[i]), int(others[i, k])
            place = int(bodies.place[other])
            self.place[row, other], self.tick[row, other] = place, now.tick
            fact = minds.knowledge.new(Topic.PERSON, "saw_person", now.day, now.minute, subject=other, place=place)
            minds.knowledge.replace_own(row, fact)
            minds.memories.remember(
                row, now.tick, EpisodeKind.SAW, Topic.PERSON, who=other, place=place, fact=fact.id, importance=0.1
            )


def _rains(weather: Weather) -> bool:
    return weather.rain_mm_h > 0.1


def _snows(weather: Weather) -> bool:
    return weather.snow_mm_h > 0.05
