"""Scenarios: what a run is made of, read from TOML and checked before anything starts.

Every error is one sentence that names the file, the key, the value and what would be right.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import tomllib
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from engine.quantities import checked_size, parse_duration, parse_size
from recorder.lens import LENSES, LensName, reaches
from world.streams import stream

if TYPE_CHECKING:
    from agents.population import Population

MODALITIES = ("rgb", "depth", "instance", "semantic", "part", "normal", "flow", "back_flow", "albedo")
QUALITIES = ("truth", "fast", "fine")  # of the picture; the truth is the same in all
YEARS = (1000, 3000)  # dates stay inside the calendar however long a run is, and near where the sun's formulas hold
SHORTEST_STRETCH_S = 40.0  # of the weather: it arrives within a quarter, and a state of it holds for 10 s
ARRIVAL_SHARE, LONGEST_ARRIVAL_S = 0.25, 600.0  # of a stretch's length, in which its weather arrives; judgement
SHOWN_CHARACTERS = 60  # of a wrong value in a message
Sky = Literal["clear", "fair", "overcast", "drizzle", "rain", "storm", "cloudburst", "fog", "snow"]


class ScenarioError(ValueError):
    """A scenario that cannot run; the message is for the person who wrote it."""


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _size(value: Any) -> Any:
    if isinstance(value, str):
        return parse_size(value)
    if isinstance(value, list | tuple) and len(value) == 2 and all(type(side) is int for side in value):
        return checked_size(value[0], value[1])
    raise ValueError('write "WIDTHxHEIGHT", such as "640x480"')


def _modalities(value: Any) -> Any:
    if value == "none":
        return ()
    if isinstance(value, str):
        value = MODALITIES if value == "all" else tuple(part.strip() for part in value.split(",") if part.strip())
        if not value:
            raise ValueError(f"no modality is named; choose from {', '.join(MODALITIES)}, or write all or none")
    if isinstance(value, list | tuple):
        for name in value:
            if name not in MODALITIES:
                raise ValueError(
                    f"'{name}' is not a modality; choose from {', '.join(MODALITIES)}, or write all or none"
                )
        return tuple(name for name in MODALITIES if name in value)
    return value


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("is no date-time: write one such as 2026-06-12T09:30:00") from None


def _naive(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise ValueError("is local solar time: write it without a time zone, such as 2026-06-12T09:30:00")
    if not YEARS[0] <= value.year < YEARS[1]:
        raise ValueError(f"the year must lie from {YEARS[0]} to {YEARS[1] - 1}")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("people say it: write it on one line, without control characters")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
Metres = Annotated[float, Field(ge=-20_000, le=20_000)]  # well outside the largest world
Seconds = Annotated[float, BeforeValidator(_duration), Field(gt=0, le=366 * 86400)]


Range = tuple[float, float]


def Within(low: float, high: float) -> AfterValidator:  # noqa: N802 - stands where annotations stand
    """Checks a range: from low to high, the first no larger than the second."""

    def checked(value: Range) -> Range:
        if not low <= value[0] <= value[1] <= high:
            raise ValueError(f"write [lowest, highest], both from {low:g} to {high:g}")
        return value

    return AfterValidator(checked)


class Part(BaseModel):
    """A table of the scenario: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PlacePart(Part):
    """Where and when on Earth."""

    latitude: float = Field(47.0, ge=-90, le=90)
    longitude: float = Field(11.0, ge=-180, le=180)
    altitude_m: float = Field(600.0, ge=-400, le=5000)  # of the valley floor above the sea
    sea_distance_km: float = Field(250.0, ge=0, le=4000)
    start: Annotated[datetime, BeforeValidator(_moment), AfterValidator(_naive)] = datetime(2026, 6, 12, 9, 30)  # noqa: DTZ001 (local solar time)


class WorldPart(Part):
    """The land."""

    size_m: float = Field(2048.0, ge=256, le=8192)
    tick_rate: int = Field(16, ge=1, le=64)


class TerrainPart(Part):
    """What shaped the land: how fast the rock rises, how hard it is, and how much rain cuts into it."""

    uplift_mm_a: float = Field(0.4, ge=0.02, le=3)
    hardness: float = Field(1.0, ge=0.2, le=5)  # resistance to rivers, relative to sandstone
    rain_mm_a: float | None = Field(None, ge=20, le=8000)  # of the ages that shaped it; none: today's climate


