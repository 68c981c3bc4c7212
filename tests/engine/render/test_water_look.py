"""How water looks: it mirrors the hills that stand behind it, streams carry their ripples, rain rings on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.render.stage import Stage
from recorder.schema import WATER_ID, Scenery
from tests.engine.render.test_living import NOBODY, moment, surface
from tests.engine.render.valleys import CELL_M, flat, looking

SIDE = 129


def lake(plateau_m: float) -> Scenery:
    """Level ground, and in the east, from x = 30 m on, a plateau."""
    x = np.arange(SIDE) * CELL_M - (SIDE - 1) * CELL_M / 2
    return flat(heights=np.broadcast_to(np.where(x > 30.0, plateau_m, 0.0), (SIDE, SIDE)).astype(np.float32).copy())


def depth_of(scenery: Scenery, level_m: float = 0.6) -> NDArray[np.float32]:
    return np.maximum(level_m - scenery.heights, 0.0).astype(np.float32)


POSE = looking((-30.0, 0.0, 3.0), (0.0, 0.0, 0.6), 40.0)
CALM = {"wind_m_s": 0.0, "cloud": 0.0, "sun_azimuth": np.pi / 2, "sun_elevation": 0.7}


def test_hills_stand_in_the_water_and_the_sky_elsewhere(stage: Callable[..., Stage]) -> None:
    light = []
    for plateau in (0.0, 40.0):
        scenery = lake(plateau)
        on = surface((SIDE, SIDE), water_m=depth_of(scenery))
        out = stage(scenery, NOBODY).render(moment(on, 160, **CALM), POSE)
        middle = (out["instance"] == WATER_ID) & (out["depth"] > 12) & (out["depth"] < 45)
        assert middle.sum() > 500
        light.append(out["rgb"][middle].mean())
    assert light[1] < 0.75 * light[0]


def test_rain_rings_on_water_and_nothing_else_moves_its_truth(stage: Callable[..., Stage]) -> None:
    scenery = lake(0.0)
    drawn, on = stage(scenery, NOBODY), surface((SIDE, SIDE), water_m=depth_of(scenery))
    pose = looking((-6.0, 0.0, 2.2), (0.0, 0.0, 0.6), 40.0)
    spread = []
    for rain in (0.0, 8.0):
        out = drawn.render(moment(on, 160, rain_mm_h=rain, visibility_m=20000.0, **CALM), pose)
        assert (out["normal"][out["instance"] == WATER_ID] == (0, 0, 1)).all()  # the truth is the calm surface
        grey = out["rgb"].astype(float).mean(axis=-1)
        spread.append(np.abs(np.diff(grey, axis=1))[out["instance"][:, 1:] == WATER_ID].mean())
    assert spread[1] > 1.15 * spread[0]
