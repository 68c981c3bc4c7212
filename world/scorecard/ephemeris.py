"""Suns to compare ours with: an accurate one, a careless one, and the light of a clear sky."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SOLAR_CONSTANT_W_M2 = 1361.0  # Kopp & Lean 2011
EARTH_RADIUS_AU = 4.26352e-5
HAS_PVLIB = find_spec("pvlib") is not None
REFERENCE = "SPA of Reda & Andreas 2004, in pvlib" if HAS_PVLIB else "PSA+ of Blanco et al. 2020"
"""Which accurate sun is used here: NREL's, good to 0.0003 degrees, where pvlib is installed; else one good to 0.005."""


def reference(utc: list[datetime], latitude_deg: float, longitude_deg: float) -> Floats:
    """Unit vectors (n, 3) east, north, up to the sun as seen from the ground, without refraction."""
    if HAS_PVLIB:
        return _spa(utc, latitude_deg, longitude_deg)
    return np.array([psa_plus(moment, latitude_deg, longitude_deg) for moment in utc])


def psa_plus(utc: datetime, latitude_deg: float, longitude_deg: float) -> tuple[float, float, float]:
    """East, north, up to the sun by the algorithm PSA+ with its constants for 2020 to 2050.

    Blanco, Milidonis & Bonanos 2020, Solar Energy 212, table 1; the parallax is part of it.
    """
    day = (utc - datetime(2000, 1, 1, 12)) / timedelta(days=1)  # noqa: DTZ001 (UTC by definition)
    hour = (utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(hours=1)
    node = 2.267127827 - 0.0009300339267 * day
    mean_longitude = 4.895036035 + 0.01720279602 * day
    anomaly = 6.239468336 + 0.01720200135 * day
    longitude = (
        mean_longitude
        + 0.03338320972 * math.sin(anomaly)
        + 0.0003497596876 * math.sin(2.0 * anomaly)
        - 0.0001544353226
        - 8.689729360e-06 * math.sin(node)
    )
    obliquity = 0.4090904909 - 6.213605399e-09 * day + 4.418094944e-05 * math.cos(node)
    ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    sidereal_h = 6.697096103 + 0.06570984737 * day + hour
    hour_angle = math.radians(15.0 * sidereal_h + longitude_deg) - ascension
    east, north, up = _towards(hour_angle, declination, math.radians(latitude_deg))
    zenith = math.acos(up) + EARTH_RADIUS_AU * math.sin(math.acos(up))
    level = math.hypot(east, north)
    scale = math.sin(zenith) / level if level > 0.0 else 0.0
    return east * scale, north * scale, math.cos(zenith)


def careless_sun(local: datetime, latitude_deg: float) -> tuple[float, float, float]:
    """East, north, up by what games and many simulators do: a circle with a sine for the season (Cooper 1969).

    The clock is taken for the sun: no equation of time, no eccentricity.
    """
    day = local.timetuple().tm_yday
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (284 + day) / 365.0)
    hours = local.hour + local.minute / 60.0 + local.second / 3600.0 - 12.0
    return _towards(math.radians(15.0 * hours), declination, math.radians(latitude_deg))


def _towards(hour_angle: float, declination: float, latitude: float) -> tuple[float, float, float]:
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.sin(declination) * math.cos(latitude) - math.cos(declination) * math.cos(hour_angle) * math.sin(
        latitude
    )
    up = math.sin(declination) * math.sin(latitude) + math.cos(declination) * math.cos(hour_angle) * math.cos(latitude)
    return east, north, max(-1.0, min(1.0, up))


def _spa(utc: list[datetime], latitude_deg: float, longitude_deg: float) -> Floats:
    import pandas as pd  # noqa: PLC0415 - comes with pvlib
    from pvlib.solarposition import spa_python  # noqa: PLC0415

    times = pd.DatetimeIndex(utc).tz_localize("UTC")
    found = spa_python(times, latitude_deg, longitude_deg, delta_t=None)
    azimuth, elevation = (np.radians(found[name].to_numpy()) for name in ("azimuth", "elevation"))
    level = np.cos(elevation)
    return np.stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)], axis=1)


def ineichen_w_m2(sin_elevation: Floats, altitude_m: float, turbidity: float, distance_au: Floats) -> Floats:
    """Irradiance of a level surface under a clear sky (Ineichen & Perez 2002), from the Linke turbidity.

    The air mass is that of Kasten & Young 1989 at the pressure of the altitude.
    """
    height = np.maximum(sin_elevation, 0.0)
    degrees = np.degrees(np.arcsin(height))
    mass = np.exp(-altitude_m / 8434.5) / (height + 0.50572 * (degrees + 6.07995) ** -1.6364)
    above, near = np.exp(-altitude_m / 8000.0), np.exp(-altitude_m / 1250.0)
    first, second = 5.09e-5 * altitude_m + 0.868, 3.92e-5 * altitude_m + 0.0387
    light: Floats = first * SOLAR_CONSTANT_W_M2 / distance_au**2 * height
    light *= np.exp(-second * mass * (above + near * (turbidity - 1.0)))
    return light
