"""Numbers as colours people can read: depth, ids, classes, normals and motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.palette import LABEL_COLOURS, SemanticClass
from recorder.annotate import class_lookup
from recorder.schema import FIRST_FREE_ID, Cast, Scenery

Image = NDArray[np.uint8]

NO_SURFACE = np.array([26, 28, 36], np.uint8)
NOT_VALID = np.array([96, 98, 104], np.uint8)
VIRIDIS = np.array(  # nine samples of matplotlib's viridis (Smith and van der Walt, 2015), from dark to bright
    [
        (68, 1, 84),
        (71, 44, 122),
        (59, 81, 139),
        (44, 113, 142),
        (33, 144, 141),
        (39, 173, 129),
        (92, 200, 99),
        (170, 220, 50),
        (253, 231, 37),
    ],
    np.float64,
)


def ramp(share: NDArray[np.floating]) -> Image:
    """Viridis colours (..., 3) of values in 0..1."""
    stops = np.linspace(0.0, 1.0, len(VIRIDIS))
    share = np.clip(share, 0.0, 1.0)
    return np.stack([np.interp(share, stops, VIRIDIS[:, i]) for i in range(3)], axis=-1).round().astype(np.uint8)


def depth_colours(depth: NDArray[np.floating], near_m: float, far_m: float) -> Image:
    """Bright near, dark far, on a logarithmic scale between two distances; the sky is slate."""
    seen = np.isfinite(depth) & (depth > 0)
    logs = np.log(np.where(seen, depth, near_m).astype(np.float64) / near_m) / np.log(far_m / near_m)
    colours = ramp(1.0 - logs)
    colours[~seen] = NO_SURFACE
    return colours


def class_colours(semantic: NDArray[np.uint8]) -> Image:
    """The palette's label colour of every pixel."""
    return LABEL_COLOURS[np.minimum(semantic, len(LABEL_COLOURS) - 1)]


def id_colours(ids: NDArray[np.uint32], scenery: Scenery, cast: Cast) -> Image:
    """One colour per id, the same in every picture: vivid for villagers, muted for things, dim for ground and water."""
    lookup = class_lookup(scenery, cast)
    classes = lookup[np.minimum(ids, len(lookup) - 1)]
    hue = ids.astype(np.float64) * 0.6180339887 % 1.0
    person = classes == SemanticClass.VILLAGER
    colours = hsv(hue, np.where(person, 0.75, 0.38), np.where(person, 1.0, 0.45 + 0.25 * (hue * 7 % 1.0)))
    shared = ids < FIRST_FREE_ID
    colours[shared] = (class_colours(classes[shared]) * 0.45).astype(np.uint8)
    return colours


def normal_colours(normal: NDArray[np.floating]) -> Image:
    """East as red, north as green, up as blue, each from -1 (dark) to 1 (bright)."""
    colours = np.clip((normal.astype(np.float64) * 0.5 + 0.5) * 255, 0, 255).round().astype(np.uint8)
    colours[(normal == 0).all(axis=-1)] = NO_SURFACE
    return colours


def flow_colours(flow: NDArray[np.floating], valid: NDArray[np.bool_], fastest_px: float) -> Image:
    """Direction as hue, speed as saturation up to a number of pixels; white stands still, grey is not known."""
    direction = np.arctan2(-flow[..., 1], flow[..., 0]).astype(np.float64) / (2 * np.pi) % 1.0
    speed = np.hypot(flow[..., 0], flow[..., 1]).astype(np.float64) / fastest_px
    colours = hsv(direction, np.clip(np.nan_to_num(speed), 0.0, 1.0), np.full(direction.shape, 0.97))
    colours[~valid] = NOT_VALID
    return colours


def hsv(hue: NDArray[np.float64], saturation: NDArray[np.float64], value: NDArray[np.float64]) -> Image:
    """Colours (..., 3) of hue, saturation and value in 0..1 (Smith, 1978)."""
    sector = (np.nan_to_num(hue)[..., None] * 6 + np.array([5.0, 3.0, 1.0])) % 6
    fall = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    colours = value[..., None] * (1 - saturation[..., None] * fall)
    pixels: Image = (np.clip(colours, 0, 1) * 255).round().astype(np.uint8)
    return pixels
