"""Camera rigs: where each camera of a capture stands at a tick.

A rig is a function of what it has been shown so far: snapshots in order. Poses are recorded with every frame, so a
re-render needs no rig.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assets.palette import Activity
from engine.scenario import CameraPart, Scenario, ScenarioError
from recorder.schema import CameraPose, Scenery, Snapshot
from world.grid import bilinear

EYE_M = 1.5  # height on a villager that cameras look at
CLEARANCE_M = 1.2  # a camera keeps this far above the ground
SIGHT_SAMPLES = 48  # along a line of sight: every 20 cm at ten metres
BYSTANDER_M = 1.0
MIN_SHOT_S = 6.0  # a talk camera holds a shot at least this long
_CONVERSING = (int(Activity.TALK), int(Activity.LISTEN))


class Rig(Protocol):
    """Moves one camera."""

    def pose(self, snapshot: Snapshot) -> CameraPose: ...


def look(position: NDArray[np.float64], target: NDArray[np.float64], fov_deg: float) -> CameraPose:
    """The pose at `position` with `target` in the middle of the picture."""
    d = target - position
    return CameraPose(
        position=(float(position[0]), float(position[1]), float(position[2])),
        yaw=float(np.arctan2(d[1], d[0])),
        pitch=float(np.arctan2(d[2], np.hypot(d[0], d[1]))),
        fov_y=float(np.radians(fov_deg)),
    )


class Surroundings:
    """Ground height and free sight over a scenery, for placing cameras."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery
        surface = scenery.heights + np.maximum(scenery.water_depth, 0)
        self._surface: NDArray[np.float64] = surface.astype(np.float64)

    def ground(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of the ground or the water on it, metres, bilinear; clamped at the map's edge."""
        return bilinear(self._surface, self._scenery.origin, self._scenery.cell_m, x, y)

    def obstruction(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
        """Share of the straight line between two points that lies in the ground, a building or a tree crown, 0..1."""
        return float(self._blocked(start, end).mean())

    def free_share(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
        """Share of the line from `start` that is free before the first thing in its way, 0..1."""
        blocked = self._blocked(start, end)
        return float(np.argmax(blocked) / SIGHT_SAMPLES) if blocked.any() else 1.0

    def _blocked(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.bool_]:
        t = np.linspace(0.0, 1.0, SIGHT_SAMPLES)[:, None]
        points = start + (end - start) * t
        blocked = self.ground(points[:, 0], points[:, 1]) > points[:, 2]
        for b in self._scenery.buildings:
            dx, dy = points[:, 0] - b["x"], points[:, 1] - b["y"]
            c, s = np.cos(b["yaw"]), np.sin(b["yaw"])
            u, v = dx * c + dy * s, -dx * s + dy * c
            inside = (abs(u) < b["width_m"] / 2 + 0.6) & (abs(v) < b["depth_m"] / 2 + 0.6)
            blocked |= inside & (points[:, 2] < b["z"] + b["wall_height_m"] + b["roof_height_m"])
        plants = self._scenery.plants
        middle, reach = (start + end) / 2, np.linalg.norm(end - start) / 2 + 4
        near = plants[np.hypot(plants["x"] - middle[0], plants["y"] - middle[1]) < reach]
        for p in near:
            radius = 0.3 * p["height_m"]
            crown = np.hypot(points[:, 0] - p["x"], points[:, 1] - p["y"]) < radius
            blocked |= crown & (points[:, 2] < p["z"] + p["height_m"]) & (points[:, 2] > p["z"] - 1)
        return blocked


class OrbitRig:
    """Circles a point slowly."""

    def __init__(self, part: CameraPart, centre: NDArray[np.float64], around: Surroundings, tick_rate: int) -> None:
        self._part, self._centre, self._around, self._rate = part, centre, around, tick_rate

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose at the snapshot's time."""
        part = self._part
        angle = np.radians(part.azimuth_deg) + 2 * np.pi * snapshot.tick / self._rate / part.period_s
        position = self._centre + np.array([np.cos(angle), np.sin(angle), 0]) * part.distance_m
        position[2] = self._centre[2] + part.height_m
        floor = self._around.ground(position[None, 0], position[None, 1])[0] + CLEARANCE_M
        position[2] = max(position[2], floor)
        return look(position, self._centre + np.array([0, 0, EYE_M]), part.fov_deg)


class FixedRig:
    """Stands still."""

    def __init__(self, pose: CameraPose) -> None:
        self._pose = pose

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """Always the same pose."""
        return self._pose


class SubjectRig:
    """Keeps people in view from the side with the freest sight, and changes side only when the view is lost.

    As `follow` it keeps one villager; as `talk` the conversation nearest to a place, or the place itself while nobody
    talks, held for MIN_SHOT_S at least.
    """

    def __init__(self, part: CameraPart, centre: NDArray[np.float64], around: Surroundings, tick_rate: int) -> None:
        self._part, self._centre, self._around, self._rate = part, centre, around, tick_rate
        self._subjects: tuple[int, ...] = ()
        self._since = -(10**9)
        self._azimuth: float | None = None

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose for the snapshot; snapshots must come in order."""
        if self._part.kind == "talk":
            self._choose_conversation(snapshot)
        else:
            self._subjects = (self._part.villager,)
        target = self._target(snapshot)
        distance = self._part.distance_m if self._subjects else max(self._part.distance_m, 14.0)
        if self._azimuth is None or self._obstruction(target, self._azimuth, distance) > 0.05:
            self._azimuth = self._best_azimuth(snapshot, target, distance)
        return look(self._position(target, self._azimuth, distance), target, self._part.fov_deg)

    def _choose_conversation(self, snapshot: Snapshot) -> None:
        """Keep the current pair while it talks and for the length of a shot; else take the nearest pair."""
        rows = snapshot.villagers
        talking = np.isin(rows["activity"], _CONVERSING) & (rows["indoors"] == 0)
        if self._subjects and all(talking[row] for row in self._subjects):
            return
        if self._subjects and snapshot.tick - self._since < MIN_SHOT_S * self._rate:
            return
        pairs = [
            (row, int(other))
            for row, other in enumerate(rows["look_at"])
            if talking[row] and other > row and talking[other] and rows["look_at"][other] == row
        ]
        gaps = [np.hypot(*(self._middle(rows, pair) - self._centre)[:2]) for pair in pairs]
        chosen = pairs[int(np.argmin(gaps))] if pairs else ()
        if chosen != self._subjects:
            self._subjects, self._since, self._azimuth = chosen, snapshot.tick, None

    @staticmethod
    def _middle(rows: NDArray[np.void], subjects: tuple[int, ...]) -> NDArray[np.float64]:
        chosen = rows[list(subjects)]
        return np.array([chosen["x"].mean(), chosen["y"].mean(), chosen["z"].mean()], np.float64)

    def _target(self, snapshot: Snapshot) -> NDArray[np.float64]:
        point = self._middle(snapshot.villagers, self._subjects) if self._subjects else self._centre
        return np.asarray(point + np.array([0, 0, EYE_M - 0.25]))

    def _position(self, target: NDArray[np.float64], azimuth: float, distance: float) -> NDArray[np.float64]:
        position = target + np.array([np.cos(azimuth), np.sin(azimuth), 0]) * distance
        ground = self._around.ground(position[None, 0], position[None, 1])[0]
        position[2] = max(ground + CLEARANCE_M, target[2] - EYE_M + self._part.height_m)
        return position

    def _obstruction(self, target: NDArray[np.float64], azimuth: float, distance: float) -> float:
        return self._around.obstruction(self._position(target, azimuth, distance), target)

    def _best_azimuth(self, snapshot: Snapshot, target: NDArray[np.float64], distance: float) -> float:
        """The side with free sight past walls and people; among those, where faces show, or both of a pair do."""
        rows = snapshot.villagers
        best, best_cost = 0.0, np.inf
        start = np.radians(self._part.azimuth_deg)
        for azimuth in start + np.arange(24) * (2 * np.pi / 24):
            position = self._position(target, float(azimuth), distance)
            cost = 10 * self._around.obstruction(position, target)
            cost += 2 * self._bystanders(rows, position, target)
            if len(self._subjects) == 2:
                a, b = (rows[row] for row in self._subjects)
                axis = np.arctan2(b["y"] - a["y"], b["x"] - a["x"])
                cost += 1.0 - abs(np.sin(azimuth - axis))
            elif self._subjects:
                cost += 0.5 * (1 - np.cos(azimuth - rows["heading"][self._subjects[0]]))
            if cost < best_cost - 1e-9:
                best, best_cost = float(azimuth), cost
        return best

    def _bystanders(self, rows: NDArray[np.void], position: NDArray[np.float64], target: NDArray[np.float64]) -> int:
        """How many others stand within a metre of the line of sight, and so in the picture's middle."""
        here = np.stack([rows["x"], rows["y"]], axis=1) - position[:2]
        line = target[:2] - position[:2]
        along = np.clip(here @ line / max(float(line @ line), 1e-9), 0, 1)
        aside = np.hypot(*(here - along[:, None] * line).T)
        close = (aside < BYSTANDER_M) & (along < 0.9) & (rows["indoors"] == 0)
        close[list(self._subjects)] = False
        return int(close.sum())


def rigs(scenario: Scenario, scenery: Scenery) -> dict[str, Rig]:
    """A rig for every camera of the scenario, by name.

    Raises:
        ScenarioError: if a camera looks at a place the valley does not have; the message lists those it has.
    """
    around = Surroundings(scenery)
    rate = scenario.world.tick_rate
    made: dict[str, Rig] = {}
    for part in scenario.camera:
        if part.kind == "fixed" and part.position is not None and part.look_at is not None:
            made[part.name] = FixedRig(look(np.array(part.position), np.array(part.look_at), part.fov_deg))
            continue
        centre = _place(scenery, part, around, scenario.name)
        rig = OrbitRig if part.kind == "orbit" else SubjectRig
        made[part.name] = rig(part, centre, around, rate)
    return made


def _place(scenery: Scenery, part: CameraPart, around: Surroundings, scenario: str) -> NDArray[np.float64]:
    for place in scenery.places:
        if part.at in (place["name"], place["kind"]):
            x, y = float(place["x"]), float(place["y"])
            return np.array([x, y, around.ground(np.array([x]), np.array([y]))[0]])
    names = ", ".join(place["name"] for place in scenery.places)
    raise ScenarioError(
        f"{scenario}: camera '{part.name}' has at = '{part.at}', but the places of this valley are: {names}."
    )
