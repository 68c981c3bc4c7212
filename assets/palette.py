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


class Part(IntEnum):
    """Parts of things, in images of parts. The numbers are stored in sessions: never renumber, only append.

    Left and right are those of the body. A thing that has no parts shows 0, as does a place without a surface.
    """

    NOTHING = 0
    HEAD = 1  # with neck, face and beard
    HAIR = 2
    HAT = 3
    TORSO = 4
    SKIRT = 5
    UPPER_ARM_LEFT = 6
    UPPER_ARM_RIGHT = 7
    LOWER_ARM_LEFT = 8
    LOWER_ARM_RIGHT = 9
    HAND_LEFT = 10
    HAND_RIGHT = 11
    UPPER_LEG_LEFT = 12
    UPPER_LEG_RIGHT = 13
    LOWER_LEG_LEFT = 14
    LOWER_LEG_RIGHT = 15
    FOOT_LEFT = 16
    FOOT_RIGHT = 17
    HELD = 18  # tool, basket, torch
    WALL = 19  # of a building, with its timber, steps and foundation
    ROOF = 20
    DOOR = 21
    WINDOW = 22
    CHIMNEY = 23
    FITTING = 24  # what hangs, leans or turns on a building: sign, lantern, woodpile, oven, wheel
    TRUNK = 25  # of a plant, with its branches and twigs
    CROWN = 26  # its leaves, needles and flowers


class Wear(IntEnum):
    """What a villager has put on against the weather."""

    NOTHING_MORE = 0
    CLOAK = 1
    HOODED_CLOAK = 2


class Load(IntEnum):
    """What a villager has in hand: tools of a trade, and what is carried."""

    NOTHING = 0
    BASKET = 1
    SACK = 2
    BUCKET = 3
    FIREWOOD = 4
    HOE = 5
    RAKE = 6
    HAMMER = 7
    AXE = 8
    BROOM = 9
    FISHING_ROD = 10
    CROOK = 11
    BOOK = 12
    DOUGH = 13
    CLAY = 14


class Bearing(IntEnum):
    """How a villager meets the weather."""

    UPRIGHT = 0
    HUNCHED = 1  # hurries through it, drawn in
    SHELTERING = 2  # stands it out, arms crossed


class Seat(IntEnum):
    """What one who sits sits on."""

    STOOL = 0
    GROUND = 1


class Gesture(IntEnum):
    """What hands and head say beside the words."""

    NONE = 0
    WAVE = 1
    BOW = 2
    OPEN_PALMS = 3
    BEATS = 4
    NOD = 5
    HEAD_SHAKE = 6
    SHRUG = 7
    POINT = 8  # a raised finger
    PALM_OUT = 9
    HAND_ON_HEART = 10
    LAUGH = 11