class ClimatePart(Part):
    """What the weather is drawn from: the place on Earth, some of its figures given, or a station's record."""

    annual_rain_mm: float | None = Field(None, ge=0, le=8000)
    temperature_c: float | None = Field(None, ge=-35, le=35)  # mean of the year on the valley floor
    station: str | None = None  # one that comes with Hamlet, or an EPW or CSV file as seen from the scenario's folder


class VillagePart(Part):
    """Who lives there."""

    villagers: int = Field(12, ge=1, le=10_000)
    talkativeness: float = Field(1.0, ge=0, le=20)


class NewsPart(Part):
    """Something that one villager knows about itself when the run starts, and nobody else does."""

    kind: Literal["stands_for_reeve"] = "stands_for_reeve"
    who: str = ""  # name; drawn by the seed if none


class GatheringPart(Part):
    """Something one villager will gather people for: it invites whom it meets, and those who promised may come."""

    what: Line = Field("a supper", min_length=3, max_length=40)
    at: str = Field("inn", min_length=1)  # kind or name of a place
    starts: Annotated[datetime, BeforeValidator(_moment), AfterValidator(_naive)]  # local solar time
    lasts: Annotated[float, BeforeValidator(_duration), Field(ge=600, le=43200)] = 7200.0
    host: str = ""  # name; drawn by the seed if none


class TraitPart(Part):
    """How a trait is spread over the village."""

    mean: float = Field(0.5, ge=0.1, le=0.9)
    spread: float = Field(0.18, ge=0, le=0.28)  # standard deviation


class TraitsPart(Part):
    """The Big Five, each 0..1."""

    openness: TraitPart = TraitPart()
    conscientiousness: TraitPart = TraitPart()
    extraversion: TraitPart = TraitPart()
    agreeableness: TraitPart = TraitPart()
    neuroticism: TraitPart = TraitPart()


Share = Annotated[float, Field(ge=0, le=1)]


class PopulationPart(Part):
    """What kind of people live there; `hamlet people` shows what comes of it.

    Ages are given as shares of the young (16 to 24) and the old (from 65), or as a histogram: ages = { "16-24" = 0.2 }.
    """

    women: Share = 0.5
    young: Share | None = None
    old: Share | None = None
    ages: dict[str, Annotated[float, Field(ge=0)]] = {}
    trades: dict[str, Annotated[float, Field(ge=0)]] = {}  # shares, in any unit
    traits: TraitsPart = TraitsPart()

    @model_validator(mode="after")
    def _possible(self) -> PopulationPart:
        if self != PopulationPart.model_construct():
            self.asked()
        return self

    def asked(self) -> Population:
        """The same in the terms of those who make the people. Raises ValueError if it cannot be had."""
        # Imported only now: few scenarios ask for people of their own, and statistics load slowly.
        from agents.population import Population, bands_of  # noqa: PLC0415

        traits = ((name, getattr(self.traits, name)) for name in TraitsPart.model_fields)
        return Population(
            women=self.women,
            ages=bands_of(self.young, self.old, self.ages),
            trades=tuple(self.trades.items()),
            traits=tuple((name, trait.mean, trait.spread) for name, trait in traits if trait != TraitPart()),
        )


PERSON_NAME, TRADE_NAME = r"^[A-Z][A-Za-z' -]{0,30}$", r"^[a-z][a-z ]{0,30}$"
LETTERS = {
    PERSON_NAME: "begin with a capital, and use letters, dashes, apostrophes and spaces",
    TRADE_NAME: "use small letters and spaces, beginning with a letter",
}  # what the patterns want, in words


class PersonPart(Part):
    """Somebody in particular; the first table is the first of the cast. What is left out is drawn as for all."""

    name: str | None = Field(None, pattern=PERSON_NAME)
    age: int | None = Field(None, ge=16, le=95)
    gender: Literal["woman", "man"] | None = None
    trade: str | None = Field(None, pattern=TRADE_NAME)
    openness: Share | None = None
    conscientiousness: Share | None = None
    extraversion: Share | None = None
    agreeableness: Share | None = None
    neuroticism: Share | None = None
    skill: Share | None = None
    backstory: Line | None = Field(None, max_length=300)
    secret: Line | None = Field(None, max_length=100)  # the words after "I": "never learned to read"


