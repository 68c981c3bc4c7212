"""The air over a valley: colder and wetter above, windier on crests, foggy only in the hollow, snow over rain."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.world.sky.skies import a_sky, local
from world.sky.field import NODES, Relief, Terrain, flat, relief_of
from world.sky.weather import WeatherOpening
from world.view import NO_FOG_M

JUNE = date(2026, 6, 12)


def trough(depth_m: float = 300.0, size_m: float = 4096.0) -> Relief:
    """A straight valley that runs north; the village stands on its floor."""
    axis = np.linspace(-1.0, 1.0, NODES)
    heights = np.tile(depth_m * axis**2, (NODES, 1))
    return Relief(heights, (-size_m / 2, -size_m / 2), size_m / (NODES - 1))


def test_over_level_ground_the_field_is_the_villages_weather() -> None:
    for kind in ("clear", "rain", "snow", "fog"):
        sky = a_sky(WeatherOpening(kind), 2)
        field, weather = sky.field(600.0), sky.at(600.0)
        assert field.temperature_c == pytest.approx(np.full((NODES, NODES), weather.temperature_c))
        assert field.humidity == pytest.approx(np.full((NODES, NODES), weather.humidity), abs=0.02)
        assert np.hypot(field.wind_east_m_s, field.wind_north_m_s) == pytest.approx(
            np.full((NODES, NODES), weather.wind_m_s)
        )
        middle = NODES // 2
        assert field.rain_mm_h[middle, middle] == pytest.approx(weather.rain_mm_h, rel=0.02)
        assert field.snow_mm_h[middle, middle] == pytest.approx(weather.snow_mm_h, rel=0.02)


def test_fields_stay_for_a_minute_and_cannot_be_written() -> None:
    sky = a_sky(WeatherOpening("storm"), 2)
    assert sky.field(600.0) is sky.field(659.9)
    assert not np.array_equal(sky.field(600.0).rain_mm_h, sky.field(660.0).rain_mm_h)
    with pytest.raises(ValueError, match="read-only"):
        sky.field(660.0).fog[0, 0] = 1.0


def test_by_day_it_cools_with_height_and_on_a_clear_night_the_floor_is_coldest() -> None:
    relief = trough()
    noon = a_sky(WeatherOpening("overcast"), 1, local("2026-06-12T12:00"), relief=relief).field(60.0)
    cooling = (noon.temperature_c[0, 16] - noon.temperature_c[0, 0]) / 0.3
    assert 4 < cooling < 9
    night = a_sky(WeatherOpening("clear"), 1, local("2026-10-12T03:00"), relief=relief).field(60.0)
    assert night.temperature_c[0, 10] > night.temperature_c[0, 16] + 0.5


def test_more_rain_above_and_to_windward() -> None:
    terrain = Terrain(trough(), 47.0)
    calm = terrain.precipitation_factor(JUNE, 0.0, 0.0)
    assert calm[0, 16] == pytest.approx(1.0) and 1.05 < calm[0, 0] < 1.3
    westerly = terrain.precipitation_factor(JUNE, 10.0, 0.0)
    assert westerly[0, 28] > calm[0, 28] > westerly[0, 4]  # the east side of the valley rises before a westerly
    assert terrain.precipitation_factor(date(2026, 1, 12), 0.0, 0.0)[0, 0] > calm[0, 0]


def test_wind_is_stronger_on_a_crest_and_where_it_climbs_and_weak_in_the_hollow() -> None:
    axis = np.linspace(-2.0, 2.0, NODES)
    x, y = np.meshgrid(axis, axis)
    hill = Relief(150.0 * np.exp(-(x**2) - y**2), (-2048.0, -2048.0), 128.0)
    east, north = Terrain(hill, 47.0).wind(5.0, 0.0)
    speed = np.hypot(east, north)
    assert speed[16, 16] > 1.15 * 5.0
    assert speed[16, 10] > speed[16, 22]  # windward against lee
    assert Terrain(trough(), 47.0).wind(5.0, 0.0)[0][16, 16] < 5.0
    assert np.abs(north).max() > 0.02  # it goes round, too


def test_fog_lies_below_its_top_only() -> None:
    relief = trough()
    sky = a_sky(WeatherOpening("fog"), 1, relief=relief)
    weather, field = sky.at(600.0), sky.field(600.0)
    assert 20 < weather.fog_top_m < 120
    assert weather.visibility_m < 1000 < weather.haze_visibility_m
    below, above = relief.heights < weather.fog_top_m - 10, relief.heights > weather.fog_top_m + 10
    assert (field.fog[below] > 0.5).all() and (field.fog[above] == 0.0).all()
    assert a_sky(WeatherOpening("fair"), 1, relief=relief).at(600.0).fog_top_m == NO_FOG_M


def test_it_snows_on_the_hills_while_it_rains_in_the_valley() -> None:
    relief = trough(1200.0, 8192.0)
    sky = a_sky(WeatherOpening("rain"), 1, local("2026-01-12T09:00"), relief=relief)
    field = sky.field(600.0)
    assert field.rain_mm_h[16, 16] > 1 and field.snow_mm_h[16, 16] == 0
    assert field.snow_mm_h[16, 0] > 1 and field.rain_mm_h[16, 0] == 0


def test_a_relief_is_the_mean_of_the_cells() -> None:
    heights = np.add.outer(np.zeros(513), np.linspace(0.0, 100.0, 513)).astype(np.float32)
    heights[::2] += 4.0
    buildings = np.zeros(3, [("x", "<f4"), ("y", "<f4")])
    buildings["x"] = (100.0, 200.0, 900.0)
    relief = relief_of(heights, (-1024.0, -1024.0), 4.0, buildings)
    assert relief.village == (200.0, 0.0) and relief.cell_m == 64.0
    assert relief.heights[1:-1, 16] == pytest.approx(np.full(NODES - 2, 52.0), abs=0.5)
    assert relief.village_m == pytest.approx(52.0 + 200.0 / 2048.0 * 100.0, abs=0.6)
    assert flat().village_m == 0.0
