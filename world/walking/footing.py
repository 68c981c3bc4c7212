"""What lies on the ground and how it slows or stops a walker: water, ice, snow and mud, cell by cell."""

from __future__ import annotations

from enum import Enum

import numpy as np

from assets.palette import GroundCover
from world.compiled import compiled
from world.view import Floats, Surface
from world.walking.ground import Codes, Ground, Lattice, cover_table
from world.walking.ways import Flags, Floats32

DEEP_M = 0.25  # water that nobody walks into
ICE_CARRIES_M = 0.1  # thickness that bears people on deep water, by the common rule of 4 inches
ICE_FACTOR = 0.7  # short flat steps on slippery ground
WADING_M = 0.49  # depth that halves the speed: 42 % slower in 0.35 m of still water (Li, Song, Zhang & Bode 2026)
THIN_SNOW, THIN_SNOW_M = (
    0.30,
    0.02,
)  # the terrain coefficient of snow without its depth, and from where on it counts whole
SINK_PER_CM, DEEPEST_SINK_CM = 0.082, 35.0  # what every centimetre that one sinks in adds to it

MUD_LOSS = {  # share of speed lost on saturated ground
    GroundCover.GRASS: 0.15,
    GroundCover.MEADOW: 0.2,
    GroundCover.FOREST_FLOOR: 0.15,
    GroundCover.ROCK: 0.1,
    GroundCover.SAND: 0.05,
    GroundCover.MUD: 0.4,
    GroundCover.PATH: 0.1,
    GroundCover.FIELD: 0.4,
    GroundCover.SQUARE: 0.03,
}
MUD_TABLE = cover_table(MUD_LOSS)

# A code says in one byte what decides about ways at a sample: the low half the depth of water, the high half the rest.
WATER_LEVELS_M = np.array(
    [0.0, 0.0625, 0.125, 0.1875, DEEP_M, 0.3125, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0]
)
DEEP_LEVEL = 4  # levels beyond this are deep
SNOW_STEPS_M = np.array([0.02, 0.05, 0.1, 0.2, 0.4])  # where the classes of snow begin
SNOW_CLASSES_M = np.array([0.0, 0.03, 0.07, 0.15, 0.3, 0.5])  # what they stand for
MUD_CLASSES = 4  # of soil from dry to saturated, where no snow lies; then come five classes of snow, then ice
ICE_CLASS = MUD_CLASSES + len(SNOW_STEPS_M)
PATH = int(GroundCover.PATH)
MUCH_DEEP_SAMPLES = 8  # so many that turned deep or shallow are much, and so is one on a path
MUCH_SLOWED_SHARE, LITTLE_SLOWED_SHARE = 0.05, 0.005  # of samples whose footing is of another class


class Drift(Enum):
    """How far the ground has gone from what ways were found on."""

    NONE, LITTLE, MUCH = range(3)


def snow_factor(depth_m: Floats) -> Floats:
    """Speed in snow relative to none, at equal effort: the terrain coefficient 1.30 + 0.082 per cm of sinking depth.

    Pandolf, Haisman & Goldman 1976, to the power -1/2 because effort grows with the square of speed; people sink to
    half the depth. Passes smoothly to 1 as the snow thins out below 2 cm.
    """
    sinking_cm = np.minimum(100.0 * depth_m * 0.5, DEEPEST_SINK_CM)
    thin = THIN_SNOW * np.minimum(1.0, depth_m / THIN_SNOW_M)
    factor: Floats = 1.0 / np.sqrt(1.0 + thin + SINK_PER_CM * sinking_cm)
    return factor


def wading_factor(depth_m: Floats) -> Floats:
    """Speed in water of some depth relative to none."""
    factor: Floats = WADING_M / (WADING_M + depth_m)
    return factor


def codes_of(surface: Surface) -> Codes:
    """What decides about ways at every sample, see `WATER_LEVELS_M`."""
    return coded(surface.water_m, surface.snow_m, surface.wetness, surface.ice_m)


@compiled
def coded(water_m: Floats32, snow_m: Floats32, wetness: Floats32, ice_m: Floats32) -> Codes:
    """The codes of `codes_of`."""
    rows, cols = water_m.shape
    codes = np.zeros((rows, cols), np.uint8)
    for r in range(rows):
        for c in range(cols):
            water, snow = 0, 0
            while water < len(WATER_LEVELS_M) - 1 and WATER_LEVELS_M[water] < water_m[r, c]:
                water += 1
            while snow < len(SNOW_STEPS_M) and SNOW_STEPS_M[snow] <= snow_m[r, c]:
                snow += 1
            if ice_m[r, c] >= ICE_CARRIES_M and water_m[r, c] > 0.0:
                codes[r, c] = 16 * ICE_CLASS
            elif snow > 0:
                codes[r, c] = water + 16 * (MUD_CLASSES - 1 + snow)
            else:
                codes[r, c] = water + 16 * int(np.rint(wetness[r, c] * (MUD_CLASSES - 1)))
    return codes


def drift(old: Codes, new: Codes, cover: Codes) -> Drift:
    """How far the ground has gone from what ways were found on: not, a little (new ways can wait), or much.

    A brook whose depth hovers about what one can wade is a little, however long it is; a flood is much.
    """
    clearly, paths, slowed, turned = changes(old, new, cover)
    if clearly >= MUCH_DEEP_SAMPLES or paths > 0 or slowed >= MUCH_SLOWED_SHARE * old.size:
        return Drift.MUCH
    return Drift.LITTLE if turned > 0 or slowed >= LITTLE_SLOWED_SHARE * old.size else Drift.NONE


