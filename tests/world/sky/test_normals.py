"""The temperatures of places that are known, month by month, come out of latitude, height and distance from the sea."""

from __future__ import annotations

import numpy as np
import pytest

from world.sky.climate import ClimateConfig, climate_of

# WMO normals 1991-2020 (some 1981-2010) in degC of January, April, July and October, and the widest error we accept.
# The distance is to the sea that the weather comes from: to the Atlantic, not to the Baltic.
STATIONS = {
    "Bern": (ClimateConfig(47.0, 553, 300), (0.4, 9.2, 19.1, 9.7), 1.5),
    "Brest": (ClimateConfig(48.4, 95, 5), (7.0, 10.0, 17.0, 13.0), 2.0),
    "Helsinki": (ClimateConfig(60.2, 4, 300), (-3.1, 4.4, 18.1, 6.6), 5.0),
    "Oslo": (ClimateConfig(59.9, 94, 100), (-3.1, 6.0, 17.6, 6.6), 3.0),
    "Seattle": (ClimateConfig(47.4, 113, 120), (5.3, 10.3, 19.6, 11.8), 2.0),
    "Singapore": (ClimateConfig(1.35, 16, 5), (26.8, 28.3, 28.2, 28.0), 2.0),
    "Cairo": (ClimateConfig(30.1, 75, 180), (14.0, 21.5, 28.6, 24.0), 3.5),
    "Moscow": (ClimateConfig(55.8, 156, 700), (-6.2, 6.9, 19.7, 5.8), 5.0),
    "Yakutsk": (ClimateConfig(62.0, 100, 900), (-37.0, -3.5, 19.8, -7.5), 4.0),
    "Sydney": (ClimateConfig(-33.9, 40, 3), (23.2, 18.8, 12.8, 18.3), 2.0),
    "Santiago": (ClimateConfig(-33.4, 520, 90), (21.0, 14.7, 8.4, 14.2), 3.0),
    "Nairobi": (ClimateConfig(-1.3, 1720, 450), (19.3, 19.6, 16.6, 19.5), 2.5),
    "Reykjavik": (ClimateConfig(64.1, 52, 1), (0.6, 3.6, 11.7, 4.9), 2.5),
    "Mumbai": (ClimateConfig(19.1, 10, 1), (24.3, 28.3, 27.9, 28.6), 3.5),  # the monsoon breaks the summer
}
SEASONS = [0, 3, 6, 9]


@pytest.mark.parametrize("name", STATIONS)
def test_the_seasons_of_known_places(name: str) -> None:
    config, normals, widest = STATIONS[name]
    found = climate_of(config).temperature_c[SEASONS]
    assert np.abs(found - normals).max() < widest, found.round(1)


def test_they_are_off_by_little_on_the_whole() -> None:
    errors = np.array([climate_of(c).temperature_c[SEASONS] - normals for c, normals, _ in STATIONS.values()])
    assert np.abs(errors).mean() < 1.5
    assert abs(errors.mean()) < 0.5  # neither too warm nor too cold


def test_spring_comes_in_time_at_the_usual_place() -> None:
    march, april = climate_of(ClimateConfig(47.0, 600.0, 250.0)).temperature_c[2:4]
    assert 3.0 < march < 5.5 and 7.0 < april < 9.5  # Bern, at 553 m: 5.4 and 9.2; Innsbruck, 578 m: 5.2 and 9.5


def test_the_sea_is_late() -> None:
    coast, inland = (climate_of(ClimateConfig(50.0, 0.0, km)).temperature_c for km in (0.0, 1500.0))
    assert (coast[9] - coast[3]) / np.ptp(coast) > (inland[9] - inland[3]) / np.ptp(inland) + 0.08


def test_the_southern_ocean_is_cold() -> None:
    """Grytviken, 54 S: 2 degC; Belfast, 54.6 N: 9.5 degC."""
    south, north = (climate_of(ClimateConfig(latitude, 5.0, 1.0)).annual_temperature_c for latitude in (-54.3, 54.6))
    assert south < 5.5
    assert north > 8.0
