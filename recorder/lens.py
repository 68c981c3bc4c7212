"""Lenses: where in the picture a direction falls, and back.

A direction is a ray (x, y, z) of the camera frame (right, down, forward), of any length but zero; a point of the
picture is given in focal lengths from its centre, before K makes pixels of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LensName = Literal["pinhole", "brown", "fisheye", "lidar"]

LENSES: dict[str, int] = {"pinhole": 0, "brown": 5, "fisheye": 4, "lidar": 0}  # how many coefficients each may have
STEPS = 30  # of Newton's method: it has converged after six wherever there is a solution
TOLERANCE = 1e-9  # of a point of the picture, in focal lengths: a millionth of a pixel
WIDEST_FISHEYE = np.radians(89.0)  # off the axis: beyond a right angle there is no planar depth


def image_point(lens: str, coefficients: tuple[float, ...], rays: Floats) -> Floats:
    """Points of the picture (n, 2) of rays (n, 3); nan where the lens does not see.

    pinhole: (x, y) / z. brown: radial and tangential distortion of that (Brown 1966, "Decentering distortion of
    lenses"), coefficients k1, k2, p1, p2, k3. fisheye: equidistant, the angle off the axis t becomes
    t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8) (Kannala & Brandt 2006). Both in OpenCV's order and signs.
    """
    if lens == "fisheye":
        across = np.hypot(rays[:, 0], rays[:, 1])
        angle = np.arctan2(across, rays[:, 2])
        seen = angle <= min(WIDEST_FISHEYE, _turn(lens, coefficients))
        scale = np.where(seen, _bent(coefficients)(angle), np.nan) / np.where(across > 0, across, 1.0)
        return rays[:, :2] * scale[:, None]
    ahead = np.where(rays[:, 2] > 0, rays[:, 2], np.nan)
    flat = rays[:, :2] / ahead[:, None]
    if lens == "pinhole":
        return flat
    radius = np.hypot(flat[:, 0], flat[:, 1])
    return np.where((radius <= _turn(lens, coefficients))[:, None], _distorted(coefficients, flat), np.nan)


def ray(lens: str, coefficients: tuple[float, ...], points: Floats) -> Floats:
    """Rays (n, 3) of length 1 seen at points of the picture (n, 2); nan where the lens shows nothing."""
    if lens == "fisheye":
        radius = np.hypot(points[:, 0], points[:, 1])
        angle = _solved(_bent(coefficients), radius)
        angle = np.where(angle <= min(WIDEST_FISHEYE, _turn(lens, coefficients)), angle, np.nan)
        aside = points * (np.sin(angle) / np.where(radius > 0, radius, 1.0))[:, None]
        return np.column_stack([aside, np.cos(angle)])
    flat = points if lens == "pinhole" else _undistorted(coefficients, points)
    rays = np.column_stack([flat, np.ones(len(flat))])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def focal_px(lens: str, coefficients: tuple[float, ...], fov_y: float, height: int) -> float:
    """Focal length in pixels of a picture of that height: its lower edge lies fov_y / 2 off the axis, before bending.

    For pinhole and brown that is the pinhole's; a fisheye's angle is bent as its coefficients say.
    """
    reach = float(_bent(coefficients)(np.array([fov_y / 2]))[0]) if lens == "fisheye" else float(np.tan(fov_y / 2))
    return height / 2 / reach


def reaches(lens: str, coefficients: tuple[float, ...], fov_y: float, size: tuple[int, int]) -> bool:
    """Whether a lens fills a picture of that size; of a fisheye's, the middle column: its corners may be black."""
    width, height = size
    focal = focal_px(lens, coefficients, fov_y, height)
    y = np.linspace(-height / 2, height / 2, 65) / focal
    columns = [0.0] if lens == "fisheye" else (np.linspace(-width / 2, width / 2, 65) / focal).tolist()
    points = np.array([(x, each) for x in columns for each in y])
    return bool(np.isfinite(ray(lens, coefficients, points)).all())


