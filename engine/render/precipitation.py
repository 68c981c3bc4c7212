"""Rain streaks and snowflakes: colour only, they have no surface."""

from __future__ import annotations

import numpy as np
from panda3d.core import NodePath

from engine.render.geometry import SURFACE_FORMAT, corners, geom, node, unbounded

DROPS, FLAKES = 5000, 5000
RAIN_BOX_M = (36.0, 36.0, 24.0)
SNOW_BOX_M = (24.0, 24.0, 16.0)
RAIN_FALL_M_S = 8.0  # a 3 mm drop (Gunn & Kinzer 1949)
SNOW_FALL_M_S = 1.1
FULL_RAIN_MM_H, FULL_SNOW_MM_H = 14.0, 3.0  # at and above this all of them are drawn


def fall_path(kind: str) -> NodePath:
    """The quads of `rain` or `snow` in their unit box."""
    count = DROPS if kind == "rain" else FLAKES
    rng = np.random.default_rng(np.random.SeedSequence(73, spawn_key=(count, len(kind))))
    vertices, triangles = corners(rng.random((count, 3)), np.arange(count) / count)
    made = node(geom(vertices, triangles, SURFACE_FORMAT), kind, kind)
    made.set_two_sided(True)
    unbounded(made)
    made.hide()
    return made


def fall_amount(rate_mm_h: float, full_mm_h: float) -> float:
    """Share of the drops to draw, 0..1; the root keeps drizzle visible."""
    return float(np.sqrt(min(max(rate_mm_h, 0.0) / full_mm_h, 1.0)))
