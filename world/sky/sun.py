"""Where the sun stands, from date, time, latitude and longitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from world.compiled import compiled

DAY = timedelta(days=1)
J2000 = datetime(2000, 1, 1, 12)  # noqa: DTZ001 (UTC by definition; naive datetimes throughout)
SUNRISE_ELEVATION = math.radians(-0.833)  # upper limb on the horizon with mean refraction
SOLAR_W_M2 = 1361.0  # Kopp & Lean 2011
TURBIDITY = 3.0  # Linke's, of clean country air: 2 is mountain air, 5 a city's


@dataclass(frozen=True)
class Sun:
    """Direction of the sun's centre, geometric (no refraction); angles in radians."""

    azimuth_heading: float  # counter-clockwise from east, like every heading
    elevation: float

    @property
    def up(self) -> bool:
        """The upper limb is over a level horizon."""
        return self.elevation > SUNRISE_ELEVATION


def utc_of(local_solar: datetime, longitude_deg: float) -> datetime:
    """Local mean solar time to UTC: four minutes per degree of longitude."""
    return local_solar - timedelta(hours=longitude_deg / 15.0)


def sun_at(utc: datetime, latitude_deg: float, longitude_deg: float) -> Sun:
    """The sun's position at a naive UTC date-time.

    Meeus, Astronomical Algorithms (1998), chapter 25 (low accuracy), in the form of the NOAA solar calculator; good
    to about 0.01 degrees from 1950 to 2050.
    """
    east, north, up = towards_sun((utc - J2000) / DAY, latitude_deg, longitude_deg)
    return Sun(
        azimuth_heading=math.atan2(north, east) % (2 * math.pi),
        elevation=math.atan2(up, math.hypot(east, north)),
    )


@compiled
def towards_sun(days: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float, float]:
    """Unit vector to the sun (east, north, up), some days after J2000; the model is that of `sun_at`."""
    century = days / 36525.0
    mean_longitude = 280.46646 + century * (36000.76983 + century * 0.0003032)
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    centre = (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * century)
    nutation = 0.00478 * math.sin(node)
    longitude = math.radians(mean_longitude + centre - 0.00569 - nutation)
    obliquity = math.radians(
        23.439291 - century * (0.0130042 + century * (1.64e-7 - 5.04e-7 * century)) + 0.00256 * math.cos(node)
    )
    eastward, tilt = math.sin(longitude), math.cos(obliquity)
    declination = math.asin(math.sin(obliquity) * eastward)
    right_ascension = math.atan2(tilt * eastward, math.cos(longitude))
    sidereal_deg = 280.46061837 + 360.98564736629 * days + 0.000387933 * century * century
    # The equation of the equinoxes, the nutation in longitude seen along the equator.
    sidereal_deg -= nutation * tilt
    hour_angle = math.radians(sidereal_deg + longitude_deg) - right_ascension
    latitude = math.radians(latitude_deg)
    # Of the declination, the latitude and the hour angle.
    sin_d, cos_d, sin_l, cos_l = math.sin(declination), math.cos(declination), math.sin(latitude), math.cos(latitude)
    cos_h = math.cos(hour_angle)
    east = -cos_d * math.sin(hour_angle)
    north = sin_d * cos_l - cos_d * cos_h * sin_l
    up = sin_d * sin_l + cos_d * cos_h * cos_l
    return east, north, up


def clear_sky_w_m2(elevation: float, altitude_m: float = 0.0, day_of_year: int = 94) -> float:
    """Global horizontal irradiance under a cloudless sky (Ineichen & Perez 2002).

    The air is that of clean country, `TURBIDITY`; its mass is that of Kasten & Young 1989. The default day has the mean
    distance from the sun.
    """
    if elevation <= 0.0:
        return 0.0
    height_deg = math.degrees(elevation)
    altitude = max(altitude_m, 0.0)
    mass = math.exp(-altitude / 8434.5) / (math.sin(elevation) + 0.50572 * math.pow(height_deg + 6.07995, -1.6364))
    over = SOLAR_W_M2 * (1.0 + 0.033 * math.cos(2.0 * math.pi * day_of_year / 365.2425))
    haze = math.exp(-altitude / 8000.0) + math.exp(-altitude / 1250.0) * (TURBIDITY - 1.0)
    through = math.exp(-(3.92e-5 * altitude + 0.0387) * mass * haze)
    return (5.09e-5 * altitude + 0.868) * over * math.sin(elevation) * through


def irradiance_w_m2(elevation: float, cloud: float, altitude_m: float = 0.0, day_of_year: int = 94) -> float:
    """Global horizontal irradiance under a partly clouded sky (Kasten & Czeplak 1980)."""
    return clear_sky_w_m2(elevation, altitude_m, day_of_year) * (1.0 - 0.75 * math.pow(cloud, 3.4))
