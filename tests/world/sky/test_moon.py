"""The moon and the stars' turn against PyEphem (VSOP87 and the lunar theory of Moshier), and almanac dates."""

from __future__ import annotations

from datetime import datetime, timedelta

import ephem
import numpy as np
import pytest

from world.sky.moon import moon_at, sidereal_angle


def theirs(utc: datetime, latitude: float, longitude: float) -> tuple[np.ndarray, float, float]:
    """East, north, up to the moon without refraction, its lit share, and the sidereal angle."""
    place = ephem.Observer()
    place.lat, place.lon, place.elevation = str(latitude), str(longitude), 0.0
    place.pressure, place.date = 0.0, ephem.Date(utc)
    moon = ephem.Moon(place)
    level = np.cos(moon.alt)
    toward = np.array([level * np.sin(moon.az), level * np.cos(moon.az), np.sin(moon.alt)])
    return toward, moon.phase / 100.0, float(place.sidereal_time())


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(-35.0, 149.0), (0.0, 0.0), (23.0, -100.0), (47.0, 11.0), (68.0, 20.0)]
)
def test_within_three_hundredths_of_a_degree_of_ephem_for_years(latitude: float, longitude: float) -> None:
    off, lit, turn = [], [], []
    for step in range(300):
        utc = datetime.fromisoformat("2020-01-01") + timedelta(hours=197.3 * step)
        ours = moon_at(utc, latitude, longitude)
        level = np.cos(ours.elevation)
        toward = (
            level * np.cos(ours.azimuth_heading),
            level * np.sin(ours.azimuth_heading),
            np.sin(ours.elevation),
        )
        direction, share, sidereal = theirs(utc, latitude, longitude)
        off.append(np.degrees(np.arccos(np.clip(direction @ toward, -1, 1))))
        lit.append(abs(ours.lit - share))
        turn.append((sidereal_angle(utc, longitude) - sidereal + np.pi) % (2 * np.pi) - np.pi)
    assert max(off) < 0.03
    assert max(lit) < 0.02  # theirs is seen from the ground, ours from the Earth's middle
    assert np.degrees(np.abs(turn)).max() < 0.01


@pytest.mark.parametrize(
    ("moment", "lit"),
    [
        ("2026-01-03T10:03", 1.0), ("2026-08-12T17:37", 0.0), ("2026-08-28T04:18", 1.0),
        ("2026-05-09T21:10", 0.5), ("2024-04-08T18:21", 0.0),
    ],
)  # fmt: skip
def test_phases_of_the_almanac(moment: str, lit: float) -> None:
    assert moon_at(datetime.fromisoformat(moment), 47.0, 11.0).lit == pytest.approx(lit, abs=0.01)


def test_the_moon_stands_before_the_sun_in_an_eclipse() -> None:
    """The total eclipse of 2026-08-12 at Burgos, Spain: second contact is at 18:29 UTC."""
    from world.sky.sun import sun_at

    utc = datetime.fromisoformat("2026-08-12T18:29:30")
    moon, sun = moon_at(utc, 42.34, -3.70), sun_at(utc, 42.34, -3.70)
    assert np.degrees(abs(moon.elevation - sun.elevation)) < 0.03
    assert np.degrees(abs(moon.azimuth_heading - sun.azimuth_heading)) < 0.03
