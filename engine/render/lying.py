"""What lies on the ground, cell by cell, as the shaders sample it: snow, wetness, puddles and the ice on them.

A film of water thinner than a surface is drawn for is wet ground with puddles; see engine/render/water.py.
Where a snapshot has no Surface, the environment's snow and wetness lie everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import SamplerState, Texture

from engine.render.programs import SNOW_DEPTH_RANGE_M, SNOW_LEVELS
from engine.render.water import FILM_M
from recorder.schema import Scenery, Snapshot, Surface

Floats32 = NDArray[np.float32]

FULL_ICE_M = 0.02  # ice on a puddle that hides its water
HEIGHT_BANDS = 48  # in which the hills beyond the map take the snow of the map


class Lying:
    """The state of the ground as a texture over the map, rewritten when it changes."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery
        self.texture = Texture("lying")
        self.texture.set_wrap_u(SamplerState.WM_clamp)
        self.texture.set_wrap_v(SamplerState.WM_clamp)
        self.texture.set_minfilter(SamplerState.FT_linear)
        self.texture.set_magfilter(SamplerState.FT_linear)
        self._shape = (0, 0)
        self._shown: tuple[float, ...] | Surface | None = None
        self._snow_m: Floats32 = np.zeros((1, 1), np.float32)
        self.snowy = False
        low, high = float(scenery.heights.min()), float(scenery.heights.max())
        self._edges = np.linspace(low, high + 1e-3, HEIGHT_BANDS + 1)
        band = np.floor((scenery.heights.reshape(-1) - low) / (high - low + 1e-3) * HEIGHT_BANDS)
        self._band = np.clip(band, 0, HEIGHT_BANDS - 1).astype(np.intp)
        self._snow_profile = (np.zeros(1), np.zeros(1))

    def lay(self, snapshot: Snapshot, pools: NDArray[np.bool_]) -> bool:
        """Show the ground of this snapshot beside the pools (rows, cols) that are drawn as water; True if it is new."""
        surface, environment = snapshot.surface, snapshot.environment
        if surface is None:
            now = float(environment["snow_depth_m"]), float(environment["ground_wetness"])
            if now == self._shown:
                return False
            self._shown = now
            self._write(*(np.full((1, 1), value, np.float32) for value in (*now, 0.0, 0.0)))
            return True
        if surface is self._shown or (isinstance(self._shown, Surface) and _same(surface, self._shown)):
            return False
        self._shown = surface
        film = np.where(pools, np.float32(0.0), surface.water_m / np.float32(FILM_M))
        self._write(surface.snow_m, surface.wetness, film, surface.ice_m / np.float32(FULL_ICE_M))
        return True

    def _write(self, snow_m: Floats32, wetness: Floats32, film: Floats32, ice: Floats32) -> None:
        rows, cols = snow_m.shape
        if self._shape != (rows, cols):
            self._shape = (rows, cols)
            self.texture.setup_2d_texture(cols, rows, Texture.T_unsigned_byte, Texture.F_rgba8)
        self._snow_m = np.asarray(snow_m, np.float32)
        self.snowy = bool(snow_m.max() > 0.0)
        self._snow_profile = self._profile()
        texels = np.empty((rows, cols, 4), np.uint8)  # memory is blue, green, red, alpha
        for place, values in ((2, np.sqrt(snow_m / SNOW_DEPTH_RANGE_M)), (1, wetness), (0, film), (3, ice)):
            texels[..., place] = np.clip(values, 0, 1) * 255 + 0.5
        self.texture.set_ram_image(texels.tobytes())

    def snow_m(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats32:
        """Depth of snow at points (n,): that of the nearest cell, in metres."""
        if self._snow_m.shape == (1, 1):
            return np.broadcast_to(self._snow_m[0], x.shape)
        s = self._scenery
        rows, cols = self._snow_m.shape
        c = np.clip(np.rint((x - s.origin[0]) / s.cell_m), 0, cols - 1).astype(np.intp)
        r = np.clip(np.rint((y - s.origin[1]) / s.cell_m), 0, rows - 1).astype(np.intp)
        return np.asarray(self._snow_m[r, c])

    def snow_levels(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats32:
        """The same in whole steps of SNOW_DEPTH_RANGE_M / SNOW_LEVELS, as the rows of plants carry it."""
        share = np.clip(self.snow_m(x, y) / SNOW_DEPTH_RANGE_M, 0.0, 1.0)
        return np.asarray(np.rint(share * SNOW_LEVELS), np.float32)

    def snow_at_heights(self, z: NDArray[np.floating]) -> Floats32:
        """Depth of snow on hills of these heights beyond the map, by what lies on the map at that height."""
        at, depth = self._snow_profile
        return np.asarray(np.interp(z, at, depth), np.float32)

    def _profile(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Heights and the mean depth of the snow on the map's ground of that height."""
        if self._snow_m.shape == (1, 1) or not self.snowy:
            return np.zeros(1), np.full(1, float(self._snow_m[0, 0]) if self.snowy else 0.0)
        total = np.bincount(self._band, self._snow_m.reshape(-1), HEIGHT_BANDS)
        count = np.bincount(self._band, minlength=HEIGHT_BANDS)
        known = np.flatnonzero(count)
        middles = (self._edges[:-1] + self._edges[1:]) / 2
        return middles[known], total[known] / count[known]


def _same(a: Surface, b: Surface) -> bool:
    pairs = ((a.snow_m, b.snow_m), (a.wetness, b.wetness), (a.water_m, b.water_m), (a.ice_m, b.ice_m))
    return all(x is y or np.array_equal(x, y) for x, y in pairs)
