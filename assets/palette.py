"""Class ids and the colours they are drawn with in label images.

A pixel carries an instance id; its class is found in the session's instance table. Class 0 is "nothing"
(sky, clouds, rain and snow in the air: they have no surface, so no id and infinite depth).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class SemanticClass(IntEnum):
    """What a pixel shows. The numbers are stored in sessions: never renumber, only append."""

    NOTHING = 0
    TERRAIN = 1
    WATER = 2
    TREE = 3
    BUILDING = 4
    VILLAGER = 5
    BUSH = 6
    ROCK = 7
    GRASS = 8
    WELL = 9
    FENCE = 10  # kept for its number: nothing is drawn as a fence
    CROP = 11
    PROP = 12


LABEL_COLOURS: NDArray[np.uint8] = np.array(
    [
        (18, 20, 28),
        (146, 124, 88),
        (62, 124, 178),
        (46, 104, 58),
        (196, 96, 72),
        (246, 204, 74),
        (104, 148, 74),
        (128, 128, 132),
        (138, 178, 88),
        (92, 108, 160),
        (160, 118, 76),
        (214, 186, 92),
        (176, 112, 168),
    ],
    dtype=np.uint8,
)
"""sRGB uint8 colour of each class in label images, indexed by SemanticClass."""


class GroundCover(IntEnum):
    """What covers a terrain cell; chooses its colour and how fast one walks on it."""

    GRASS = 0
    MEADOW = 1
    FOREST_FLOOR = 2
    ROCK = 3
    SAND = 4
    MUD = 5
    PATH = 6
    FIELD = 7
    SQUARE = 8


class Species(IntEnum):
    """Kinds of plants and stones placed in the valley."""

    CONIFER = 0
    BROADLEAF = 1
    BIRCH = 2
    BUSH = 3
    ROCK = 4
    PALM = 5
    ACACIA = 6
    CACTUS = 7


class BuildingKind(IntEnum):
    """Kinds of buildings and other built things."""

    HOUSE = 0
    INN = 1
    MILL = 2
    FORGE = 3
    CHAPEL = 4
    BARN = 5
    WELL = 6
    MARKET_STALL = 7
    BAKERY = 8
    SCHOOL = 9
    BRIDGE = 10


class Activity(IntEnum):
    """What a villager's body is doing; drawn as a posture."""

    STAND = 0
    WALK = 1
    WORK = 2
    SIT = 3
    TALK = 4
    LISTEN = 5
    SLEEP = 6
