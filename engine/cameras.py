"""Camera rigs: where each camera of a capture stands at a tick.

A rig is a function of what it has been shown so far: snapshots in order. Poses are recorded with every frame, so a
re-render needs no rig.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assets.palette import Activity
from engine.director import DirectorRig
from engine.scenario import CameraPart, Scenario, ScenarioError
from engine.sight import CLEARANCE_M, EYE_M, Surroundings, look
from engine.straying import Straying
from engine.walking_cameras import DroneRig, EyesRig, StreetRig
from recorder.schema import Beams, CameraPose, Cast, Scenery, Snapshot
from world.streams import stream

BYSTANDER_M = 1.0
MIN_SHOT_S = 6.0  # a talk camera holds a shot at least this long
_CONVERSING = (int(Activity.TALK), int(Activity.LISTEN))


class Rig(Protocol):
    """Moves one camera."""

    def pose(self, snapshot: Snapshot) -> CameraPose: ...


class _Fitted:
    """A rig whose camera has the lens and the exposure of its description, and strays as its scenario's variation."""

    def __init__(self, part: CameraPart, rig: Rig, scenario: Scenario) -> None:
        self._part, self._rig, self._straying = part, rig, Straying(part.name, scenario)
        self._beams = _beams(part, scenario)

    def pose(self, snapshot: Snapshot) -> CameraPose:
        pose = self._straying.pose(self._rig.pose(snapshot), snapshot.tick)
        part = self._part
        if part.lens == "lidar":
            return replace(pose, pitch=0.0, exposure_ev=0.0, lens="lidar", beams=self._beams)  # it stands upright
        return replace(
            pose, lens=part.lens, distortion=part.distortion, exposure_ev=pose.exposure_ev + part.exposure_ev
        )


def _beams(part: CameraPart, scenario: Scenario) -> Beams:
    return Beams(
        part.rings,
        part.columns,
        float(np.radians(part.highest_deg)),
        float(np.radians(part.lowest_deg)),
        part.reach_m,
        rain=part.attenuation in ("rain", "weather"),
        fog=part.attenuation in ("fog", "weather"),
        noise_m=part.noise_m,
        divergence=part.divergence_mrad / 1000,
        seed=int(stream(scenario.seed, f"lidar:{part.name}").integers(2**31)) if part.noise_m else 0,
    )


class OrbitRig:
    """Circles a point slowly."""

    def __init__(self, part: CameraPart, centre: NDArray[np.float64], around: Surroundings, tick_rate: int) -> None:
        self._part, self._centre, self._around, self._rate = part, centre, around, tick_rate

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose at the snapshot's time."""
        part = self._part
        angle = np.radians(part.azimuth_deg) + 2 * np.pi * snapshot.tick / self._rate / part.period_s
        position = self._centre + np.array([np.cos(angle), np.sin(angle), 0]) * part.distance
        position[2] = self._centre[2] + part.height
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
        distance = self._part.distance if self._subjects else max(self._part.distance, 14.0)
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
        position[2] = max(ground + CLEARANCE_M, target[2] - EYE_M + self._part.height)
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


def rigs(scenario: Scenario, scenery: Scenery, cast: Cast) -> dict[str, Rig]:
    """A rig for every camera of the scenario, by name.

    Raises:
        ScenarioError: if a camera looks at a place the valley does not have; the message lists those it has.
    """
    around = Surroundings(scenery)
    return {part.name: _Fitted(part, _rig(part, scenario, scenery, cast, around), scenario) for part in scenario.camera}


def _rig(part: CameraPart, scenario: Scenario, scenery: Scenery, cast: Cast, around: Surroundings) -> Rig:
    rate = scenario.world.tick_rate
    if part.position is not None and part.look_at is not None and part.kind == "fixed":
        return FixedRig(look(np.array(part.position), np.array(part.look_at), part.fov_deg))
    if part.kind == "drone":
        return DroneRig(part, _waypoints(scenery, part, around, scenario.name), around, rate)
    centre = _place(scenery, part, part.at, "at", around, scenario.name)
    match part.kind:
        case "orbit":
            return OrbitRig(part, centre, around, rate)
        case "street":
            return StreetRig(part, centre, around)
        case "eyes":
            return EyesRig(part, cast, centre, around, rate)
        case "director":
            width, height = scenario.capture.size
            return DirectorRig(part, centre, scenery, cast, around, rate, scenario.seed, width / height)
        case _:
            return SubjectRig(part, centre, around, rate)


def _waypoints(scenery: Scenery, part: CameraPart, around: Surroundings, scenario: str) -> list[NDArray[np.float64]]:
    """Where a drone flies: as its path says, or round the named places in the order of their bearing."""
    if part.path:
        return [
            _place(scenery, part, point, "path", around, scenario) if isinstance(point, str) else np.array(point)
            for point in part.path
        ]
    built = [np.array([place["x"], place["y"]], np.float64) for place in scenery.places if place["building"] >= 0]
    if len(built) < 2:
        raise ScenarioError(f"{scenario}: camera '{part.name}' needs path = [...]: the valley has no two buildings.")
    middle = np.mean(built, axis=0)
    return sorted(built, key=lambda point: float(np.arctan2(point[1] - middle[1], point[0] - middle[0])))


def _place(
    scenery: Scenery, part: CameraPart, named: str, key: str, around: Surroundings, scenario: str
) -> NDArray[np.float64]:
    for place in scenery.places:
        if named in (place["name"], place["kind"]):
            x, y = float(place["x"]), float(place["y"])
            return np.array([x, y, around.ground(np.array([x]), np.array([y]))[0]])
    names = ", ".join(place["name"] for place in scenery.places)
    raise ScenarioError(
        f"{scenario}: camera '{part.name}' has {key} = '{named}', but the places of this valley are: {names}."
    )