class AblationPart(Part):
    """Parts of the mind; false leaves one out for everybody, which shows in an experiment what it is worth."""

    memory: bool = True
    emotion: bool = True
    relationships: bool = True
    weather: bool = True


class SpellPart(Part):
    """A stretch of weather that comes whatever the climate says."""

    kind: Sky
    at: Annotated[float, BeforeValidator(_duration), Field(ge=0)]  # seconds after the start, when it begins to arrive
    lasts: Seconds
    arrives: Seconds = 600.0  # how long it takes to arrive, and to leave


class WeatherPart(Part):
    """How the weather opens and what is to come for certain; the climate decides the rest."""

    opening: Literal[Sky, "climate"] = "fair"
    opening_lasts: Seconds = 6 * 3600.0
    spell: tuple[SpellPart, ...] = ()
    front: Sky | None = None
    front_at: Annotated[float, BeforeValidator(_duration), Field(ge=0)] = 3600.0  # seconds after the start
    front_lasts: Seconds = 3600.0  # how long it takes to arrive


LIDAR_TILT_DEG = 34.0  # beams farther from level would need views of their own to be drawn from
CAMERA_STANDS = {  # kind -> how far away and how high, in metres, where nothing is said
    "director": (60.0, 22.0),
    "orbit": (60.0, 22.0),
    "street": (12.0, 1.6),
    "talk": (6.0, 1.9),
    "follow": (8.0, 2.2),
    "eyes": (12.0, 1.6),
    "drone": (0.0, 18.0),
    "fixed": (0.0, 0.0),
}


Waypoint = Annotated[
    Annotated[str, Tag("place")] | Annotated[tuple[Metres, Metres], Tag("point")],
    Discriminator(lambda value: "place" if isinstance(value, str) else "point"),
]


