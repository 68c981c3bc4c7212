"""The contract between the simulation and everything that looks at it.

The engine fills these columns from the live world and society; the renderer, the session file and every reader see
nothing else. Units are SI and named in the field where it matters. World frame: metres, right-handed, x east,
y north, z up; headings in radians, counter-clockwise from east.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1

TERRAIN_ID = 1  # instance ids below 16 are reserved for things there is one of
WATER_ID = 2
GRASS_ID = 3  # all small ground plants share one id: they are texture with depth, not things one counts
CROP_ID = 4
FIRST_FREE_ID = 16

PLANT = np.dtype(
    [
        ("id", "<u4"),
        ("species", "u1"),  # assets.palette.Species
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),  # ground height at the foot
        ("height_m", "<f4"),
        ("yaw", "<f4"),
        ("tint", "<f4"),  # 0..1, varies the leaf colour
    ]
)

BUILDING = np.dtype(
    [
        ("id", "<u4"),
        ("kind", "u1"),  # assets.palette.BuildingKind
        ("x", "<f4"),  # centre of the footprint
        ("y", "<f4"),
        ("z", "<f4"),  # floor height
        ("yaw", "<f4"),  # turns the local frame; the door is in the middle of the local -y side
        ("width_m", "<f4"),  # extent along local x
        ("depth_m", "<f4"),  # extent along local y
        ("wall_height_m", "<f4"),
        ("roof_height_m", "<f4"),  # ridge above the wall top
        ("wall_rgb", "u1", (3,)),
        ("roof_rgb", "u1", (3,)),
    ]
)

LOOKS = np.dtype(
    [
        ("id", "<u4"),  # instance id of the villager
        ("height_m", "<f4"),
        ("build", "<f4"),  # 0 slight .. 1 stout
        ("hat", "u1"),  # 0 none, 1 straw hat, 2 cap, 3 hood
        ("hair_style", "u1"),  # 0 short, 1 long, 2 bun, 3 bald
        ("beard", "u1"),  # 0 or 1
        ("skirt", "u1"),  # 0 trousers, 1 skirt
        ("skin_rgb", "u1", (3,)),
        ("hair_rgb", "u1", (3,)),
        ("top_rgb", "u1", (3,)),
        ("legs_rgb", "u1", (3,)),
        ("hat_rgb", "u1", (3,)),
    ]
)

VILLAGER = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),  # ground under the feet
        ("heading", "<f4"),
        ("speed_m_s", "<f4"),
        ("stride", "<f4"),  # walk-cycle phase in radians, 2 pi per two steps, advanced by distance walked
        ("activity", "u1"),  # assets.palette.Activity
        ("indoors", "u1"),  # 1: inside a building, neither drawn nor seen
        ("speaking", "u1"),  # 1 while this villager holds the floor
        ("look_at", "<i2"),  # row of the villager looked at, -1 for none
        ("place", "<i2"),  # id of the place this villager is at or goes to, -1 for none
        ("mood", "<f4"),  # -1 low .. 1 high
        ("hunger", "<f4"),  # needs: 0 satisfied .. 1 urgent
        ("fatigue", "<f4"),
        ("cold", "<f4"),
        ("loneliness", "<f4"),
    ]
)

ENVIRONMENT = np.dtype(
    [
        ("sun_azimuth", "<f8"),  # radians, counter-clockwise from east, like a heading
        ("sun_elevation", "<f8"),  # radians above the horizon
        ("temperature_c", "<f8"),
        ("humidity", "<f8"),  # relative, 0..1
        ("pressure_pa", "<f8"),
        ("wind_m_s", "<f8"),
        ("wind_towards", "<f8"),  # radians, direction the air moves to
        ("cloud", "<f8"),  # fraction of the sky, 0..1
        ("rain_mm_h", "<f8"),
        ("snow_mm_h", "<f8"),  # water equivalent
        ("visibility_m", "<f8"),  # meteorological: 2 % of the contrast is left (Koschmieder 1924)
        ("ground_wetness", "<f8"),  # 0 dry .. 1 saturated
        ("snow_depth_m", "<f8"),
    ]
)


@dataclass(frozen=True)
class Scenery:
    """All that does not move: stored once in the session, enough to draw the valley without its generator."""

    cell_m: float  # spacing of the height samples
    origin: tuple[float, float]  # world x, y of heights[0, 0]
    heights: NDArray[np.float32]  # (rows, cols) metres; rows go north, columns east; bilinear/triangles between
    water_depth: NDArray[np.float32]  # (rows, cols) metres of lake or river above the ground, 0 where dry
    cover: NDArray[np.uint8]  # (rows, cols) assets.palette.GroundCover
    moisture: NDArray[np.float32]  # (rows, cols) 0..1, topographic wetness, greens the grass
    plants: NDArray[np.void]  # (n,) PLANT
    buildings: NDArray[np.void]  # (n,) BUILDING
    places: tuple[dict[str, Any], ...]  # id, kind, name, x, y, building (row or -1), radius_m
    latitude: float
    longitude: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north edges in metres."""
        rows, cols = self.heights.shape
        x0, y0 = self.origin
        return x0, y0, x0 + (cols - 1) * self.cell_m, y0 + (rows - 1) * self.cell_m


