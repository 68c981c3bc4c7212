"""Worlds at the ends of what a scenario may say: nothing is negative, boundless or no number, and the books close."""

# ruff: noqa: DTZ001 (local solar time)

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from engine.scenario import YEARS, ClimatePart, Part, PlacePart, TerrainPart, VillagePart, WorldPart
from world.config import WorldConfig
from world.land.config import Effort, LandConfig
from world.sky.air import AIR_MASSES
from world.sky.climate import ClimateConfig, climate_of
from world.sky.daily import Days
from world.sky.station import StationError, read_station
from world.sky.weather import Sky, Spell, WeatherOpening
from world.valley import MAPS, make_valley
from world.village.site import NoRoomError
from world.world import World

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

CHEAP = Effort(region_cells=64, epochs=1, epoch_steps=3, refining_steps=(1, 1, 1), finest_steps=1)
SPIN_UP_S = 60  # a flow that has not settled is the harder case
SIDE_M = 256.0

EXTREMES = {
    "monsoon at the equator": WorldConfig(
        1, SIDE_M, 0.0, 180.0, datetime(2026, 7, 1, 14), 64, 1, LandConfig(3.0, 8000.0, 0.2),
        WeatherOpening("cloudburst", hours=48.0), -400.0, 0.0, 8000.0, 35.0,
    ),
    "polar night": WorldConfig(
        2, SIDE_M, 90.0, -180.0, datetime(2999, 12, 31, 23, 59), 1, 5, LandConfig(0.02, 20.0, 5.0),
        WeatherOpening("snow", hours=48.0), 5000.0, 4000.0, 0.0, -35.0,
    ),
    "desert": WorldConfig(
        3, SIDE_M, -24.0, 0.0, datetime(1000, 1, 1), 7, 12, LandConfig(0.02, 20.0, 5.0),
        WeatherOpening("climate"), 0.0, 4000.0, 0.0, 35.0,
    ),
    "rain on deep snow": WorldConfig(
        4, SIDE_M, -90.0, 0.0, datetime(2026, 12, 21), 3, 30, LandConfig(0.4, None, 1.0),
        WeatherOpening(
            "snow", hours=0.5, front="cloudburst", front_at=0.5, front_hours=1e-4,
            spells=(Spell("clear", 0.0, 1e-4, 1e-4), Spell("storm", 0.2, 48.0, 6.0), Spell("snow", 0.2, 1.0, 1e-4)),
        ),
        1500.0, 10.0, 3000.0, 2.0,
    ),
    "fog and frost on a plateau": WorldConfig(
        5, SIDE_M, 66.6, 25.0, datetime(2026, 2, 1, 5), 63, 12, LandConfig(3.0, None, 5.0),
        WeatherOpening("fog", hours=2.0, spells=(Spell("drizzle", 0.1, 0.5, 0.1),)), 5000.0, 100.0, None, None,
    ),
}  # fmt: skip


def assert_sound(world: World) -> None:
    now, land = world.nature.now, world.nature.land
    weather, surface = now.weather, now.surface
    assert all(math.isfinite(getattr(weather, field.name)) for field in fields(weather)), weather
    assert -95.0 <= weather.temperature_c <= 60.0
    for share in ("humidity", "cloud", "ground_wetness"):
        assert 0.0 <= getattr(weather, share) <= 1.0, share
    for amount in ("rain_mm_h", "snow_mm_h", "snow_depth_m", "wind_m_s", "gust_m_s", "sun_w_m2"):
        assert 0.0 <= getattr(weather, amount) < 1500.0, amount
    assert 0.0 < weather.visibility_m <= weather.haze_visibility_m * (1.0 + 1e-9)
    for name, most in (("water_m", 50.0), ("snow_m", 20.0), ("wetness", 1.0), ("ice_m", 10.0)):
        values = getattr(surface, name)
        assert np.all((values >= 0.0) & (values <= most)), name
    assert land.water.depth.min() >= 0.0
    assert np.all((land.surface_c > -110.0) & (land.surface_c < 90.0))
    assert land.water_ledger.error < 1e-6
    assert land.energy_ledger.error < 1e-6
    for field in fields(now.season):
        assert 0.0 <= getattr(now.season, field.name) <= (5.0 if field.name == "crop_height_m" else 1.0), field.name
    places = world.valley.places
    x, y = np.array([p.x for p in places]), np.array([p.y for p in places])
    assert np.all(world.view().distance_to(np.arange(len(places)), np.roll(x, 1), np.roll(y, 1)) >= 0.0)
    footing = world.view().speed_factor(x, y, np.ones_like(x), np.zeros_like(y))
    assert np.all((footing >= 0.0) & (footing < 3.0))