class CameraPart(Part):
    """A camera of the capture.

    director chooses views by what they show; orbit circles a place, street stands near it at the height of eyes,
    talk frames whoever converses nearest to it; follow keeps a villager in view, eyes sees what a villager sees;
    drone flies a path; fixed stands at a position and looks at a point.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    kind: Literal["director", "orbit", "street", "talk", "follow", "eyes", "drone", "fixed"]
    at: str = "the square"  # name of a place (all but follow, drone and fixed)
    villager: int = Field(0, ge=0)  # row of the cast (follow, eyes)
    distance_m: float | None = Field(None, ge=2, le=2000)  # from what is looked at
    height_m: float | None = Field(None, ge=0.5, le=1500)  # over the ground, or over the centre of an orbit
    azimuth_deg: float = Field(200.0, ge=-360, le=360)  # where the camera stands, counter-clockwise from east
    period_s: float = Field(600.0, ge=10)  # time of a full turn, counter-clockwise from above (orbit)
    shot_s: float = Field(8.0, ge=1, le=3600)  # how long a view is held (director)
    speed_m_s: float = Field(5.0, gt=0, le=60)  # over the ground (drone)
    path: tuple[Waypoint, ...] = ()  # places or [x, y]; none: round the village (drone)
    fov_deg: float = Field(50.0, ge=5, le=178)  # vertical; up to 140, and up to 178 with lens = "fisheye"
    lens: LensName = "pinhole"
    distortion: tuple[float, ...] = ()  # of the lens; brown: k1, k2, p1, p2, k3; fisheye: k1, k2, k3, k4
    exposure_ev: float = Field(0.0, ge=-8, le=8)  # brighter than by itself, in powers of two
    rings: int = Field(32, ge=1, le=256)  # of beams (lens = "lidar"; a lidar records ranges and ids, no picture)
    columns: int = Field(1024, ge=8, le=8192)  # beams of a ring
    highest_deg: float = Field(10.0, ge=-LIDAR_TILT_DEG, le=LIDAR_TILT_DEG)  # elevation of the first ring
    lowest_deg: float = Field(-25.0, ge=-LIDAR_TILT_DEG, le=LIDAR_TILT_DEG)  # and of the last
    reach_m: float = Field(120.0, ge=1, le=1000)  # of the lidar, in clear air, against white
    attenuation: Literal["none", "rain", "fog", "weather"] = "none"  # what weakens the beams of a lidar; weather: both
    noise_m: float = Field(0.0, ge=0, le=5)  # standard deviation of the ranges of a lidar
    divergence_mrad: float = Field(0.0, ge=0, le=20)  # full angle by which its beams widen
    position: tuple[Metres, Metres, Metres] | None = None  # fixed
    look_at: tuple[Metres, Metres, Metres] | None = None  # fixed

    @property
    def distance(self) -> float:
        """Metres from what is looked at."""
        return CAMERA_STANDS[self.kind][0] if self.distance_m is None else self.distance_m

    @property
    def height(self) -> float:
        """Metres over the ground, or over the centre of an orbit."""
        return CAMERA_STANDS[self.kind][1] if self.height_m is None else self.height_m

    @model_validator(mode="after")
    def _complete(self) -> CameraPart:
        if self.kind == "fixed" and (self.position is None or self.look_at is None):
            raise ValueError("kind 'fixed' needs position = [x, y, z] and look_at = [x, y, z]")
        if self.kind == "fixed" and self.position == self.look_at:
            raise ValueError("look_at is the camera's own position; name another point to look at")
        if len(self.distortion) > LENSES[self.lens]:
            raise ValueError(
                f"lens '{self.lens}' has {LENSES[self.lens]} coefficients, distortion names {len(self.distortion)}"
            )
        if self.fov_deg > 140 and self.lens != "fisheye":
            raise ValueError(f"fov_deg = {self.fov_deg:g} is too wide for this lens: at most 140, or lens = 'fisheye'")
        if self.lens in ("fisheye", "lidar") and self.kind == "director":
            raise ValueError(f"a director composes for a straight picture: give it another lens than '{self.lens}'")
        if self.highest_deg <= self.lowest_deg:
            raise ValueError(f"highest_deg = {self.highest_deg:g} must lie above lowest_deg = {self.lowest_deg:g}")
        if self.path and len(dict.fromkeys(self.path)) < 2:
            raise ValueError("a path needs two different waypoints at least, places or [x, y]")
        return self


class CapturePart(Part):
    """What a capture records: state and language always, and frames of some modalities."""

    duration: Seconds = 120.0
    fps: float = Field(2.0, ge=0.001, le=64)
    size: Annotated[tuple[int, int], BeforeValidator(_size)] = (640, 480)
    modalities: Annotated[tuple[str, ...], BeforeValidator(_modalities)] = MODALITIES
    quality: Literal["truth", "fast", "fine"] = "fine"  # of the picture: plain, shaded, all of it with smooth edges
    segment_mib: int = Field(1024, ge=1, le=1 << 20)  # the recording goes on in another file above this size


class RandomisePart(Part):
    """What is drawn anew for every variation of a scenario; ranges are [lowest, highest], what is left out stays.

    Hour and day are of the whole run, as there is one clock; another hour of the same world is another variation.
    Weather is so, too, or changes in stretches, as forced spells of the weather that the scenario then has. Exposure
    and the camera's stand are drawn again as often as `every` says, or vary without a jump.
    """

    variation: int = Field(0, ge=0, lt=2**31)  # which one this is: --variation
    hour: Annotated[Range, Within(0, 24)] | None = None  # local solar time at which the run starts
    day: Annotated[Range, Within(1, 366)] | None = None  # of the year
    weather: tuple[Literal[Sky, "climate"], ...] = ()  # one of these opens the run
    stretches: int = Field(1, ge=1, le=1000)  # of the run, each with another of these weathers than the one before
    stretch: Annotated[float, BeforeValidator(_duration), Field(ge=SHORTEST_STRETCH_S, le=366 * 86400)] = 600.0
    exposure_ev: Annotated[Range, Within(-8, 8)] | None = None  # of every camera, beside its own
    every: Seconds = 10.0  # of exposure and stand: for so long they hold, or so long exposure glides to the next
    jitter_m: float = Field(0.0, ge=0, le=5)  # standard deviation of where cameras stand
    jitter_deg: float = Field(0.0, ge=0, le=20)  # and of where they look
    smooth: bool = False  # exposure glides from draw to draw, and cameras sway as in a hand
    sway_hz: Annotated[Range, Within(0.001, 20)] = (0.1, 2.0)  # slowest and fastest of that sway; judgement
    clothes: float = Field(0.0, ge=0, le=1)  # how far the colour of clothes goes round the colour circle, 1: anywhere
    houses: float = Field(0.0, ge=0, le=1)  # the same of walls and roofs

    @model_validator(mode="after")
    def _complete(self) -> RandomisePart:
        if self.stretches > 1 and (len(set(self.weather)) < 2 or "climate" in self.weather):
            raise ValueError(
                f"stretches = {self.stretches} change the weather: name two kinds or more in weather, "
                f"of {', '.join(get_args(Sky))}"
            )
        return self


class LanguagePart(Part):
    """Which model words the acts: embedded, none, a path, or owner/repo/file.gguf."""

    model: str = "embedded"


EACH: dict[str, type[Part]] = {
    "camera": CameraPart,
    "weather.spell": SpellPart,
    "person": PersonPart,
    "news": NewsPart,
    "gathering": GatheringPart,
}  # of the keys that hold lists of tables


class Scenario(Part):
    """A whole run, minus the words."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")
    about: str = ""
    seed: int = Field(7, ge=0, lt=2**63)
    place: PlacePart = PlacePart()
    world: WorldPart = WorldPart()
    terrain: TerrainPart = TerrainPart()
    climate: ClimatePart = ClimatePart()
    village: VillagePart = VillagePart()
    population: PopulationPart = PopulationPart()
    person: tuple[PersonPart, ...] = ()
    ablation: AblationPart = AblationPart()
    news: tuple[NewsPart, ...] = ()
    gathering: tuple[GatheringPart, ...] = ()
    weather: WeatherPart = WeatherPart()
    capture: CapturePart = CapturePart()
    randomise: RandomisePart = RandomisePart()
    language: LanguagePart = LanguagePart()
    camera: tuple[CameraPart, ...] = (CameraPart(name="director", kind="director"),)

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        every = self.world.tick_rate / self.capture.fps
        if not every.is_integer():
            rates = [str(n) for n in range(1, self.world.tick_rate + 1) if self.world.tick_rate % n == 0]
            raise ValueError(
                f"capture.fps = {self.capture.fps:g} does not divide world.tick_rate = {self.world.tick_rate}; "
                f"use one of {', '.join(rates)}"
            )
        for camera in self.camera:
            if camera.lens != "lidar" and not reaches(
                camera.lens, camera.distortion, math.radians(camera.fov_deg), self.capture.size
            ):
                raise ValueError(
                    f"camera '{camera.name}' would be black in places: its lens '{camera.lens}' does not reach them at "
                    f"fov_deg = {camera.fov_deg:g}; take a smaller one, or weaker distortion"
                )
        people = [person.name for person in self.person if person.name is not None]
        if twice := [name for name in people if people.count(name) > 1]:
            raise ValueError(f"person: two are called '{twice[0]}'; names must be different")
        if len(self.person) > self.village.villagers:
            raise ValueError(
                f"person: {len(self.person)} are described, but village.villagers is {self.village.villagers}; "
                "describe fewer or let more live there"
            )
        names = [camera.name for camera in self.camera]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"camera names are {names}: at least one is needed and each must be different")
        for camera in self.camera:
            if camera.kind in ("follow", "eyes") and camera.villager >= self.village.villagers:
                raise ValueError(
                    f"camera '{camera.name}' has villager = {camera.villager}, but village.villagers is "
                    f"{self.village.villagers}; use 0 to {self.village.villagers - 1}"
                )
        return self

    @property
    def ticks_per_frame(self) -> int:
        """Ticks from one captured frame to the next."""
        return int(self.world.tick_rate / self.capture.fps)

    @property
    def ticks(self) -> int:
        """Length of the capture in ticks, at least one."""
        return max(1, round(self.capture.duration * self.world.tick_rate))


