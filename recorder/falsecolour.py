"""Numbers as colours people can read: depth, ids, classes, normals and motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.palette import LABEL_COLOURS, Part, SemanticClass
from recorder.annotate import class_lookup
from recorder.schema import FIRST_FREE_ID, Cast, Scenery, value_name

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

_RIGHT = {  # of bodies: warm above the belt, cold below
    Part.HEAD: (244, 196, 164), Part.HAIR: (140, 96, 60), Part.HAT: (226, 206, 96), Part.TORSO: (222, 84, 78),
    Part.SKIRT: (176, 96, 196), Part.UPPER_ARM_RIGHT: (240, 146, 60), Part.LOWER_ARM_RIGHT: (250, 184, 70),
    Part.HAND_RIGHT: (255, 222, 150), Part.UPPER_LEG_RIGHT: (70, 120, 230), Part.LOWER_LEG_RIGHT: (70, 180, 235),
    Part.FOOT_RIGHT: (110, 230, 225), Part.HELD: (255, 110, 190),
}  # fmt: skip
_OTHERS = {  # muted, as things are in the images of ids
    Part.NOTHING: (40, 42, 50), Part.WALL: (176, 166, 146), Part.ROOF: (136, 76, 62), Part.DOOR: (96, 62, 40),
    Part.WINDOW: (120, 166, 190), Part.CHIMNEY: (104, 104, 116), Part.FITTING: (190, 156, 84),
    Part.TRUNK: (112, 88, 62), Part.CROWN: (78, 128, 78),
}  # fmt: skip
LEFT_SHARE = 0.6  # of the brightness of the right
SHOWN_PARTS = {
    part: value_name(part).removesuffix(" right") for part in (*_RIGHT, *_OTHERS) if part
}  # left goes with it
PART_COLOURS = np.zeros((max(Part) + 1, 3), np.uint8)
for _part in Part:
    _right = Part[_part.name.replace("_LEFT", "_RIGHT")]
    _share = LEFT_SHARE if _part is not _right else 1.0
    PART_COLOURS[_part] = np.round(_share * np.array((_RIGHT | _OTHERS)[_right]))


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


def part_colours(parts: NDArray[np.uint8]) -> Image:
    """One colour per part; left limbs are darker than right ones."""
    return PART_COLOURS[np.minimum(parts, len(PART_COLOURS) - 1)]


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