@dataclass(frozen=True)
class Cast:
    """Who lives here: one row per villager, in the same order as the rows of every snapshot."""

    looks: NDArray[np.void]  # (n,) LOOKS
    personas: tuple[dict[str, Any], ...]  # name, age, gender, trade, big_five, backstory, home (place id), ...


@dataclass(frozen=True)
class Utterance:
    """One line said by one villager, with the truth behind it."""

    id: int
    speaker: int  # row of the cast
    listeners: tuple[int, ...]  # rows within earshot who attend
    overhearers: tuple[int, ...]  # rows within earshot who do not take part
    conversation: int
    act: str
    topic: str
    fact: dict[str, Any] | None  # what the act conveys: who, what, where, when, provenance
    text: str
    draft: str  # the template wording of the same act
    source: str  # "model" or "template"
    start_tick: int
    end_tick: int  # when the words are over; the speaker holds the floor until then or a little longer
    request_tick: int
    arrival_tick: int
    positions: dict[int, tuple[float, float, float]]  # row -> x, y, z at start_tick, speaker and hearers
    sees: dict[int, tuple[int, ...]]  # row -> rows it sees at start_tick, for speaker and hearers
    weather: dict[str, float]
    prompt: str = ""
    raw: tuple[str, ...] = ()  # the model's candidates before the guards
    rejections: tuple[str, ...] = ()  # why candidates fell, in the same order
    seed: int = 0
    model_sha256: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happened at a tick, other than speech: arrivals, weather turning, plans made."""

    tick: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """One frozen tick: all that can be seen and known, and nothing that can be changed."""

    tick: int
    environment: NDArray[np.void]  # () ENVIRONMENT
    villagers: NDArray[np.void]  # (n,) VILLAGER
    events: tuple[Event, ...] = ()
    utterances: tuple[Utterance, ...] = ()  # those that start at this tick
    hashes: dict[str, bytes] = field(default_factory=dict)  # room -> 16-byte digest of its state; "total" of all


@dataclass(frozen=True)
class CameraPose:
    """A pinhole camera in the world frame. Looks along `forward`; image x is to the right, y down."""

    position: tuple[float, float, float]
    yaw: float  # radians, counter-clockwise from east
    pitch: float  # radians, up is positive
    fov_y: float  # vertical field of view in radians

    def rotation(self) -> NDArray[np.float64]:
        """World-from-camera rotation (3, 3): its columns are the OpenCV axes right, down, forward in the world."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        forward = np.array([cy * cp, sy * cp, sp])
        right = np.array([sy, -cy, 0.0])
        return np.stack([right, np.cross(forward, right), forward], axis=1)

    def intrinsics(self, width: int, height: int) -> NDArray[np.float64]:
        """K (3, 3) in pixels, pixel centres at +0.5, square pixels."""
        focal = height / 2 / np.tan(self.fov_y / 2)
        return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])

    def project(
        self, points: NDArray[np.floating], size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (n, 2) and planar depths (n,) of world points (n, 3); pixels are nan behind the camera."""
        camera = (np.asarray(points, np.float64) - np.asarray(self.position)) @ self.rotation()
        depth = camera[:, 2]
        ahead = np.where(depth > 0, depth, np.nan)
        image = camera @ self.intrinsics(*size).T
        return image[:, :2] / ahead[:, None], depth

    def unproject(self, depth: NDArray[np.floating]) -> NDArray[np.float64]:
        """World points (H, W, 3) seen at the pixel centres of a planar depth image (H, W)."""
        height, width = depth.shape
        K = self.intrinsics(width, height)
        v, u = np.mgrid[0:height, 0:width] + 0.5
        z = depth.astype(np.float64)
        camera = np.stack([(u - K[0, 2]) / K[0, 0] * z, (v - K[1, 2]) / K[1, 1] * z, z], axis=-1)
        return np.asarray(camera @ self.rotation().T + np.asarray(self.position))


def interpolate(previous: Snapshot, current: Snapshot, alpha: float) -> Snapshot:
    """The moment between two ticks, for smooth drawing: positions and turns blend, states are the current ones."""
    if alpha >= 1.0:
        return current
    rows = current.villagers.copy()
    a, b = previous.villagers, current.villagers
    for name in ("x", "y", "z", "speed_m_s"):
        rows[name] = a[name] + (b[name] - a[name]) * alpha
    for name in ("heading", "stride"):
        turn = (b[name] - a[name] + np.pi) % (2 * np.pi) - np.pi
        rows[name] = a[name] + turn * alpha
    return replace(current, villagers=rows)
