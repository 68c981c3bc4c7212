"""The columns of things that stand in the valley: plants and buildings, without ids."""

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