@compiled
def changes(old: Codes, new: Codes, cover: Codes) -> tuple[int, int, int, int]:
    """Samples that clearly turned deep or shallow, such on a path, those whose footing is of another class, and all
    that turned at all.
    """
    clearly = paths = slowed = turned = 0
    for r in range(old.shape[0]):
        for c in range(old.shape[1]):
            if old[r, c] == new[r, c]:
                continue
            before, after = int(old[r, c] % 16), int(new[r, c] % 16)
            if (before > DEEP_LEVEL) != (after > DEEP_LEVEL):
                turned += 1
                clearly += abs(after - before) >= 2
                paths += cover[r, c] == PATH
            slowed += old[r, c] // 16 != new[r, c] // 16
    return clearly, paths, slowed, turned


def factor_table() -> Floats32:
    """Speed relative to dry ground, (covers, 256), by cover and code."""
    code = np.arange(256)
    water, footing = wading_factor(WATER_LEVELS_M[code % 16]), code // 16
    snowy = np.clip(footing - MUD_CLASSES + 1, 0, len(SNOW_STEPS_M))
    wetness = np.where(footing < MUD_CLASSES, footing / (MUD_CLASSES - 1), 0.0)
    mud = 1.0 - MUD_TABLE[:, None] * wetness
    snow = np.where(footing >= ICE_CLASS, ICE_FACTOR, snow_factor(SNOW_CLASSES_M[snowy]))
    return (mud * snow * water).astype(np.float32)


FACTORS = factor_table()


def open_on(ground: Ground, surface: Surface) -> tuple[Flags, Flags]:
    """Where one can stand now, on the fine and on the coarse lattice."""
    return open_under(ground, surface.water_m, surface.ice_m >= ICE_CARRIES_M)


def ways_ground(ground: Ground, codes: Codes) -> tuple[tuple[Flags, Floats32], tuple[Flags, Floats32]]:
    """Passable cells and pace (s/m) for finding ways, on the fine and on the coarse lattice."""
    water = WATER_LEVELS_M.astype(np.float32)[codes % 16]
    near, far = open_under(ground, water)
    low_row, high_row, low_col, high_col = ground.box
    own = codes[low_row:high_row, low_col:high_col]
    fine = np.repeat(np.repeat(own, ground.split, axis=0), ground.split, axis=1)
    near_pace = np.where(ground.decked, ground.near.pace, _slowed(ground.near, fine))
    return (near, near_pace), (far, _slowed(ground.far, codes))


def _slowed(lattice: Lattice, codes: Codes) -> Floats32:
    pace: Floats32 = lattice.pace / FACTORS[lattice.cover, codes]
    return pace


def open_under(ground: Ground, water_m: Floats32, carries: Flags | None = None) -> tuple[Flags, Flags]:
    """Where one can stand under so much water, on the fine and on the coarse lattice; ice `carries` at some samples."""
    ice = np.zeros(water_m.shape, np.bool_) if carries is None else carries
    low_row, _, low_col, _ = ground.box
    near = deep_cells(water_m, ice, low_row, low_col, ground.split, *ground.near.solid.shape)
    far = deep_cells(water_m, ice, 0, 0, 1, *ground.far.solid.shape)
    return ground.near.solid & (~near | ground.decked), ground.far.solid & ~far


@compiled
def deep_cells(water: Floats32, carries: Flags, row: int, col: int, split: int, rows: int, cols: int) -> Flags:
    """Cells with deep water anywhere in them, read bilinearly between samples, where no ice carries.

    The cells split those round the samples from (row, col) on into `split` a side; with 1 they are these themselves.
    """
    height, width = water.shape
    quarters = max(split, 2)  # each part of a cell lies between four samples, so that its corners tell
    deep = np.zeros((rows, cols), dtype=np.bool_)
    beside = np.zeros((height, width), dtype=np.bool_)  # a deep sample
    for r in range(height):
        for c in range(width):
            if np.float64(water[r, c]) > DEEP_M:
                beside[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2] = True
    for own_r in range(row, row + rows // split):
        for own_c in range(col, col + cols // split):
            if not beside[own_r, own_c] or carries[own_r, own_c]:
                continue
            for i in range(quarters):
                for j in range(quarters):
                    deepest = 0.0
                    for corner in range(4):
                        v = own_r - 0.5 + (i + corner // 2) / quarters
                        u = own_c - 0.5 + (j + corner % 2) / quarters
                        v, u = min(max(v, 0.0), height - 1.0), min(max(u, 0.0), width - 1.0)
                        r, c = min(int(v), height - 2), min(int(u), width - 2)
                        fv, fu = v - r, u - c
                        south = np.float64(water[r, c]) * (1.0 - fu) + np.float64(water[r, c + 1]) * fu
                        north = np.float64(water[r + 1, c]) * (1.0 - fu) + np.float64(water[r + 1, c + 1]) * fu
                        deepest = max(deepest, south * (1.0 - fv) + north * fv)
                    if deepest > DEEP_M:
                        at_r, at_c = i * split // quarters, j * split // quarters
                        deep[(own_r - row) * split + at_r, (own_c - col) * split + at_c] = True
    return deep
