"""The clouds: a field that drifts with the wind, of which as much is shown as the recorded share of sky is covered.

The field stands over the valley as a slab: where it lies above its edge there is cloud, the higher above the thicker.
The edge is the quantile of the field, as an eye on the ground sees it, that covers the wanted share of the dome.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from panda3d.core import SamplerState, Texture
from scipy.spatial import cKDTree

from engine.render.frame import Frame
from engine.render.geometry import RamImage
from engine.render.light import smoothstep

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

TEXELS = 256
TILE_M = 9000.0  # after which the field repeats
BASE_M = 1250.0  # of the clouds above the eye: fair-weather cumulus over hills
DEEP_M = 480.0  # from their base to the top of the tallest
TAPER = 1.6  # standard deviations by which the field must stand over its edge for the tallest
STEPS = 16  # in which a ray is followed through the slab
STEEP, FLATTEST = 3.0, 0.12  # low rays are long in the slab: it is thinner for them, or they would step over clouds
EARTH_M = 6.36e6
DRIFT_M_S = 9.0  # clouds keep the pace of the wind aloft, whatever the gusts below do
LIFE_S = 900.0  # in which one pattern comes and goes: two of them are always blended
DETAIL = ((1 / 1900.0, 1.5), (1 / 520.0, 0.75))  # noise tiles per metre, and standard deviations per unit of noise
SLIDES = ((0.31, 0.17), (-0.53, 0.71))  # tiles by which each lies elsewhere at the top, or clouds would be columns
GREY_FROM, GREY_TO = 0.80, 1.0  # cloud fractions between which heaps grow together to a sheet
LOWEST_SINE = 0.06  # lower directions do not count: hills stand there, and haze
SAMPLES = 500
PUFFS = ((5, 1.0), (11, 0.75), (24, 0.45), (50, 0.25))  # heaps along the tile, and their weight


def _noise(rng: np.random.Generator, power: float, least: float) -> Floats:
    """A tiling field (TEXELS, TEXELS) of noise that falls with the frequency, mean 0 and deviation 1."""
    fy, fx = np.meshgrid(*(2 * [np.fft.fftfreq(TEXELS, 1 / TEXELS)]), indexing="ij")
    frequency = np.hypot(fx, fy)
    shape = np.where(frequency >= least, np.maximum(frequency, 1.0) ** -power, 0.0)
    made = np.fft.ifft2(np.fft.fft2(rng.standard_normal((TEXELS, TEXELS))) * shape).real
    return np.asarray((made - made.mean()) / made.std())


def _heaps(rng: np.random.Generator, along: int) -> Floats:
    """Round heaps (TEXELS, TEXELS): highest at scattered points, lowest between them (Worley 1996)."""
    points = rng.random((along * along, 2))
    at = (np.mgrid[0:TEXELS, 0:TEXELS].reshape(2, -1).T + 0.5) / TEXELS
    distance, _ = cKDTree(points, boxsize=1.0).query(at)
    made = -distance.reshape(TEXELS, TEXELS)
    return np.asarray((made - made.mean()) / made.std())


@cache
def _fields() -> tuple[Floats32, Floats32]:
    """Heaped clouds and a sheet of them, each a tile (TEXELS, TEXELS) of mean 0 and deviation 1."""
    rng = np.random.default_rng(np.random.SeedSequence(78))
    heaped = 0.9 * _noise(rng, 1.6, 1.5)
    for along, weight in PUFFS:
        heaped = heaped + weight * _heaps(rng, along)
    sheet = _noise(rng, 1.35, 1.5)
    heaped, sheet = ((f - f.mean()) / f.std() for f in (heaped, sheet))
    return heaped.astype(np.float32), sheet.astype(np.float32)


def _moved(field: Floats32, east: float, north: float) -> Floats32:
    """The field moved by so many texels, linear between them."""
    x, y = int(np.floor(east)), int(np.floor(north))
    u, v = np.float32(east - x), np.float32(north - y)
    first = np.roll(field, (y, x), (0, 1))
    along = first * (1 - u) + np.roll(first, 1, 1) * u
    return np.asarray(along * (1 - v) + np.roll(along, 1, 0) * v, np.float32)


def sampled(texels: NDArray[np.floating], at: Floats) -> Floats:
    """Values of a tile at places (..., 2) in tiles, linear between the middles of its texels, as a sampler has it."""
    n = len(texels)
    x, y = np.moveaxis(at * n - 0.5, -1, 0)
    c, r = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    u, v = x - c, y - r
    a, b, d, e = (texels[(r + j) % n, (c + i) % n] for j, i in ((0, 0), (0, 1), (1, 0), (1, 1)))
    return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + e * u) * v)


def _dome() -> Floats:
    """Unit vectors (SAMPLES, 3) spread evenly over the sky: a Fibonacci lattice."""
    z = LOWEST_SINE + (1 - LOWEST_SINE) * (np.arange(SAMPLES) + 0.5) / SAMPLES
    angle = np.arange(SAMPLES) * np.pi * (3 - np.sqrt(5))
    level = np.sqrt(1 - z * z)
    return np.stack([level * np.cos(angle), level * np.sin(angle), z], axis=1)


def _reach(sine: Floats, height_m: Floats | float) -> Floats:
    """Distance along rays of these elevations to a height above a round Earth."""
    fall = sine * EARTH_M
    return np.asarray(np.sqrt(fall * fall + 2 * EARTH_M * np.asarray(height_m)) - fall)


class Clouds:
    """The texture of the field above its edge: of one time, wind and share of covered sky."""

    def __init__(self, noise: NDArray[np.floating], solid: bool = True) -> None:
        """Lay out the field.

        Args:
            noise: the shaders' noise (n, n, 2), 0..1, that frays the edges.
            solid: the clouds are drawn with their sides, else as a sheet at the height of their base.
        """
        self._noise = noise
        self.texture = Texture("clouds")
        self.texture.setup_2d_texture(TEXELS, TEXELS, Texture.T_float, Texture.F_r32)
        self.texture.set_wrap_u(SamplerState.WM_repeat)
        self.texture.set_wrap_v(SamplerState.WM_repeat)
        self.texture.set_minfilter(SamplerState.FT_linear)
        self.texture.set_magfilter(SamplerState.FT_linear)
        self._image = RamImage(self.texture, np.float32)
        self._shown: tuple[float, ...] | None = None
        steps = STEPS if solid else 1
        ray, levels = _dome(), (np.arange(steps) / steps)[:, None]
        deep = DEEP_M * np.clip(ray[:, 2] * STEEP, FLATTEST, 1.0)
        self._place = ray[:, :2] * _reach(ray[:, 2], BASE_M + deep * levels)[..., None]  # (STEPS, SAMPLES, 2)
        self._taper = levels * levels * TAPER
        self._frayed = np.zeros((steps, SAMPLES))
        for k, ((scale, weight), slide) in enumerate(zip(DETAIL, SLIDES, strict=True)):
            at = self._place * scale + levels[..., None] * slide
            self._frayed += weight * (sampled(noise[..., k], at) - 0.5)

    def drift(self, environment: NDArray[np.void], time_s: float) -> None:
        """Bring the clouds to a time and the weather of an environment row."""
        cloud = float(environment["cloud"])
        now = (cloud, float(environment["wind_towards"]), time_s)
        if now == self._shown:
            return
        self._shown = now
        field = self._field(*now)
        texels = field - np.float32(self._edge(field, cloud))
        self._image.write(texels)

    @staticmethod
    def _field(cloud: float, towards: float, time_s: float) -> Floats32:
        sheet = smoothstep(GREY_FROM, GREY_TO, cloud)
        pattern = _fields()[0] * np.float32(1 - sheet) + _fields()[1] * np.float32(sheet)
        total, power = np.zeros((TEXELS, TEXELS), np.float32), 0.0
        for phase in (0.0, 0.5):
            life = time_s / LIFE_S + phase
            era, age = int(np.floor(life)), life - np.floor(life)
            weight = 1.0 - abs(2.0 * age - 1.0)
            start = (
                np.random.default_rng(np.random.SeedSequence(79, spawn_key=(int(2 * phase), era))).random(2) * TEXELS
            )
            moved = (age - 0.5) * LIFE_S * DRIFT_M_S / TILE_M * TEXELS
            total += np.float32(weight) * _moved(
                pattern, start[0] + moved * np.cos(towards), start[1] + moved * np.sin(towards)
            )
            power += weight * weight
        return np.asarray(total / np.float32(np.sqrt(power)))

    def _edge(self, field: Floats32, cloud: float) -> float:
        """The edge over which the field covers this share of the sky."""
        stands = (sampled(field, self._place / TILE_M) + self._frayed - self._taper).max(axis=0)
        if cloud <= 0.0:
            return float(field.max()) + 10.0
        if cloud >= 1.0:
            return float(field.min()) - 0.5
        return float(np.quantile(stands, 1.0 - cloud))

    @staticmethod
    def write(frame: Frame) -> None:
        """Put the shape of the slab into the frame."""
        frame["CLOUD_SLAB"] = 1 / TILE_M, BASE_M, DEEP_M, TAPER
        frame["CLOUD_DETAIL"] = [value for each in DETAIL for value in each]
        frame["CLOUD_SLIDES"] = [value for each in SLIDES for value in each]
