"""A moment in plain words: local time, weather, place, and who is saying what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.schema import Cast, Scenery, Utterance

NEAR_M = 25.0  # a talk further than this from every named place is "in the open"


def local_time(header: Mapping[str, Any], tick: int) -> datetime | None:
    """Local solar date-time of a tick; None where the header has no start."""
    start = header.get("start")
    if not isinstance(start, str) or not start:
        return None
    return datetime.fromisoformat(start) + timedelta(seconds=tick / int(header["tick_rate"]))


def clock_words(header: Mapping[str, Any], tick: int, *, seconds: bool = False) -> str:
    """Date and time of a tick, such as `Sun 4 May 2025, 07:31`; seconds since tick 0 where there is no date.

    Where the sky is not the recorded one, it says `counterfactual` behind it.
    """
    when = local_time(header, tick)
    if when is None:
        words = f"{tick / int(header['tick_rate']):.1f} s"
    else:
        words = (
            f"{when:%a} {when.day} {when:%b %Y, %H:%M:%S}" if seconds else f"{when:%a} {when.day} {when:%b %Y, %H:%M}"
        )
    return f"{words}, counterfactual" if header.get("counterfactual") else words


def sky_words(environment: NDArray[np.void]) -> str:
    """The sky in a word or two: snow, rain, drizzle, fog, overcast, cloudy, clear, night."""
    if environment["snow_mm_h"] > 0.05:
        return "snow"
    if environment["rain_mm_h"] > 0.05:
        return "rain" if environment["rain_mm_h"] > 0.5 else "drizzle"
    if environment["visibility_m"] < 1000:
        return "fog"
    cloud = float(environment["cloud"])
    words = "overcast" if cloud > 0.85 else "cloudy" if cloud > 0.5 else "some clouds" if cloud > 0.15 else "clear"
    return f"{words}, night" if environment["sun_elevation"] < np.radians(-6) else words


def weather_words(environment: NDArray[np.void]) -> str:
    """The weather with its figures, such as `drizzle 0.3 mm/h, 9 °C, wind 4 m/s`."""
    sky = sky_words(environment)
    water = float(environment["rain_mm_h"] + environment["snow_mm_h"])
    amount = f" {water:.1f} mm/h" if sky in ("rain", "drizzle", "snow") else ""
    return f"{sky}{amount}, {float(environment['temperature_c']):.0f} °C, wind {float(environment['wind_m_s']):.0f} m/s"


def name_of(cast: Cast, row: int) -> str:
    """A villager's name; its row where the persona has none."""
    name = cast.personas[row].get("name") if 0 <= row < len(cast.personas) else None
    return str(name) if name else f"villager {row}"


def names_of(cast: Cast, rows: tuple[int, ...]) -> str:
    """Names in a row: `Mira, Tomas and Jorun`."""
    names = [name_of(cast, row) for row in rows]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def place_words(scenery: Scenery, utterance: Utterance) -> str:
    """Where a line was said: the nearest named place to its speaker."""
    spot = utterance.positions.get(utterance.speaker)
    if spot is None or not scenery.places:
        return "somewhere in the valley"
    distance = [float(np.hypot(place["x"] - spot[0], place["y"] - spot[1])) for place in scenery.places]
    nearest = int(np.argmin(distance))
    return str(scenery.places[nearest]["name"]) if distance[nearest] <= NEAR_M else "in the open"


def spoken_at(utterances: list[Utterance], tick: int) -> list[Utterance]:
    """The lines that are being said at a tick, in the order in which they began."""
    lines = [line for line in utterances if line.start_tick <= tick < max(line.end_tick, line.start_tick + 1)]
    return sorted(lines, key=lambda line: (line.start_tick, line.id))
