"""The columns of things that stand in the valley: plants, buildings and decks, without ids."""

from __future__ import annotations

import numpy as np

PLANTS = np.dtype(
    [
        ("species", "u1"),  # assets.palette.Species
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),  # ground height at the foot
        ("height_m", "<f4"),
        ("yaw", "<f4"),
        ("tint", "<f4"),  # 0..1
        ("tallest_m", "<f4"),  # to which it can grow on its ground; its height where it does not grow
        ("pace", "<f4"),  # share of its kind's free growth that light and soil leave it, 0..1
    ]
)

BUILDINGS = np.dtype(
    [
        ("kind", "u1"),  # assets.palette.BuildingKind
        ("x", "<f4"),  # centre of the footprint
        ("y", "<f4"),
        ("z", "<f4"),  # floor height
        ("yaw", "<f4"),  # the door is in the middle of the local -y side
        ("width_m", "<f4"),  # along local x
        ("depth_m", "<f4"),  # along local y
        ("wall_height_m", "<f4"),
        ("roof_height_m", "<f4"),  # ridge above the wall top
        ("wall_rgb", "u1", (3,)),
        ("roof_rgb", "u1", (3,)),
    ]
)

BUILDING_STATE = np.dtype(
    [
        ("door", "u1"),  # 1 open
        ("lamp", "u1"),  # 1 lit
        ("hearth", "u1"),  # 1 burning
        ("water_m", "<f4"),  # over the floor
    ]
)

DECKS = np.dtype(
    [
        ("x", "<f4"),  # middle of the deck
        ("y", "<f4"),
        ("z", "<f4"),  # height one walks at
        ("yaw", "<f4"),
        ("width_m", "<f4"),  # along local x, across the way
        ("length_m", "<f4"),  # along local y, from bank to bank
    ]
)
