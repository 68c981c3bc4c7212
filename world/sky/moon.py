"""Where the moon stands and how much of it is lit, from date, time, latitude and longitude; and the stars' turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from world.sky.sun import J2000

EARTH_KM, FLATTENING = 6378.14, 1 / 298.257
SUN_KM = 149_597_870.7
TERRESTRIAL_AHEAD_S = 69.0  # of terrestrial time over universal time in the 2020s

# Meeus, Astronomical Algorithms (1998), table 47.A: multiples of the elongation D, the sun's anomaly M, the moon's
# anomaly M' and the argument of latitude F; sine terms of the longitude in 1e-6 degrees; cosine terms of the distance
# in metres. What is left out moves the moon by less than 0.01 degrees.
_LONGITUDE_AND_DISTANCE = (
    (0, 0, 1, 0, 6288774, -20905355), (2, 0, -1, 0, 1274027, -3699111), (2, 0, 0, 0, 658314, -2955968),
    (0, 0, 2, 0, 213618, -569925), (0, 1, 0, 0, -185116, 48888), (0, 0, 0, 2, -114332, -3149),
    (2, 0, -2, 0, 58793, 246158), (2, -1, -1, 0, 57066, -152138), (2, 0, 1, 0, 53322, -170733),
    (2, -1, 0, 0, 45758, -204586), (0, 1, -1, 0, -40923, -129620), (1, 0, 0, 0, -34720, 108743),
    (0, 1, 1, 0, -30383, 104755), (2, 0, 0, -2, 15327, 10321), (0, 0, 1, 2, -12528, 0),
    (0, 0, 1, -2, 10980, 79661), (4, 0, -1, 0, 10675, -34782), (0, 0, 3, 0, 10034, -23210),
    (4, 0, -2, 0, 8548, -21636), (2, 1, -1, 0, -7888, 24208), (2, 1, 0, 0, -6766, 30824),
    (1, 0, -1, 0, -5163, -8379), (1, 1, 0, 0, 4987, -16675), (2, -1, 1, 0, 4036, -12831),
    (2, 0, 2, 0, 3994, -10445), (4, 0, 0, 0, 3861, -11650), (2, 0, -3, 0, 3665, 14403),
    (0, 1, -2, 0, -2689, -7003), (2, 0, -1, 2, -2602, 0), (2, -1, -2, 0, 2390, 10056),
    (1, 0, 1, 0, -2348, 6322), (2, -2, 0, 0, 2236, -9884),
)  # fmt: skip
# Table 47.B: likewise the sine terms of the latitude in 1e-6 degrees.
_LATITUDE = (
    (0, 0, 0, 1, 5128122), (0, 0, 1, 1, 280602), (0, 0, 1, -1, 277693), (2, 0, 0, -1, 173237),
    (2, 0, -1, 1, 55413), (2, 0, -1, -1, 46271), (2, 0, 0, 1, 32573), (0, 0, 2, 1, 17198),
    (2, 0, 1, -1, 9266), (0, 0, 2, -1, 8822), (2, -1, 0, -1, 8216), (2, 0, -2, -1, 4324),
    (2, 0, 1, 1, 4200), (2, 1, 0, -1, -3359), (2, -1, -1, 1, 2463), (2, -1, 0, 1, 2211), (2, -1, -1, -1, 2065),
)  # fmt: skip


@dataclass(frozen=True)
class Moon:
    """Direction of the moon's centre as seen from the ground, without refraction; angles in radians."""

    azimuth_heading: float  # counter-clockwise from east, like every heading
    elevation: float
    lit: float  # illuminated share of the disc: 0 new .. 1 full


def sidereal_angle(utc: datetime, longitude_deg: float) -> float:
    """The right ascension that stands in the meridian at a naive UTC date-time, in radians (Meeus, equation 12.4)."""
    days = (utc - J2000) / timedelta(days=1)
    century = days / 36525.0
    return math.radians(280.46061837 + 360.98564736629 * days + 0.000387933 * century**2 + longitude_deg) % math.tau


