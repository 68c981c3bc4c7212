"""What the land surface asks of a valley, and what its covers mean for water and warmth."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assets.palette import GroundCover

Floats = NDArray[np.float64]


class Basin(Protocol):
    """A valley as the water sees it; maps (rows, cols), rows go north."""

    @property
    def cell_m(self) -> float: ...

    @property
    def origin(self) -> tuple[float, float]: ...

    @property
    def heights(self) -> NDArray[np.float32]:
        """Metres; the bed where there is water."""
        ...

    @property
    def water_depth(self) -> NDArray[np.float32]:
        """Metres, of rivers and lakes at mean flow."""
        ...

    @property
    def cover(self) -> NDArray[np.uint8]:
        """Kind of ground, a GroundCover."""
        ...

    @property
    def soil_m(self) -> NDArray[np.float32]:
        """Depth of the loose ground."""
        ...

    @property
    def canopy(self) -> NDArray[np.float32]:
        """Share of the sky that leaves hide, 0..1."""
        ...

    @property
    def discharge_m3_s(self) -> NDArray[np.float32]:
        """Mean flow through each cell."""
        ...

    @property
    def channel_width_m(self) -> NDArray[np.float32]:
        """Width of the channel in each cell, 0 where none is."""
        ...

    @property
    def inflows(self) -> NDArray[np.void]:
        """Streams that enter the map, as land.terrain.INFLOWS."""
        ...


def _table(values: dict[GroundCover, float]) -> Floats:
    return np.array([values[cover] for cover in GroundCover])


MANNING = _table(  # s m^-1/3 of shallow flow over it (Engman 1986; Chow 1959 for the smooth ones), rounded
    {
        GroundCover.GRASS: 0.12,
        GroundCover.MEADOW: 0.15,
        GroundCover.FOREST_FLOOR: 0.20,
        GroundCover.ROCK: 0.05,
        GroundCover.SAND: 0.04,
        GroundCover.MUD: 0.035,
        GroundCover.PATH: 0.03,
        GroundCover.FIELD: 0.08,
        GroundCover.SQUARE: 0.02,
    }
)
RETENTION_M = _table(  # depth of the micro-hollows that must fill before water runs off; judgement
    {
        GroundCover.GRASS: 0.004,
        GroundCover.MEADOW: 0.006,
        GroundCover.FOREST_FLOOR: 0.008,
        GroundCover.ROCK: 0.002,
        GroundCover.SAND: 0.003,
        GroundCover.MUD: 0.012,
        GroundCover.PATH: 0.015,
        GroundCover.FIELD: 0.018,
        GroundCover.SQUARE: 0.006,
    }
)
SATURATED_MM_H = _table(  # conductivity of the surface: loam under roots, less where feet and wheels have pressed it
    {
        GroundCover.GRASS: 20.0,
        GroundCover.MEADOW: 16.0,
        GroundCover.FOREST_FLOOR: 50.0,
        GroundCover.ROCK: 2.0,
        GroundCover.SAND: 60.0,
        GroundCover.MUD: 2.0,
        GroundCover.PATH: 3.0,
        GroundCover.FIELD: 8.0,
        GroundCover.SQUARE: 1.0,
    }
)
ALBEDO = _table(  # Oke 1987, table 1.1
    {
        GroundCover.GRASS: 0.22,
        GroundCover.MEADOW: 0.20,
        GroundCover.FOREST_FLOOR: 0.14,
        GroundCover.ROCK: 0.25,
        GroundCover.SAND: 0.30,
        GroundCover.MUD: 0.15,
        GroundCover.PATH: 0.22,
        GroundCover.FIELD: 0.18,
        GroundCover.SQUARE: 0.25,
    }
)
PLANTED = _table(  # share of the ground whose roots drink; judgement
    {
        GroundCover.GRASS: 1.0,
        GroundCover.MEADOW: 1.0,
        GroundCover.FOREST_FLOOR: 1.0,
        GroundCover.ROCK: 0.15,
        GroundCover.SAND: 0.4,
        GroundCover.MUD: 0.5,
        GroundCover.PATH: 0.2,
        GroundCover.FIELD: 0.9,
        GroundCover.SQUARE: 0.1,
    }
)
