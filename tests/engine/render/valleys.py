"""Small made-up valleys for the renderer's tests: no world needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.palette import GroundCover
from recorder.schema import BUILDING, ENVIRONMENT, LOOKS, PLANT, VILLAGER, CameraPose, Cast, Scenery, Snapshot

CELL_M = 2.0


def environment(**given: float) -> NDArray[np.void]:
    row = np.zeros((), ENVIRONMENT)
    row["sun_azimuth"], row["sun_elevation"] = np.radians(150.0), np.radians(28.0)
    row["temperature_c"], row["humidity"], row["pressure_pa"] = 16.0, 0.6, 101325.0
    row["wind_m_s"], row["wind_towards"], row["cloud"], row["visibility_m"] = 2.0, 0.4, 0.3, 25000.0
    row["haze_visibility_m"], row["fog_top_m"] = 25000.0, -10000.0
    row["leaf_cover"], row["grass_green"], row["blossom"] = 1.0, 1.0, 0.2
    row["crop_height_m"], row["crop_ripe"] = 0.85, 1.0
    for name, value in given.items():
        row[name] = value
    return row


def flat(
    side: int = 65, buildings: NDArray[np.void] | None = None, heights: NDArray[np.float32] | None = None
) -> Scenery:
    """A plain of bare rock round the origin: nothing grows there."""
    h = np.zeros((side, side), np.float32) if heights is None else heights
    edge = -(h.shape[0] - 1) * CELL_M / 2
    return Scenery(
        CELL_M,
        (edge, edge),
        h,
        np.zeros(h.shape, np.float32),
        np.full(h.shape, GroundCover.ROCK, np.uint8),
        np.full(h.shape, 0.4, np.float32),
        np.zeros(0, PLANT),
        np.zeros(0, BUILDING) if buildings is None else buildings,
        (),
        47.0,
        8.0,
    )


def _hills(side: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0:side, 0:side] * CELL_M - (side - 1) * CELL_M / 2
    span = side * CELL_M / 2
    rim = np.clip(np.hypot(x, y * 0.9) / span - 0.45, 0, 1) ** 1.6 * 95.0
    waves = 5 * np.sin(x / 31) * np.cos(y / 43) + 2.5 * np.sin(x / 13 + 1) * np.sin(y / 17)
    ridge = 14 * np.sin(x / 23 + 2 * np.sin(y / 47)) * np.clip(np.hypot(x, y) / span - 0.4, 0, 1)
    calm = np.clip(np.hypot(x, y) / 70 - 0.4, 0.12, 1)
    return (12 + rim + waves * calm + ridge).astype(np.float32)


def valley(side: int = 161, plants: int = 500, villagers: int = 8) -> tuple[Scenery, Cast, NDArray[np.void]]:
    """Hills round a village by a river: the scenery, who lives there, and where they are."""
    rng = np.random.default_rng(5)
    h = _hills(side)
    edge = -(side - 1) * CELL_M / 2
    y, x = np.mgrid[0:side, 0:side] * CELL_M + edge
    river = np.abs(x - 45 - 12 * np.sin(y / 37))
    h = (h - 3.0 * np.exp(-((river / 9) ** 2))).astype(np.float32)
    surface = 9.6 + 0.01 * (y - edge)
    wet = (river < 13) & (h < surface)
    depth = np.where(wet, surface - h, 0).astype(np.float32)
    cover = np.full(h.shape, GroundCover.GRASS, np.uint8)
    cover[(x < -30) & (y > 10)] = GroundCover.MEADOW
    cover[(np.abs(x + 50) < 16) & (np.abs(y + 40) < 22)] = GroundCover.FIELD
    cover[(np.abs(y - 4 * np.sin(x / 20)) < 2.2) & (x < 34)] = GroundCover.PATH
    cover[np.hypot(x, y) < 8] = GroundCover.SQUARE
    cover[(river < 17) & ~wet & (h < surface + 0.6)] = GroundCover.SAND
    moisture = np.clip(0.75 - 0.006 * h + 0.2 * np.sin(x / 40), 0, 1).astype(np.float32)
    cast = Cast(_looks(rng, villagers), tuple({"name": f"Villager {k}"} for k in range(villagers)))
    houses = _houses(rng, h, edge)
    scenery = Scenery(
        CELL_M, (edge, edge), h, depth, cover, moisture, _plants(rng, h, wet, edge, plants), houses, (), 47.0, 8.0
    )
    return scenery, cast, _villagers(rng, h, edge, villagers)


def height(h: NDArray[np.float32], edge: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
    c = np.clip(np.rint((x - edge) / CELL_M).astype(int), 0, h.shape[1] - 1)
    r = np.clip(np.rint((y - edge) / CELL_M).astype(int), 0, h.shape[0] - 1)
    return h[r, c]


def _plants(
    rng: np.random.Generator, h: NDArray[np.float32], wet: NDArray[np.bool_], edge: float, n: int
) -> NDArray[np.void]:
    rows = np.zeros(n, PLANT)
    angle, away = rng.uniform(0, 2 * np.pi, n), rng.uniform(0.25, 0.95, n) * -edge
    rows["x"], rows["y"] = away * np.cos(angle), away * np.sin(angle)
    rows["z"] = height(h, edge, rows["x"].astype(float), rows["y"].astype(float))
    dry = height(wet.astype(np.float32), edge, rows["x"].astype(float), rows["y"].astype(float)) == 0
    rows["species"] = rng.choice(5, n, p=(0.35, 0.3, 0.12, 0.13, 0.1))
    rows["height_m"] = np.array([11.0, 8.5, 9.0, 1.6, 1.0])[rows["species"]] * rng.uniform(0.7, 1.3, n)
    rows["yaw"], rows["tint"] = rng.uniform(0, 2 * np.pi, n), rng.random(n)
    rows = rows[dry]
    rows["id"] = 1000 + np.arange(len(rows))
    return rows


def _houses(rng: np.random.Generator, h: NDArray[np.float32], edge: float) -> NDArray[np.void]:
    kinds = (0, 1, 0, 8, 0, 3, 4, 0, 5, 6, 7)
    rows = np.zeros(len(kinds), BUILDING)
    angle = np.arange(len(kinds)) * 2 * np.pi / 9 + 0.3
    rows["id"], rows["kind"] = 100 + np.arange(len(kinds)), kinds
    rows["x"], rows["y"] = 21 * np.cos(angle), 21 * np.sin(angle)
    rows["x"][-2:], rows["y"][-2:] = (1.0, -5.0), (0.0, 4.5)
    rows["yaw"] = angle + np.pi / 2 + np.pi + rng.uniform(-0.2, 0.2, len(kinds))
    rows["z"] = height(h, edge, rows["x"].astype(float), rows["y"].astype(float)) + 0.1
    rows["width_m"], rows["depth_m"] = rng.uniform(7, 9, len(kinds)), rng.uniform(5.5, 7, len(kinds))
    rows["wall_height_m"], rows["roof_height_m"] = 2.8, rng.uniform(2.2, 3.0, len(kinds))
    rows["wall_height_m"][1] = 5.2
    rows["width_m"][-2:], rows["depth_m"][-2:] = (1.8, 2.6), (1.8, 1.8)
    rows["wall_height_m"][-2:], rows["roof_height_m"][-2:] = (0.9, 2.2), (0.8, 0.6)
    rows["wall_rgb"] = rng.choice(
        np.array([(236, 226, 204), (224, 208, 178), (232, 214, 190), (214, 198, 172)]), len(kinds)
    )
    rows["roof_rgb"] = rng.choice(np.array([(150, 74, 52), (132, 64, 50), (104, 90, 78), (160, 96, 62)]), len(kinds))
    return rows


def _looks(rng: np.random.Generator, n: int) -> NDArray[np.void]:
    rows = np.zeros(n, LOOKS)
    rows["id"], rows["height_m"], rows["build"] = 20000 + np.arange(n), rng.uniform(1.55, 1.85, n), rng.random(n)
    for name, top in (("hat", 4), ("hair_style", 4), ("beard", 2), ("skirt", 2)):
        rows[name] = rng.integers(0, top, n)
    rows["skin_rgb"] = rng.choice(np.array([(236, 196, 166), (206, 158, 122), (150, 106, 78)]), n)
    rows["hair_rgb"] = rng.choice(np.array([(70, 48, 34), (150, 104, 58), (40, 34, 32), (180, 176, 170)]), n)
    rows["top_rgb"] = rng.choice(np.array([(164, 66, 54), (64, 96, 148), (98, 128, 76), (196, 164, 96)]), n)
    rows["legs_rgb"] = rng.choice(np.array([(84, 70, 58), (62, 66, 84), (104, 84, 62)]), n)
    rows["hat_rgb"] = rng.choice(np.array([(216, 186, 116), (96, 76, 60), (70, 82, 70)]), n)
    return rows


def _villagers(rng: np.random.Generator, h: NDArray[np.float32], edge: float, n: int) -> NDArray[np.void]:
    rows = np.zeros(n, VILLAGER)
    rows["x"], rows["y"] = rng.uniform(-8, 8, n), rng.uniform(-8, 8, n)
    rows["z"] = height(h, edge, rows["x"].astype(float), rows["y"].astype(float))
    rows["heading"], rows["stride"] = rng.uniform(0, 2 * np.pi, n), rng.uniform(0, 2 * np.pi, n)
    rows["activity"], rows["look_at"], rows["place"] = rng.integers(0, 6, n), -1, -1
    rows["speed_m_s"] = np.where(rows["activity"] == 1, 1.3, 0.0)
    return rows


def snapshot(villagers: NDArray[np.void], tick: int = 160, **weather: float) -> Snapshot:
    return Snapshot(tick, environment(**weather), villagers)


def looking(eye: tuple[float, float, float], at: tuple[float, float, float], fov_deg: float = 55.0) -> CameraPose:
    d = np.subtract(at, eye)
    return CameraPose(
        eye, float(np.arctan2(d[1], d[0])), float(np.arctan2(d[2], np.hypot(d[0], d[1]))), float(np.radians(fov_deg))
    )