def moon_at(utc: datetime, latitude_deg: float, longitude_deg: float) -> Moon:
    """The moon at a naive UTC date-time.

    Meeus, Astronomical Algorithms (1998), chapters 47 (position, its largest terms), 22 (nutation, its largest term),
    40 (parallax, as a difference of vectors) and 48 (phase); good to about 0.02 degrees from 1950 to 2050.
    """
    days = (utc - J2000) / timedelta(days=1)
    century = (days + TERRESTRIAL_AHEAD_S / 86400.0) / 36525.0
    longitude, latitude, distance_km = _ecliptic(century)
    node = math.radians(125.04 - 1934.136 * century)
    nutation = math.radians(-0.00478 * math.sin(node))
    obliquity = math.radians(23.439291 - 0.0130042 * century + 0.00256 * math.cos(node))
    x, y, z = _equatorial(longitude + nutation, latitude, obliquity)
    turn = sidereal_angle(utc, longitude_deg) + nutation * math.cos(obliquity)
    on_axis, over_equator = _observer_km(latitude_deg)
    x = x * distance_km - over_equator * math.cos(turn)
    y = y * distance_km - over_equator * math.sin(turn)
    z = z * distance_km - on_axis
    # the hour angle grows westwards: the meridian's own axes are south and east of it
    meridian, east = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    tilt = math.radians(latitude_deg)
    north = z * math.cos(tilt) - meridian * math.sin(tilt)
    up = z * math.sin(tilt) + meridian * math.cos(tilt)
    return Moon(
        azimuth_heading=math.atan2(north, east) % math.tau,
        elevation=math.atan2(up, math.hypot(east, north)),
        lit=_lit(century, longitude, latitude, distance_km),
    )


def _ecliptic(century: float) -> tuple[float, float, float]:
    """Geocentric longitude and latitude in radians, without nutation, and the distance in kilometres."""
    mean = 218.3164477 + century * (481267.88123421 + century * (-0.0015786 + century / 538841.0))
    arguments = (
        math.radians(297.8501921 + century * (445267.1114034 - 0.0018819 * century)),
        math.radians(357.5291092 + century * (35999.0502909 - 0.0001536 * century)),
        math.radians(134.9633964 + century * (477198.8675055 + 0.0087414 * century)),
        math.radians(93.2720950 + century * (483202.0175233 - 0.0036539 * century)),
    )
    eccentricity = 1.0 - 0.002516 * century - 0.0000074 * century**2
    venus, jupiter = math.radians(119.75 + 131.849 * century), math.radians(53.09 + 479264.290 * century)
    third = math.radians(313.45 + 481266.484 * century)
    moon, anomaly, argument = math.radians(mean), arguments[2], arguments[3]
    along = 3958.0 * math.sin(venus) + 1962.0 * math.sin(moon - argument) + 318.0 * math.sin(jupiter)
    beside = (
        -2235.0 * math.sin(moon)
        + 382.0 * math.sin(third)
        + 175.0 * (math.sin(venus - argument) + math.sin(venus + argument))
        + 127.0 * math.sin(moon - anomaly)
        - 115.0 * math.sin(moon + anomaly)
    )
    distance = 0.0
    for *multiples, sine, cosine in _LONGITUDE_AND_DISTANCE:
        angle = sum(k * a for k, a in zip(multiples, arguments, strict=True))
        weight = eccentricity ** abs(multiples[1])
        along += weight * sine * math.sin(angle)
        distance += weight * cosine * math.cos(angle)
    for *multiples, sine in _LATITUDE:
        angle = sum(k * a for k, a in zip(multiples, arguments, strict=True))
        beside += eccentricity ** abs(multiples[1]) * sine * math.sin(angle)
    return math.radians(mean + along * 1e-6), math.radians(beside * 1e-6), 385000.56 + distance * 1e-3


def _equatorial(longitude: float, latitude: float, obliquity: float) -> tuple[float, float, float]:
    x = math.cos(latitude) * math.cos(longitude)
    y, z = math.cos(latitude) * math.sin(longitude), math.sin(latitude)
    cos, sin = math.cos(obliquity), math.sin(obliquity)
    return x, y * cos - z * sin, y * sin + z * cos


def _observer_km(latitude_deg: float) -> tuple[float, float]:
    """Distance of a place at sea level from the equator's plane and from the Earth's axis (chapter 11)."""
    latitude = math.radians(latitude_deg)
    reduced = math.atan((1.0 - FLATTENING) * math.tan(latitude))
    return EARTH_KM * (1.0 - FLATTENING) * math.sin(reduced), EARTH_KM * math.cos(reduced)


def _lit(century: float, longitude: float, latitude: float, distance_km: float) -> float:
    """Illuminated share of the disc (equations 48.1 to 48.3)."""
    anomaly = math.radians(357.52911 + 35999.05029 * century)
    sun = math.radians(
        280.46646 + 36000.76983 * century + 1.914602 * math.sin(anomaly) + 0.019993 * math.sin(2.0 * anomaly)
    )
    sun_km = SUN_KM * (1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2.0 * anomaly))
    elongation = math.acos(max(-1.0, min(1.0, math.cos(latitude) * math.cos(longitude - sun))))
    phase = math.atan2(sun_km * math.sin(elongation), distance_km - sun_km * math.cos(elongation))
    return 0.5 * (1.0 + math.cos(phase))
