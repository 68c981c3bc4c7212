"""The sun against pvlib's solar position algorithm, and its own geometry."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas
import pytest
from pvlib import solarposition
from pvlib.location import Location

from world.sky.sun import Sun, clear_sky_w_m2, irradiance_w_m2, sun_at, towards_sun, utc_of


def compass_deg(sun: Sun) -> float:
    """Degrees clockwise from north, as almanacs have it."""
    return (90.0 - np.degrees(sun.azimuth_heading)) % 360.0


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(-35.0, 149.0), (0.0, 0.0), (23.0, -100.0), (47.0, 11.0), (68.0, 20.0)]
)
def test_within_two_hundredths_of_a_degree_of_pvlib_all_year(latitude: float, longitude: float) -> None:
    times = pandas.date_range("2026-01-01", "2026-12-31 23:00", freq="611min", tz="UTC")
    theirs = solarposition.get_solarposition(times, latitude, longitude)
    ours = [sun_at(t.to_pydatetime().replace(tzinfo=None), latitude, longitude) for t in times]
    elevation = np.degrees([s.elevation for s in ours])
    azimuth = np.array([compass_deg(s) for s in ours])
    assert np.abs(elevation - theirs.elevation).max() < 0.02
    # azimuth counts as it moves the sun on the sky: near the zenith a degree of it is next to nothing
    off = (azimuth - theirs.azimuth + 180) % 360 - 180
    assert np.abs(off * np.cos(np.radians(elevation))).max() < 0.02


def test_noon_is_near_the_meridian_in_local_solar_time_everywhere() -> None:
    for longitude in (-170.0, -60.0, 11.0, 140.0):
        for day in range(0, 365, 30):
            noon = datetime.fromisoformat("2026-01-01T12:00") + timedelta(days=day)
            sun = sun_at(utc_of(noon, longitude), 60.0, longitude)
            # the equation of time is at most 17 minutes, 4.2 degrees of hour angle
            assert abs(compass_deg(sun) - 180) < 6


def test_sunrise_within_a_minute_of_pvlib() -> None:
    times = pandas.date_range("2026-01-01", "2026-12-31", freq="17D", tz="UTC")
    for latitude, longitude in ((-35.0, 20.0), (0.0, 0.0), (47.0, 11.0), (60.0, 20.0)):
        theirs = solarposition.sun_rise_set_transit_spa(times, latitude, longitude)
        for rise in theirs["sunrise"]:
            utc = rise.floor("us").to_pydatetime().replace(tzinfo=None)
            before, after = (sun_at(utc + timedelta(minutes=m), latitude, longitude).up for m in (-1, 1))
            assert (before, after) == (False, True)


@pytest.mark.parametrize("altitude", [0.0, 600.0, 3000.0])
def test_clear_sky_within_a_tenth_of_pvlibs_ineichen(altitude: float) -> None:
    times = pandas.date_range("2026-01-01", "2026-12-31 23:00", freq="307min", tz="UTC")
    theirs = Location(47.0, 11.0, altitude=altitude).get_clearsky(times, model="ineichen", linke_turbidity=3.0)
    compared = 0
    for time, ghi in zip(times, theirs["ghi"], strict=True):
        elevation = sun_at(time.to_pydatetime().replace(tzinfo=None), 47.0, 11.0).elevation
        if np.degrees(elevation) > 10:
            compared += 1
            assert clear_sky_w_m2(elevation, altitude, time.day_of_year) == pytest.approx(ghi, rel=0.1)
    assert compared > 500


def test_irradiance_is_zero_at_night_and_falls_with_cloud() -> None:
    assert clear_sky_w_m2(-0.1) == 0.0
    assert 1000 < clear_sky_w_m2(np.pi / 2) < 1150
    values = [irradiance_w_m2(0.8, cloud) for cloud in np.linspace(0, 1, 11)]
    assert all(a >= b for a, b in pairwise(values)) and values[-1] == pytest.approx(0.25 * values[0])


def test_machine_code_finds_the_same_bits_as_python() -> None:
    python = getattr(towards_sun, "py_func", towards_sun)
    draw = np.random.default_rng(1)
    asked = draw.uniform((-20_000.0, -90.0, -180.0), (20_000.0, 90.0, 180.0), (5_000, 3)).tolist()
    assert [towards_sun(*one) for one in asked] == [python(*one) for one in asked]