def shipped() -> dict[str, Path]:
    """The scenarios that come with Hamlet, by name."""
    folder = Path(str(files("assets") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load(name_or_path: str, overrides: dict[str, Any] | None = None) -> Scenario:
    """Read a shipped scenario by name, or any TOML file by path.

    Args:
        name_or_path: `valley`, or `my/storm.toml`.
        overrides: dotted keys and values that replace those of the file, as the command line gives them.

    Raises:
        ScenarioError: one sentence naming file, key, value and remedy.
    """
    known = shipped()
    path = known.get(name_or_path, Path(name_or_path))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ScenarioError(
            f"There is no scenario '{name_or_path}': name one of {', '.join(known)}, or the path of a .toml file."
        ) from None
    except OSError as error:
        raise ScenarioError(f"{_brief(str(path))}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: is no UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}.") from None
    except RecursionError:
        raise ScenarioError(f"{path}: not valid TOML: nested too deeply.") from None
    except ValueError as error:  # integers of thousands of digits, paths with null bytes
        raise ScenarioError(f"{path}: cannot be read ({error}).") from None
    data.setdefault("name", _name_from(path))
    for key, value in (overrides or {}).items():
        _put(data, key, value, path)
    _place_station(data, path)
    return build(data, str(path))


def stations() -> dict[str, Path]:
    """The weather stations that come with Hamlet, by name."""
    folder = Path(str(files("assets") / "stations"))
    return {path.stem: path for path in sorted(folder.glob("*.csv"))}


def _place_station(data: dict[str, Any], path: Path) -> None:
    """Make the station's path whole: from then on the scenario means the same file from any folder."""
    climate = data.get("climate")
    named = climate.get("station") if isinstance(climate, dict) else None
    if isinstance(climate, dict) and isinstance(named, str) and named not in stations():
        try:
            climate["station"] = str((path.parent / named).resolve())
        except (OSError, ValueError) as error:  # null bytes
            raise ScenarioError(f"{path}: climate.station = {_shown(named)}: is no path ({error}).") from None


def build(data: dict[str, Any], source: str) -> Scenario:
    """A checked scenario from plain data; `source` names it in errors.

    Raises:
        ScenarioError: as in load().
    """
    try:
        # As JSON and strictly: lists stand for tuples there, and nothing else is taken for what it is not.
        text = json.dumps(data, default=_as_text)
        return varied(Scenario.model_validate_json(text, strict=True))
    except ValidationError as error:
        raise ScenarioError(f"{source}: {_explain(error)}") from None
    except ValueError as error:  # integers of thousands of digits
        raise ScenarioError(f"{source}: cannot be read ({error}).") from None
    except RecursionError:
        raise ScenarioError(f"{source}: tables are nested too deeply.") from None


def _as_text(moment: date | time) -> str:
    """Dates and times, which TOML has and JSON has not."""
    return moment.isoformat()


def varied(scenario: Scenario) -> Scenario:
    """The scenario with the start and the weather of its variation; varied again, it stays the same."""
    plan, start = scenario.randomise, scenario.place.start
    if plan.day is not None:
        first = start.replace(month=1, day=1)
        leap = (first.replace(year=first.year + 1) - first).days
        start = start.replace(month=1, day=1) + timedelta(days=min(int(drawn(scenario, "day", plan.day)), leap) - 1)
    if plan.hour is not None:
        minutes = min(round(drawn(scenario, "hour", plan.hour) * 60), 24 * 60 - 1)
        start = start.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
    weather = scenario.weather
    if plan.weather:
        number = int(stream_of(scenario, "weather").integers(len(plan.weather)))
        weather = weather.model_copy(update={"opening": plan.weather[number]})
        drawn_spells = _stretches(scenario, weather)
        spells = (*(spell for spell in weather.spell if spell not in drawn_spells), *drawn_spells)
        weather = weather.model_copy(update={"spell": spells})
    place = scenario.place.model_copy(update={"start": start})
    return scenario.model_copy(update={"place": place, "weather": weather})


def _stretches(scenario: Scenario, weather: WeatherPart) -> tuple[SpellPart, ...]:
    """The spells that make the stretches of a run's weather, behind the one that its opening makes."""
    plan = scenario.randomise
    arrives = min(ARRIVAL_SHARE * plan.stretch, LONGEST_ARRIVAL_S)
    spells: list[SpellPart] = []
    kind: str = weather.opening
    for number in range(1, plan.stretches):
        others = [other for other in dict.fromkeys(plan.weather) if other != kind]
        kind = others[int(stream_of(scenario, "weather", number).integers(len(others)))]
        # each lasts until the next has come, so that neither the climate nor the opening shows between
        lasts = plan.stretch + arrives if number + 1 < plan.stretches else max(plan.stretch, weather.opening_lasts)
        spells.append(SpellPart(kind=kind, at=number * plan.stretch, lasts=lasts, arrives=arrives))
    return tuple(spells)


def stream_of(scenario: Scenario, name: str, *indices: int) -> np.random.Generator:
    """The random numbers of one thing that is varied: independent of every other, so that one more changes none."""
    return stream(scenario.seed, f"randomise:{name}", scenario.randomise.variation, *indices)


def drawn(scenario: Scenario, name: str, between: Range, *indices: int) -> float:
    """A number within a range, of the stream of that name."""
    return float(stream_of(scenario, name, *indices).uniform(*between))


def _name_from(path: Path) -> str:
    """The file's name as a scenario's: small letters, digits, dash and underscore after a letter."""
    name = re.sub(r"[^a-z0-9_-]", "_", path.stem.lower())
    return (name if name[:1].isalpha() else f"scenario_{name}")[:64]


def _put(data: dict[str, Any], dotted: str, value: Any, path: Path) -> None:
    *tables, key = dotted.split(".")
    for table in tables:
        data = data.setdefault(table, {})
        if not isinstance(data, dict):
            raise ScenarioError(f"{path}: '{table}' must be a table, written [{table}].")
    data[key] = value


WANTED = {
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "float_type": "write a number",
    "string_type": "write a text in quotes",
}  # by what is wrong with a value


def _explain(error: ValidationError) -> str:
    """The first problem of a validation error as one sentence, and how many more there are."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    value = problem["input"]
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            sentence = f"{key}: unknown key; {_known_keys(problem['loc'])}"
        case "model_type" if isinstance(problem["loc"][-1], int):
            each = key.rpartition(".")[0]
            sentence = f"{key} = {_shown(value)}: must be a table; write [[{each}]] above the keys of each"
        case "model_type":
            sentence = f"{key} = {_shown(value)}: must be a table, written [{key}] with its keys below"
        case "tuple_type" if key in EACH:
            sentence = f"{key} = {_shown(value)}: must be a list of tables; write [[{key}]] above the keys of each"
        case "tuple_type":
            sentence = f"{key} = {_shown(value)}: must be a list, written in brackets: [a, b, ...]"
        case "too_long" if isinstance(value, list | tuple):
            sentence = f"{key} = {_shown(value)}: has {len(value)} values, but takes {problem['ctx']['max_length']}"
        case "missing" if isinstance(problem["loc"][-1], int):
            sentence = f"{key.rpartition('.')[0]} = {_shown(value)}: has {len(value)} values and needs more"
        case "string_pattern_mismatch":
            pattern = problem["ctx"]["pattern"]
            letters = LETTERS.get(pattern, "use small letters, digits and underscores, beginning with a letter")
            sentence = f"{key} = {_shown(value)}: {letters} ({pattern})"
        case kind if kind in WANTED:
            sentence = f"{key} = {_shown(value)}: {WANTED[kind]}"
        case _ if not key or isinstance(value, dict):
            sentence = f"{key}: {message}".removeprefix(": ")
        case _:
            sentence = f"{key} = {_shown(value)}: {message[0].lower()}{message[1:]}"
    more = error.error_count() - 1
    return sentence.rstrip(".") + (f" (and {more} more)." if more else ".")


def _shown(value: Any) -> str:
    """A wrong value as it may stand in a sentence: short, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    return _brief(reprlib.repr(value) if isinstance(value, list | dict) else repr(value))


def _brief(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 4]} ..."


def _known_keys(location: tuple[int | str, ...]) -> str:
    model: Any = Scenario
    tables = [part for part in location[:-1] if isinstance(part, str)]
    for depth, table in enumerate(tables, 1):
        model = EACH.get(".".join(tables[:depth]), model.model_fields[table].annotation)
    keys = ", ".join(model.model_fields)
    where = ".".join(str(part) for part in location[:-1]) or "the top level"
    return f"{where} knows {keys}"
