"""Cameras among people: at street level, along a drone's path, and through a villager's own eyes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.render.figures import joints
from engine.scenario import CameraPart
from engine.sight import CLEARANCE_M, EYE_M, Surroundings, look
from recorder.schema import CameraPose, Cast, Snapshot

Floats = NDArray[np.float64]

STREET_EYE_M = 1.6  # height of a grown person's eyes
FACE_AHEAD_M = 0.06  # before the eyes, so that lashes and cheeks are not in the picture
NOSE, EYES, EARS = 0, (1, 2), (3, 4)  # among the key points of a figure
AHEAD_M = 25.0  # along its path a drone looks this far
PATH_SAMPLES = 64  # of the way from one waypoint to the next


class StreetRig:
    """Stands at the height of a passer-by's eyes, where the view of a place is free, and stays there."""

    def __init__(self, part: CameraPart, centre: Floats, around: Surroundings) -> None:
        target = centre + np.array([0.0, 0.0, EYE_M])
        views = [
            _standing(centre, float(azimuth), distance, part.height, around)
            for distance in part.distance * np.array([1.0, 0.75, 1.3])
            for azimuth in np.radians(part.azimuth_deg) + np.arange(24) * (2 * np.pi / 24)
        ]
        free = [around.free_share(target, position) * around.in_the_open(position) for position in views]
        self._pose = look(views[int(np.argmax(free))], target, part.fov_deg)

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """Always the same pose."""
        return self._pose


def _standing(centre: Floats, azimuth: float, distance: float, height_m: float, around: Surroundings) -> Floats:
    position = centre + np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * distance
    position[2] = float(around.ground(position[None, 0], position[None, 1])[0]) + height_m
    return position


class EyesRig:
    """Sees what one villager sees: from between the eyes, along the gaze.

    While the villager is indoors, which is not drawn, the view stays where it last was outdoors.
    """

    def __init__(self, part: CameraPart, cast: Cast, centre: Floats, around: Surroundings, tick_rate: int) -> None:
        self._part, self._looks, self._rate = part, cast.looks, tick_rate
        self._pose = StreetRig(part, centre, around).pose  # until the villager has been outdoors
        self._seen: CameraPose | None = None

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose for the snapshot; snapshots must come in order."""
        if snapshot.villagers["indoors"][self._part.villager] == 0:
            self._seen = self._gaze(snapshot)
        return self._pose(snapshot) if self._seen is None else self._seen

    def _gaze(self, snapshot: Snapshot) -> CameraPose:
        """From the face that is drawn: where its eyes are, and which way the face lies from the ears."""
        row = np.array([self._part.villager])
        points = joints(self._looks, snapshot.villagers, snapshot.tick / self._rate, row)[0]
        eyes, ears = points[list(EYES)].mean(axis=0), points[list(EARS)].mean(axis=0)
        ahead = (eyes + points[NOSE]) / 2 - ears  # ears are as high as what lies between eyes and nose
        ahead /= np.linalg.norm(ahead)
        place = eyes + ahead * FACE_AHEAD_M
        return look(place, place + ahead, self._part.fov_deg)


class DroneRig:
    """Flies a closed path through waypoints, at a steady speed and height over what is below, looking ahead.

    The path is a centripetal Catmull-Rom spline (Barry & Goldman 1988; Yuksel et al. 2011): no loops, no cusps.
    """

    def __init__(self, part: CameraPart, waypoints: Sequence[Floats], around: Surroundings, tick_rate: int) -> None:
        self._part, self._around, self._rate = part, around, tick_rate
        self._path = closed_path(np.array([point[:2] for point in waypoints]))
        steps = np.linalg.norm(np.diff(self._path, axis=0), axis=1)
        self._along = np.concatenate([[0.0], np.cumsum(steps)])
        self._heights = self._height_over(self._path)

    def _height_over(self, path: Floats) -> Floats:
        """Height along the path: over the highest ground near, so that the drone climbs before the hill begins."""
        ground = self._around.ground(path[:, 0], path[:, 1])
        spacing = self._along[-1] / max(len(path) - 1, 1)
        closed = ground[:-1]
        reach = max(1, round(min(AHEAD_M / max(spacing, 1e-6), len(closed) / 2)))  # at most all the way round
        shifted = [np.roll(closed, shift) for shift in range(-reach, reach + 1)]
        highest = np.max(shifted, axis=0)
        smooth = np.mean([np.roll(highest, shift) for shift in range(-reach, reach + 1)], axis=0)
        smooth = np.maximum(smooth, closed)
        return np.append(smooth, smooth[0]) + max(self._part.height, CLEARANCE_M)

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The pose at the snapshot's time."""
        flown = snapshot.tick / self._rate * self._part.speed_m_s
        here, ahead = self._at(flown), self._at(flown + AHEAD_M)
        ahead[2] -= 0.8 * max(self._part.height, CLEARANCE_M)
        return look(here, ahead, self._part.fov_deg)

    def _at(self, distance: float) -> Floats:
        place = distance % self._along[-1]
        columns = (self._path[:, 0], self._path[:, 1], self._heights)
        return np.array([np.interp(place, self._along, column) for column in columns])


def closed_path(points: Floats) -> Floats:
    """Samples (n, 2) of a smooth closed curve through points (k, 2), the last the same as the first.

    Two points make a way there and back, three or more a round.

    Raises:
        ValueError: fewer than two different points.
    """
    distinct = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    if len(distinct) < 2:
        raise ValueError("a path needs two points or more that differ")
    if len(distinct) == 2:  # turn round in a bend, not on the spot
        along = distinct[1] - distinct[0]
        aside = np.array([-along[1], along[0]]) * 0.15
        middle = distinct.mean(axis=0)
        distinct = np.array([distinct[0], middle + aside, distinct[1], middle - aside])
    pieces = [
        _spline(*(distinct[(k + shift) % len(distinct)] for shift in (-1, 0, 1, 2))) for k in range(len(distinct))
    ]
    return np.concatenate([*pieces, pieces[0][:1]])


def _spline(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """From b towards c, without c: a centripetal Catmull-Rom segment by the pyramid of Barry and Goldman (1988)."""
    knots = np.cumsum([0.0, *(np.sqrt(max(float(np.linalg.norm(q - p)), 1e-6)) for p, q in ((a, b), (b, c), (c, d)))])
    t = np.linspace(knots[1], knots[2], PATH_SAMPLES, endpoint=False)[:, None]

    def blend(p: Floats, q: Floats, low: float, high: float) -> Floats:
        return np.asarray(p * ((high - t) / (high - low)) + q * ((t - low) / (high - low)))

    first = [blend(p, q, knots[k], knots[k + 1]) for k, (p, q) in enumerate(((a, b), (b, c), (c, d)))]
    second = [blend(first[k], first[k + 1], knots[k], knots[k + 2]) for k in range(2)]
    return blend(second[0], second[1], knots[1], knots[2])
