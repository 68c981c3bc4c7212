"""The dome of scattered light, and the noise that clouds, waves and soil are made of."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from panda3d.core import GeomVertexData, SamplerState, Texture

from engine.render.geometry import RADIANCE_FORMAT, fill, geom, node, unbounded
from engine.render.ground import grid_triangles
from engine.render.light import dome_directions

NOISE_SIZE = 256
GRAIN_SIZE = 1024  # its texels are 3 mm on the ground
CRUMBS_IN_TILE = 6  # crumbs of soil are so much finer than its patches


@cache
def noise_texels() -> NDArray[np.uint8]:
    """A tile (n, n, 2) of two independent fields of 1/f noise, mean 0.5 of 255."""
    rng = np.random.default_rng(np.random.SeedSequence(71))
    fy, fx = np.meshgrid(np.fft.fftfreq(NOISE_SIZE), np.fft.fftfreq(NOISE_SIZE), indexing="ij")
    frequency = np.hypot(fx, fy)
    frequency[0, 0] = 1.0
    texels = np.empty((NOISE_SIZE, NOISE_SIZE, 2), np.uint8)
    for channel in (0, 1):
        white = np.fft.fft2(rng.standard_normal((NOISE_SIZE, NOISE_SIZE)))
        field = np.fft.ifft2(white * frequency**-1.2 * (frequency > 1.5 / NOISE_SIZE)).real
        texels[..., channel] = np.clip(127.5 + 43.0 * (field - field.mean()) / field.std(), 0, 255)
    return texels


def halved(texels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (n, n, channels) of half the size: means of neighbours, halves up, along the rows and then across."""
    wide = texels.astype(np.uint16)
    along = (wide[:, 0::2] + wide[:, 1::2] + 1) // 2
    return np.asarray((along[0::2] + along[1::2] + 1) // 2, np.uint8)


def noise_texture() -> Texture:
    """The tile of `noise_texels` as red and green."""
    texels = np.full((NOISE_SIZE, NOISE_SIZE, 4), 255, np.uint8)
    texels[..., :2] = noise_texels()
    return _repeating("noise", texels)


def grain_texture() -> Texture:
    """The tile once over as red and green, and CRUMBS_IN_TILE times across as blue and alpha: one fetch reads both."""
    broad, small = (_stretched(noise_texels(), GRAIN_SIZE, times) for times in (1, CRUMBS_IN_TILE))
    return _repeating("grains", np.concatenate([broad, small], axis=2))


def _stretched(tile: NDArray[np.uint8], size: int, times: int) -> NDArray[np.uint8]:
    """A tile (n, n, c) drawn so many times across an image (size, size, c), bilinear."""
    n = len(tile)
    at = np.arange(size) * (times * n / size)
    low = at.astype(np.intp) % n
    share = (at % 1.0).astype(np.float32)
    made = tile.astype(np.float32)
    for axis in (0, 1):
        weight = share.reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        made = made.take(low, axis) * (1 - weight) + made.take((low + 1) % n, axis) * weight
    return np.rint(made).astype(np.uint8)


def _repeating(name: str, texels: NDArray[np.uint8]) -> Texture:
    """A texture of texels (n, n, 4) red, green, blue, alpha that repeats, with all its smaller copies.

    Mesa's software driver would make the copies itself, but while its other threads do so its vertex shaders read them
    already: a new stage's first picture then shows stars through clouds.
    """
    size = len(texels)
    level = np.ascontiguousarray(texels[..., [2, 1, 0, 3]])  # Panda has blue first
    made = Texture(name)
    made.setup_2d_texture(size, size, Texture.T_unsigned_byte, Texture.F_rgba)
    made.set_ram_image(level.tobytes())
    for number in range(1, size.bit_length()):
        level = halved(level)
        fill(made.make_ram_mipmap_image(number), level)
    made.set_wrap_u(SamplerState.WM_repeat)
    made.set_wrap_v(SamplerState.WM_repeat)
    made.set_minfilter(SamplerState.FT_linear_mipmap_nearest)
    made.set_magfilter(SamplerState.FT_linear)
    return made


class Sky:
    """The dome, turned and coloured anew whenever the light changes."""

    def __init__(self) -> None:
        self._rays = dome_directions()
        rows, cols, _ = self._rays.shape
        vertices = np.zeros((rows * cols, 7), np.float32)
        vertices[:, :3], vertices[:, 6] = self._rays.reshape(-1, 3), 1.0
        self.dome = node(geom(vertices, grid_triangles(rows, cols), RADIANCE_FORMAT), "sky", "sky")
        self.dome.set_two_sided(True)
        unbounded(self.dome)
        self._vertices = vertices

    def shine(self, dome: NDArray[np.float64], sun_azimuth: float) -> None:
        """Give the dome its radiance (elevations, azimuths + 1, 3), the first column towards the sun."""
        cos, sin = np.cos(sun_azimuth), np.sin(sun_azimuth)
        x, y = self._rays[..., 0], self._rays[..., 1]
        self._vertices[:, 0] = (x * cos - y * sin).reshape(-1)
        self._vertices[:, 1] = (x * sin + y * cos).reshape(-1)
        self._vertices[:, 3:6] = dome.reshape(-1, 3)
        data: GeomVertexData = self.dome.node().modify_geom(0).modify_vertex_data()  # type: ignore[attr-defined]
        fill(data.modify_array(0), self._vertices)
