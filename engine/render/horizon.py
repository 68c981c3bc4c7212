"""How high the hills stand all round every place: hides the sun behind them, and says how much sky a place sees.

Horizon mapping (Max 1988). Computed once per scenery, so a moving sun costs one interpolation and never a jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import SamplerState, Texture
from scipy.ndimage import map_coordinates, zoom

from engine.render.geometry import RamImage
from recorder.schema import Scenery

Floats32 = NDArray[np.float32]

AZIMUTHS = 24
SAMPLES = 32
HIGHEST = 1.0  # radians: elevation that the texture of the hills can tell
COARSE = 128  # cells along the longer side
SOFT = 0.035  # radians over which the sun's disc and its glare fade behind a ridge; wider than the disc, for softness


class Horizon:
    """The horizon's elevation in AZIMUTHS directions on a coarse grid, and the texture of key light made from it."""

    def __init__(self, scenery: Scenery) -> None:
        rows, cols = scenery.heights.shape
        self._scale = max((max(rows, cols) - 1) / COARSE, 1.0)
        self._shape = (max(int((rows - 1) / self._scale) + 1, 2), max(int((cols - 1) / self._scale) + 1, 2))
        factors = (self._shape[0] / rows, self._shape[1] / cols)
        coarse = zoom(scenery.heights.astype(np.float32), factors, order=1, grid_mode=False)
        self._cell = np.array([(cols - 1) / (self._shape[1] - 1), (rows - 1) / (self._shape[0] - 1)]) * scenery.cell_m
        self.elevation = self._march(coarse)
        self.texture = Texture("ground_light")
        height, width = self._shape
        self.texture.setup_2d_texture(width, height, Texture.T_unsigned_byte, Texture.F_luminance)
        self.texture.set_wrap_u(SamplerState.WM_clamp)
        self.texture.set_wrap_v(SamplerState.WM_clamp)
        self.texture.set_minfilter(SamplerState.FT_linear)
        self.texture.set_magfilter(SamplerState.FT_linear)
        self._image = RamImage(self.texture, np.uint8)
        self.hills = self._hills()
        self._last: tuple[float, float] | None = None
        self.shades = True  # whether the hills take any of the light written last from any place

    def _march(self, heights: Floats32) -> Floats32:
        rows, cols = heights.shape
        r, c = np.mgrid[0:rows, 0:cols].astype(np.float32)
        reach = float(np.hypot(rows, cols)) * float(self._cell.mean()) * 0.6
        distances = np.geomspace(float(self._cell.mean()), max(reach, 2 * float(self._cell.mean())), SAMPLES)
        made = np.zeros((AZIMUTHS, rows, cols), np.float32)
        for k in range(AZIMUTHS):
            angle = 2 * np.pi * k / AZIMUTHS
            slope = np.zeros((rows, cols), np.float32)
            for d in distances:
                at = [r + np.sin(angle) * d / self._cell[1], c + np.cos(angle) * d / self._cell[0]]
                seen = map_coordinates(heights, at, order=1, mode="nearest", output=np.float32)
                np.maximum(slope, (seen - heights) / np.float32(d), out=slope)
            made[k] = np.arctan(slope)
        return made

    def _hills(self) -> Texture:
        """The horizon's elevation for the shaders, an azimuth a layer: what stands mirrored in water."""
        height, width = self._shape
        made = Texture("hills")
        made.setup_2d_texture_array(width, height, AZIMUTHS, Texture.T_unsigned_byte, Texture.F_luminance)
        made.set_wrap_u(SamplerState.WM_clamp)
        made.set_wrap_v(SamplerState.WM_clamp)
        made.set_minfilter(SamplerState.FT_linear)
        made.set_magfilter(SamplerState.FT_linear)
        stored = np.clip(self.elevation / HIGHEST, 0.0, 1.0) * 255 + 0.5
        made.set_ram_image(stored.astype(np.uint8).tobytes())
        return made

    def sky_view(self, shape: tuple[int, int]) -> Floats32:
        """Share of the sky's light that reaches each cell of a grid of the given shape (Oke 1987: mean of cos^2)."""
        view = (np.cos(self.elevation) ** 2).mean(axis=0)
        r = np.linspace(0, self._shape[0] - 1, shape[0])
        c = np.linspace(0, self._shape[1] - 1, shape[1])
        return np.asarray(map_coordinates(view, np.meshgrid(r, c, indexing="ij"), order=1, output=np.float32))

    def visible(self, azimuth: float, elevation: float) -> Floats32:
        """Share of a light at this azimuth and elevation (radians) that clears the hills, 0..1, on the coarse grid."""
        place = (azimuth / (2 * np.pi) * AZIMUTHS) % AZIMUTHS
        low = int(place)
        share = np.float32(place - low)
        line = self.elevation[low % AZIMUTHS] * (1 - share) + self.elevation[(low + 1) % AZIMUTHS] * share
        t = np.clip((np.float32(elevation) - line) / SOFT + 0.75, 0.0, 1.0)
        return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)

    def shine(self, azimuth: float, elevation: float) -> None:
        """Write the texture for a light at this azimuth and elevation."""
        if self._last == (azimuth, elevation):
            return
        self._last = (azimuth, elevation)
        shade = np.ascontiguousarray(self.visible(azimuth, elevation) * 255 + 0.5).astype(np.uint8)
        self.shades = bool(shade.min() < 255)
        self._image.write(shade)
