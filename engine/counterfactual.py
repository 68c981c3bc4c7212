"""The sky as it was not: another kind of weather, hour or season over recorded ticks, by the world's own models.

People stay where they were and say what they said; only what the weather and the sun show is replaced.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from engine.scenario import Sky as Kind
from recorder.container import SessionError
from recorder.reader import Session
from recorder.schema import Snapshot, Surface

if TYPE_CHECKING:
    from world.view import Surface as Lying

KINDS: tuple[str, ...] = get_args(Kind)
SEASONS = {"spring": (4, 15), "summer": (7, 16), "autumn": (10, 16), "winter": (1, 15)}
"""Month and day in the middle of each meteorological season of the northern half; the southern has the opposite one."""
OPPOSITE = {"spring": "autumn", "summer": "winter", "autumn": "spring", "winter": "summer"}
FOR_GOOD_H = 1e6  # another kind of weather stays for as long as anything was recorded
SKY_EVENTS = (
    "rain_starts", "rain_stops", "snow_starts", "snow_stops", "fog", "fog_lifts", "sunrise", "sunset", "lightning",
    "flood", "flood_recedes",
)  # fmt: skip


@dataclass(frozen=True)
class Override:
    """What is to be otherwise; None leaves it as it was."""

    weather: str | None = None  # one of KINDS, from the recording's first tick on
    time_of_day: time | None = None  # local solar, at the first tick that is drawn
    season: str | None = None  # one of SEASONS: its middle day, at the recorded latitude

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())

    def to_plain(self) -> dict[str, str | None]:
        """As the header of a session holds it."""
        clock = None if self.time_of_day is None else f"{self.time_of_day:%H:%M}"
        return {"weather": self.weather, "time_of_day": clock, "season": self.season}


def parse_time_of_day(text: str) -> time:
    """The time in `18:30`.

    Raises:
        ValueError: the text is no time of day.
    """
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 (local solar time)
    except ValueError:
        raise ValueError(f"'{text}' is not a time of day; write it like 18:30") from None


class Counterfactual:
    """Gives the recorded ticks, in order, another sky.

    The clock runs as recorded from another start. Weather or season run the weather model from the recording's first
    tick on with the recorded seed, and so with the recorded gusts; the hour alone moves the sun and nothing else.

    Args:
        override: what is to be otherwise.
        session: the recording.
        first: the tick at which the clock shows the wanted time of day.

    Raises:
        SessionError: the session does not say of what scenario it is, or is counterfactual itself.
    """

    def __init__(self, override: Override, session: Session, first: int) -> None:
        from engine.interventions import WeatherChange  # noqa: PLC0415 - frames as recorded need no world
        from engine.recorded import recorded_interventions, recorded_scenario  # noqa: PLC0415
        from engine.simulation import world_config  # noqa: PLC0415
        from world.nature import Nature  # noqa: PLC0415
        from world.sky.weather import WeatherOpening  # noqa: PLC0415
        from world.village.households import Households  # noqa: PLC0415
        from world.world import valley_of  # noqa: PLC0415

        if session.header.get("counterfactual"):
            raise SessionError(f"{session.path} has another sky already: take the recording that it was made from.")
        config = world_config(recorded_scenario(session))
        self._override, self._rate, self._scenery = override, session.tick_rate, session.scenery
        self._latitude, self._longitude = config.latitude, config.longitude
        self._altitude_m, self._recorded_start = config.altitude_m, config.start
        self._start = _start(override, config.start, first / session.tick_rate, config.latitude)
        opening = config.weather if override.weather is None else WeatherOpening(override.weather, hours=FOR_GOOD_H)
        self._nature: Nature | None = None
        self._surface: Surface | None = None
        if override.weather is not None or override.season is not None:
            valley = valley_of(config)
            if not np.array_equal(valley.heights, self._scenery.heights):
                raise SessionError(
                    f"{session.path} shows a valley that this version makes otherwise, so its rain and snow cannot be "
                    "lived again; render it with the version that recorded it, or without --weather and --season."
                )
            self._nature = Nature(replace(config, start=self._start, weather=opening), valley)
        self._households = Households(self._scenery.buildings, config.seed)
        made = recorded_interventions(session)
        fronts = [(given.tick, given.change) for given in made if isinstance(given.change, WeatherChange)]
        self._fronts = deque(fronts if override.weather is None else ())

    def of(self, snapshot: Snapshot) -> Snapshot:
        """The tick under the other sky, without hashes and without events of the recorded sky."""
        events = tuple(event for event in snapshot.events if event.kind not in SKY_EVENTS)
        environment, surface = self._environment(snapshot), snapshot.surface
        if self._nature is not None:
            surface = self._recorded_form(self._nature.now.surface)
        buildings = (
            self._at_home(snapshot.tick, environment, surface) if len(snapshot.buildings) else snapshot.buildings
        )
        return replace(
            snapshot, environment=environment, events=events, surface=surface, buildings=buildings, hashes={}
        )

    def header(self) -> dict[str, Any]:
        """What the header of a session says of it."""
        recorded = {"recorded_start": self._recorded_start.isoformat()}
        return {"start": self._start.isoformat(), "counterfactual": self._override.to_plain() | recorded}

    def _environment(self, snapshot: Snapshot) -> NDArray[np.void]:
        from world.sky.moon import moon_at, sidereal_angle  # noqa: PLC0415
        from world.sky.sun import irradiance_w_m2, sun_at, utc_of  # noqa: PLC0415

        local = self._start + timedelta(seconds=snapshot.tick / self._rate)
        utc = utc_of(local, self._longitude)
        sun = sun_at(utc, self._latitude, self._longitude)
        moon = moon_at(utc, self._latitude, self._longitude)
        record = snapshot.environment.copy()
        record["sun_azimuth"], record["sun_elevation"] = sun.azimuth_heading, sun.elevation
        record["moon_azimuth"], record["moon_elevation"] = moon.azimuth_heading, moon.elevation
        record["moon_lit"], record["sidereal"] = moon.lit, sidereal_angle(utc, self._longitude)
        cloud, day = float(record["cloud"]), local.timetuple().tm_yday
        record["sun_w_m2"] = irradiance_w_m2(sun.elevation, cloud, self._altitude_m, day)
        if self._nature is not None:
            while self._fronts and self._fronts[0][0] <= snapshot.tick:
                tick, front = self._fronts.popleft()
                self._nature.advance(tick - 1)  # it was sent before the world stepped to its tick
                self._nature.send_front(front.to, front.over)
            now = self._nature.advance(snapshot.tick)
            for name, value in (asdict(now.weather) | asdict(now.season)).items():
                record[name] = value
        record.flags.writeable = False
        return record

    def _recorded_form(self, lying: Lying) -> Surface:
        from engine.observe import surface  # noqa: PLC0415

        if self._surface is None or self._surface.tick != lying.tick:
            self._surface = surface(lying)
        return self._surface

    def _at_home(self, tick: int, environment: NDArray[np.void], surface: Surface | None) -> NDArray[np.void]:
        """Doors, lamps and hearths as they would be at this hour in this weather."""
        from world.view import Surface as Lying  # noqa: PLC0415
        from world.view import Weather  # noqa: PLC0415

        s = self._scenery
        bare = np.zeros(s.heights.shape, np.float32)
        lying = Lying(tick, s.water_depth, bare, bare, bare) if surface is None else Lying(**vars(surface))
        weather = Weather(**{f.name: float(environment[f.name]) for f in fields(Weather)})
        local = self._start + timedelta(seconds=tick / self._rate)
        elevation = float(environment["sun_elevation"])
        made = self._households.at(local, elevation, weather, lying, s.heights, s.origin, s.cell_m)
        made.flags.writeable = False
        return made


def _start(override: Override, start: datetime, first_s: float, latitude: float) -> datetime:
    """The local time of tick 0 that puts the wanted day and hour at the first tick drawn."""
    moment = start + timedelta(seconds=first_s)
    if override.season is not None:
        season = override.season if latitude >= 0 else OPPOSITE[override.season]
        month, day = SEASONS[season]
        moment = moment.replace(month=month, day=day)
    if override.time_of_day is not None:
        moment = datetime.combine(moment.date(), override.time_of_day)
    return moment - timedelta(seconds=first_s)
