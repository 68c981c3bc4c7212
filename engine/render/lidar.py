"""A lidar's sweep, measured on the same geometry as the pictures: four straight views round, read along each beam.

Range comes from the depth of the views, between whose pixels its reciprocal is linear over a plane; at edges a beam
takes the nearest pixel. Strength follows the lidar equation of a diffuse surface that the beam does not outgrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.render.optics import depth_between, level_places, places
from recorder.schema import CameraPose

Floats = NDArray[np.float64]
Images = dict[str, NDArray[Any]]

FACE_PX = 768  # of a view's side: 0.12 degrees on average
FACE_FOV = 2 * np.arctan(1.0 + 4.0 / FACE_PX)  # a right angle and two pixels more on either side
TURNS = (0.0, np.pi / 2, np.pi, -np.pi / 2)
MEASURED = ("depth", "instance", "semantic", "normal", "albedo")
RANGE_STEPS = 1024  # per metre, and of the strength per one: what a recording holds in few bytes
WHITE = 0.9  # reflectance of the target by which the reach of a lidar is told (Goodin et al. 2019)
RAIN_PER_M, RAIN_POWER = 0.01, 0.6  # extinction by rain of R mm/h is 0.01 R^0.6 per metre (Goodin et al. 2019)


def sweep(draw: Callable[[CameraPose], Images], pose: CameraPose, rain_mm_h: float) -> Images:
    """One turn of a lidar.

    Args:
        draw: MEASURED as a pinhole sees them, FACE_PX square.
        pose: of the lidar; its beams say which way they go.
        rain_mm_h: rain in the air, for a lidar that it weakens.

    Returns:
        arrays (rings, columns): beam_range float32 metres, 0 where nothing returns; beam_intensity float32, the share
        that returns of what a white wall across the beam would return from the same range in clear air; instance
        uint32 and semantic uint8 of what returned the beam.
    """
    beams = pose.beams
    assert beams is not None
    v, u = np.mgrid[0 : beams.rings, 0 : beams.columns] + 0.5
    size = beams.columns, beams.rings
    world = pose.rays(np.column_stack([u.ravel(), v.ravel()]), size) @ pose.rotation().T
    views = [
        replace(pose, yaw=pose.yaw + turn, pitch=0.0, fov_y=float(FACE_FOV), lens="pinhole", beams=None)
        for turn in TURNS
    ]
    nearest = np.argmax([world @ view.rotation()[:, 2] for view in views], axis=0)
    count = len(world)
    metres, strength = np.zeros(count), np.zeros(count)
    instance, semantic = np.zeros(count, np.uint32), np.zeros(count, np.uint8)
    for number, view in enumerate(views):
        mine = np.flatnonzero(nearest == number)
        images = draw(view)
        metres[mine], cosine, albedo, pixel = _along(images, view, world[mine])
        instance[mine], semantic[mine] = images["instance"][pixel], images["semantic"][pixel]
        strength[mine] = np.where(np.isfinite(metres[mine]), albedo * cosine, 0.0)
    if beams.rain:
        strength *= np.exp(-2.0 * RAIN_PER_M * rain_mm_h**RAIN_POWER * np.where(np.isfinite(metres), metres, 0.0))
    returns = strength * beams.reach_m**2 >= WHITE * metres**2
    shape = beams.rings, beams.columns
    return {
        "beam_range": _in_steps(np.where(returns, metres, 0.0)).reshape(shape),
        "beam_intensity": _in_steps(np.where(returns, strength / WHITE, 0.0)).reshape(shape),
        "instance": np.where(returns, instance, 0).astype(np.uint32).reshape(shape),
        "semantic": np.where(returns, semantic, 0).astype(np.uint8).reshape(shape),
    }


def _along(
    images: Images, view: CameraPose, world: Floats
) -> tuple[Floats, Floats, Floats, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Of beams (n, 3) in a view: metres, cosine to the surface, its reflectance, and the nearest pixel."""
    own = world @ view.rotation()
    focal = float(view.intrinsics(FACE_PX, FACE_PX)[0, 0])
    place, row, column = places(own, focal, (FACE_PX, FACE_PX))
    level = level_places(images["depth"], place)
    metres = depth_between(images["depth"], place, row, column, level) / own[:, 2]
    cosine = np.abs((images["normal"][row, column] * world).sum(axis=1))
    return metres, np.minimum(cosine, 1.0), _linear(images["albedo"][row, column, 0]), (row, column)


def _linear(stored: NDArray[np.uint8]) -> Floats:
    """Reflectance of an sRGB value (IEC 61966-2-1); lidars of 905 nm are nearest to red."""
    value = stored / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _in_steps(values: Floats) -> NDArray[np.float32]:
    return (np.round(values * RANGE_STEPS) / RANGE_STEPS).astype(np.float32)