def _padded(coefficients: tuple[float, ...], count: int) -> tuple[float, ...]:
    return coefficients + (0.0,) * (count - len(coefficients))


def _bent(coefficients: tuple[float, ...]) -> Callable[[Floats], Floats]:
    k1, k2, k3, k4 = _padded(coefficients, LENSES["fisheye"])
    return lambda t: t * (1 + t**2 * (k1 + t**2 * (k2 + t**2 * (k3 + t**2 * k4))))


def _turn(lens: str, coefficients: tuple[float, ...]) -> float:
    """Off the axis, how far a lens shows more the farther out: beyond, it would show things a second time.

    The angle of a fisheye, the radius of a brown; infinite where it never turns. There the curve's slope
    1 + 3 k1 s + 5 k2 s^2 + ... is first 0, with s the square of angle or radius; 1 / s is a root of s^-n times that.
    """
    padded = _padded(coefficients, LENSES[lens])
    powers = padded if lens == "fisheye" else (padded[0], padded[1], padded[4])
    roots = np.roots([1.0, *((2 * n + 3) * k for n, k in enumerate(powers))])
    steepest = float(roots.real[roots.imag == 0].max(initial=0.0))
    return 1.0 / float(np.sqrt(steepest)) if steepest > 0.0 else np.inf


def _solved(curve: Callable[[Floats], Floats], values: Floats) -> Floats:
    """An x >= 0 with curve(x) = value; nan where none is found."""
    x = values.copy()
    step = 1e-6
    for _ in range(STEPS):
        slope = (curve(x + step) - curve(x - step)) / (2 * step)
        x = np.clip(x - (curve(x) - values) / np.where(np.abs(slope) > 1e-9, slope, 1e-9), 0.0, np.pi)
    return np.where(np.abs(curve(x) - values) < TOLERANCE, x, np.nan)


def _distorted(coefficients: tuple[float, ...], flat: Floats) -> Floats:
    k1, k2, p1, p2, k3 = _padded(coefficients, LENSES["brown"])
    x, y = flat[:, 0], flat[:, 1]
    square = x * x + y * y
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    return np.column_stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
            y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
        ]
    )


def _undistorted(coefficients: tuple[float, ...], points: Floats) -> Floats:
    """Newton's method in the plane, from the point itself."""
    flat = points.copy()
    step = 1e-6
    for _ in range(STEPS):
        off = _distorted(coefficients, flat) - points
        column = [
            (_distorted(coefficients, flat + e) - _distorted(coefficients, flat - e)) / (2 * step)
            for e in (np.array([step, 0.0]), np.array([0.0, step]))
        ]
        (a, c), (b, d) = column[0].T, column[1].T
        area = a * d - b * c
        area = np.where(np.abs(area) > 1e-9, area, 1e-9)
        move = np.column_stack([d * off[:, 0] - b * off[:, 1], a * off[:, 1] - c * off[:, 0]]) / area[:, None]
        flat = np.clip(flat - move, -1e3, 1e3)
    found = np.abs(_distorted(coefficients, flat) - points).max(axis=1, initial=0.0) < TOLERANCE
    found &= np.hypot(flat[:, 0], flat[:, 1]) <= _turn("brown", coefficients)
    return np.where(found[:, None], flat, np.nan)


def ring_rays(points: Floats) -> Floats:
    """Rays (n, 3) of length 1 of a lidar at points (n, 2): angles to the right of forward and below level, radians."""
    right, down = points[:, 0], points[:, 1]
    return np.column_stack([np.sin(right) * np.cos(down), np.sin(down), np.cos(right) * np.cos(down)])


def ring_point(rays: Floats) -> Floats:
    """Points (n, 2) of a lidar's picture, as ring_rays() has them, of rays (n, 3)."""
    return np.column_stack(
        [np.arctan2(rays[:, 0], rays[:, 2]), np.arctan2(rays[:, 1], np.hypot(rays[:, 0], rays[:, 2]))]
    )
