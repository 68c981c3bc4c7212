"""The starry sky: the brightest stars at their places, fainter ones by their law, and the band of the Milky Way.

Everything is fixed to the equator and the equinox; the frame carries how that stands over the valley.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from engine.render.frame import Frame
from engine.render.geometry import SURFACE_FORMAT, corners, geom, node, unbounded

Floats = NDArray[np.float64]

FAINTEST = 5.8  # magnitude of the faintest star that is drawn
COUNT = 1900  # stars that an eye sees down to it, over the whole sphere, beside the listed ones
PER_MAGNITUDE = 0.50  # by which the logarithm of their number grows (Allen 1973: 0.5 near magnitude 5)
LISTED_TO = 2.6  # stars of this magnitude and brighter are those of the list alone
BAND_SHARE = 0.45  # of the faint stars that crowd towards the Milky Way
BAND_WIDTH = np.radians(9.0)  # standard deviation of its galactic latitude
POLE = np.radians((192.85948, 27.12825))  # the north galactic pole's right ascension and declination (J2000)
CENTRE = np.radians((266.40499, -28.93617))  # the galactic centre's
WARM, COLD = np.array([1.0, 0.80, 0.60]), np.array([0.72, 0.82, 1.0])  # colours of the reddest and the bluest


def towards(ascension: NDArray[np.floating] | float, declination: NDArray[np.floating] | float) -> Floats:
    """Unit vectors (..., 3): x to the equinox, z to the celestial north pole."""
    level = np.cos(declination)
    return np.stack([level * np.cos(ascension), level * np.sin(ascension), np.sin(declination)], axis=-1)


def standing(sidereal: float, latitude_deg: float) -> Floats:
    """The matrix (3, 3) that turns the stars' vectors to east, north and up at a place."""
    s, latitude = sidereal, np.radians(latitude_deg)
    meridian, east = np.array([np.cos(s), np.sin(s), 0.0]), np.array([-np.sin(s), np.cos(s), 0.0])
    pole = np.array([0.0, 0.0, 1.0])
    north = pole * np.cos(latitude) - meridian * np.sin(latitude)
    return np.stack([east, north, pole * np.sin(latitude) + meridian * np.cos(latitude)])


def galaxy() -> Floats:
    """Unit vectors (3, 3) towards the galactic centre, a quarter on along the band, and the galactic pole."""
    pole, centre = towards(*POLE), towards(*CENTRE)
    return np.stack([centre, np.cross(pole, centre), pole])


@cache
def bright() -> tuple[Floats, Floats, Floats]:
    """Of the listed stars: unit vectors (n, 3), magnitudes (n,) and colour indices B - V (n,)."""
    text = files("assets").joinpath("stars.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    hours, degrees, magnitude, colour = (
        np.array([float(row[name]) for row in rows]) for name in ("ascension_h", "declination_deg", "magnitude", "b_v")
    )
    return towards(hours * np.pi / 12, np.radians(degrees)), magnitude, colour


@cache
def faint() -> tuple[Floats, Floats, Floats]:
    """Likewise of the stars that only their numbers are known of."""
    rng = np.random.default_rng(np.random.SeedSequence(72))
    share = rng.random(COUNT)
    least = 10.0 ** (PER_MAGNITUDE * (LISTED_TO - FAINTEST))
    magnitude = FAINTEST + np.log10(least + (1 - least) * share) / PER_MAGNITUDE
    ray = rng.standard_normal((COUNT, 3))
    crowded = int(COUNT * BAND_SHARE)
    longitude = rng.uniform(0, 2 * np.pi, crowded)
    ray[:crowded] = towards(longitude, rng.normal(0, BAND_WIDTH, crowded)) @ galaxy()
    return ray / np.linalg.norm(ray, axis=1, keepdims=True), magnitude, rng.normal(0.6, 0.5, COUNT)


def star_path() -> NodePath:
    """A quad for each star: where it stands, how bright it is and of what colour."""
    ray, magnitude, colour = (np.concatenate(both) for both in zip(bright(), faint(), strict=True))
    # an eye's response is closer to the magnitude than to the light: a square root keeps both ends on the screen
    light = np.clip(10.0 ** (-0.2 * (magnitude - 0.6)), 0.0, 1.0)
    vertices, triangles = corners(ray, light)
    warmth = np.clip((colour + 0.3) / 2.0, 0, 1)[:, None]
    tint = WARM * warmth + COLD * (1 - warmth)
    vertices["extra"][:, :3] = np.repeat(np.minimum(tint, 1.0) * 255, 4, axis=0)
    made = node(geom(vertices, triangles, SURFACE_FORMAT), "stars", "stars")
    made.set_two_sided(True)
    unbounded(made)
    return made


def write_stars(frame: Frame, environment: NDArray[np.void], latitude_deg: float) -> None:
    """Put how the stars stand over the valley into the frame; where their turn was not recorded, as at a turn of 0."""
    told = "sidereal" in (environment.dtype.names or ())
    turned = standing(float(environment["sidereal"]) if told else 0.0, latitude_deg)
    frame["STARS_EAST"], frame["STARS_NORTH"], frame["STARS_UP"] = turned
    band = galaxy() @ turned.T
    frame["GALAXY_CENTRE"], frame["GALAXY_POLE"] = band[0], band[2]