def live(config: WorldConfig, hours: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> World:
    """A world of a quickly made valley, checked at the beginning and at these hours."""
    climate = climate_of(config.climate)
    valley = make_valley(config.seed, config.size_m, config.villagers, climate, config.land, CHEAP)
    for name in MAPS:
        assert np.isfinite(getattr(valley, name)).all(), name
        assert name == "heights" or getattr(valley, name).min() >= 0.0, name
    with monkeypatch.context() as patch:
        patch.setattr("world.world.valley_of", lambda _: valley)
        patch.setattr("world.water.surface.SPIN_UP_S", SPIN_UP_S)
        world = World(config)
    assert_sound(world)
    for hour in hours:
        world.tick = round(hour * 3600.0) * config.tick_rate - 1  # in strides: nature passes over all between
        world.step()
        assert_sound(world)
    return world


@pytest.mark.parametrize("name", EXTREMES)
def test_a_world_at_the_ends_of_its_ranges(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live(EXTREMES[name], (0.05, 0.6), monkeypatch)


def ends(least: float, most: float) -> st.SearchStrategy[float]:
    return st.one_of(st.just(least), st.just(most), st.floats(least, most))


def allowed(table: type[Part], key: str) -> st.SearchStrategy[float]:
    """What a scenario may say for a key, its ends more often than what lies between."""
    limits = {type(limit).__name__: limit for limit in table.model_fields[key].metadata}
    return ends(float(limits["Ge"].ge), float(limits["Le"].le))


def whole(table: type[Part], key: str, most: int | None = None) -> st.SearchStrategy[int]:
    limits = {type(limit).__name__: limit for limit in table.model_fields[key].metadata}
    return st.integers(limits["Ge"].ge, most or limits["Le"].le)


place = {key: allowed(PlacePart, key) for key in ("latitude", "altitude_m", "sea_distance_km")}
usual = {key: st.none() | allowed(ClimatePart, key) for key in ("annual_rain_mm", "temperature_c")}
climates = st.builds(ClimateConfig, **place, **usual)
moments = st.datetimes(datetime(YEARS[0], 1, 1), datetime(YEARS[1] - 1, 12, 31, 23, 59))
openings = st.builds(
    WeatherOpening,
    kind=st.sampled_from([*sorted(AIR_MASSES), "climate"]),
    hours=ends(1e-4, 366 * 24.0),
    front=st.none() | st.sampled_from(sorted(AIR_MASSES)),
    front_at=ends(0.0, 1e300),
    front_hours=ends(1e-4, 366 * 24.0),
    spells=st.lists(
        st.builds(Spell, st.sampled_from(sorted(AIR_MASSES)), ends(0.0, 1e300), ends(1e-4, 9000.0), ends(1e-4, 9000.0)),
        max_size=4,
    ).map(tuple),
)


lands = st.builds(
    LandConfig,
    uplift_mm_a=allowed(TerrainPart, "uplift_mm_a"),
    rain_mm_a=st.none() | allowed(TerrainPart, "rain_mm_a"),
    hardness=allowed(TerrainPart, "hardness"),
)
minutes = st.floats(0.0, 0.5)  # in hours: all of a sky that turns over and over comes within the time that is stepped
skies = st.builds(
    WeatherOpening,
    kind=st.sampled_from([*sorted(AIR_MASSES), "climate"]),
    hours=ends(1e-4, 2.0),
    front=st.none() | st.sampled_from(sorted(AIR_MASSES)),
    front_at=minutes,
    front_hours=ends(1e-4, 1.0),
    spells=st.lists(
        st.builds(Spell, st.sampled_from(sorted(AIR_MASSES)), minutes, ends(1e-4, 2.0), ends(1e-4, 1.0)), max_size=4
    ).map(tuple),
)
worlds = st.builds(
    WorldConfig,
    seed=st.integers(0, 2**63 - 1),
    size_m=st.just(SIDE_M),
    longitude=allowed(PlacePart, "longitude"),
    start=moments,
    tick_rate=whole(WorldPart, "tick_rate"),
    villagers=whole(VillagePart, "villagers", most=100),
    land=lands,
    weather=skies,
    **place,
    **usual,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck))
@given(config=worlds)
def test_a_world_drawn_from_anywhere(config: WorldConfig) -> None:
    with pytest.MonkeyPatch.context() as patch:
        try:
            live(config, (0.1, 0.5), patch)
        except NoRoomError:
            reject()


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(config=climates, start=moments, opening=openings, seed=st.integers(0, 2**63 - 1), hour=ends(0.0, 8784.0))
def test_the_air_of_any_climate_at_any_time(
    config: ClimateConfig, start: datetime, opening: WeatherOpening, seed: int, hour: float
) -> None:
    sky = Sky(opening, climate_of(config), seed, start, 0.0)
    weather, air = sky.at(hour * 3600.0), sky.field(hour * 3600.0)
    assert all(math.isfinite(getattr(weather, field.name)) for field in fields(weather))
    assert -95.0 <= weather.temperature_c <= 60.0 and 0.0 <= weather.humidity <= 1.0 and weather.visibility_m > 0.0
    assert 0.0 <= weather.rain_mm_h + weather.snow_mm_h < 400.0
    for name in ("temperature_c", "humidity", "wind_east_m_s", "wind_north_m_s", "rain_mm_h", "snow_mm_h", "cloud"):
        assert np.isfinite(getattr(air, name)).all(), name
    assert min(air.rain_mm_h.min(), air.snow_mm_h.min(), air.humidity.min()) >= 0.0


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(
    config=climates,
    years=st.integers(1, 4),
    every=st.integers(1, 2),
    base_c=st.sampled_from((-60.0, 0.0, 40.0)),
    sway_c=st.sampled_from((0.0, 3.0)),
    rain_mm=st.sampled_from((0.0, 0.1, 0.2, 0.3, 10.0, 1999.0)),
    chance=st.sampled_from((0.0, 0.01, 0.5, 0.99, 1.0)),
    gaps=st.sampled_from((0.0, 0.05)),  # more may leave too little of a month
    seed=st.integers(0, 999),
)
def test_any_record_that_is_read_gives_a_climate(
    config: ClimateConfig, years: int, every: int, base_c: float, sway_c: float, rain_mm: float, chance: float,
    gaps: float, seed: int, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """Nothing but rain, no day unlike the next, no two days on end; without rain it is asked for."""
    draw = np.random.default_rng(seed)
    rows = ["date,rain,tmax,tmin"]
    for day in range(date(2000, 1, 1).toordinal(), date(2000 + max(years, every), 1, 1).toordinal(), every):
        middle = base_c + sway_c * float(np.clip(draw.normal(), -4, 4))
        rain = rain_mm if draw.random() < chance else 0.0
        cells = [f"{rain}", f"{middle + sway_c:.1f}", f"{middle:.1f}"]
        if draw.random() < gaps:
            cells[int(draw.integers(3))] = ""
        rows.append(f"{date.fromordinal(day)},{','.join(cells)}")
    path: Path = tmp_path_factory.mktemp("station") / "any.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    told = read_station(path)
    if config.annual_rain_mm is None and not told.has_rain:
        with pytest.raises(StationError, match=r"climate\.annual_rain_mm"):
            climate_of(replace(config, station=path))
        return
    climate = climate_of(replace(config, station=path))
    monthly = ("temperature_c", "diurnal_range_c", "rain_mm", "wet_days", "humidity", "wind_m_s", "cloud", "pet_mm")
    for name in monthly:
        assert np.isfinite(getattr(climate, name)).all(), name
    for field in fields(climate.daily):
        assert np.isfinite(getattr(climate.daily, field.name)).all(), field.name
    for made in Days(climate, seed).days(date(2026, 1, 1).toordinal(), 60):
        assert all(math.isfinite(value) for value in vars(made).values() if isinstance(value, float))
