"""A valley made by hand: a straight river between two slopes, one house, one field, so that tests need no erosion."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from assets.palette import BuildingKind
from world.grid import Grid, slope_of
from world.land.river import River
from world.land.terrain import Terrain
from world.view import Place
from world.village.footprints import Footprint
from world.village.plan import Built, Plan
from world.village.settlement import Settlement


def hand_made(size_m: float = 512.0, slope: float = 0.3) -> tuple[Terrain, Settlement]:
    """River along x = 0, slopes from 60 m beside it; the village stands on the east bank."""
    grid = Grid(round(size_m / 4.0) + 1, 4.0)
    x, _ = grid.mesh()
    rise = slope * np.maximum(np.abs(x) - 60.0, 0.0) + 0.01 * np.abs(x)
    water = np.where(np.abs(x) < 7.0, 1.0, 0.0)
    columns: dict[str, Any] = dict.fromkeys(Terrain.__dataclass_fields__, np.zeros(x.shape))
    columns |= {
        "grid": grid,
        "river": cast(River, None),
        "heights": rise,
        "water_depth": water,
        "river_distance": np.abs(x),
        "above_river": rise,
        "drainage_m2": np.full(x.shape, 1e3),
        "moisture": np.clip(0.9 * np.exp(-np.abs(x) / 60.0) + 0.1, 0.0, 1.0),
        "soil_m": np.clip(2.0 - 2.0 * slope_of(rise, 4.0), 0.1, 2.0),
    }
    walls = Footprint(40.0, 0.0, 0.3, 8.0, 7.0)
    house = Built(BuildingKind.HOUSE, walls, "Mill Lane 1", 2.8, 2.6, (220, 210, 190), (150, 70, 50))
    village: dict[str, Any] = dict.fromkeys(Settlement.__dataclass_fields__, None)
    village |= {
        "plan": Plan((40.0, 0.0), [house], []),
        "heights": rise,
        "buildings": np.zeros(0),
        "fields": [Footprint(40.0, 60.0, 0.0, 40.0, 30.0)],
        "parcels": [],
        "paths": [np.array([[40.0, 0.0], [40.0, 45.0]])],
        "wood": (150.0, 100.0),
        "wood_radius_m": 40.0,
        "places": (Place(0, "house", "home", 40.0, -6.0, 0, 2.0),),
    }
    return Terrain(**columns), Settlement(**village)
