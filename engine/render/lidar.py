"""A lidar's sweep, measured on the same geometry as the pictures: four straight views round, read along each beam.

Range comes from the depth of the views, between whose pixels its reciprocal is linear over a plane; at edges a beam
takes the nearest pixel. Strength follows the lidar equation of a diffuse surface. A beam without width is one ray; one
that widens is several, as Winiwarter et al. (2022, "Virtual laser scanning with HELIOS++") split it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.render.attenuation import transmitted
from engine.render.optics import depth_between, level_places, places
from recorder.schema import Beams, CameraPose
from world.streams import stream

Floats = NDArray[np.float64]
Images = dict[str, NDArray[Any]]

FACE_PX = 768  # of a view's side: 0.12 degrees on average
FACE_FOV = 2 * np.arctan(1.0 + 4.0 / FACE_PX)  # a right angle and two pixels more on either side
TURNS = (0.0, np.pi / 2, np.pi, -np.pi / 2)
MEASURED = ("depth", "instance", "semantic", "normal", "albedo")
RANGE_STEPS = 1024  # per metre, and of the strength per one: what a recording holds in few bytes
WHITE = 0.9  # reflectance of the target by which the reach of a lidar is told (Goodin et al. 2019)
PULSE_M = 0.75  # surfaces nearer to each other along a beam return as one: half the length of a pulse of 5 ns
RINGS = (1, 6, 12)  # of rays in a beam that widens: each ray stands for the same part of its cross-section


@dataclass(frozen=True)
class _Met:
    """What rays (..., n) meet; where nothing is, metres are infinite and the strength is 0."""

    metres: Floats
    strength: Floats  # share of the light that a white wall across the ray would send back in clear air
    instance: NDArray[np.uint32]
    semantic: NDArray[np.uint8]


def sweep(
    draw: Callable[[CameraPose], Images], pose: CameraPose, environment: NDArray[np.void], tick: int
) -> dict[str, NDArray[Any]]:
    """One turn of a lidar.

    Args:
        draw: MEASURED as a pinhole sees them, FACE_PX square.
        pose: of the lidar; its beams say which way they go, how they widen, what weakens them and how they err.
        environment: of the tick, for a lidar that rain or fog weakens.
        tick: of the sweep; its errors are drawn from the stream of that tick.

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
    rays = cone(world, beams.divergence)
    met = _met(draw, pose, rays.reshape(-1, 3), rays.shape[:2])
    weakened = met.strength * transmitted(met.metres, pose.position[2], rays[..., 2], beams, environment)
    echo = strongest(replace(met, strength=weakened))
    returns = echo.strength * beams.reach_m**2 >= WHITE * echo.metres**2
    shape = beams.rings, beams.columns
    return {
        "beam_range": _in_steps(np.where(returns, _measured(echo.metres, beams, tick), 0.0)).reshape(shape),
        "beam_intensity": _in_steps(np.where(returns, echo.strength / WHITE, 0.0)).reshape(shape),
        "instance": np.where(returns, echo.instance, 0).astype(np.uint32).reshape(shape),
        "semantic": np.where(returns, echo.semantic, 0).astype(np.uint8).reshape(shape),
    }


def cone(world: Floats, divergence: float) -> Floats:
    """Rays (k, n, 3) of beams along `world` (n, 3) that widen by a full angle: one each if that is 0."""
    if not divergence:
        return world[None]
    aside = np.cross(world, [0.0, 0.0, 1.0])  # beams are never upright
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    upward = np.cross(aside, world)
    made, inner = [world], RINGS[0]
    for count in RINGS[1:]:
        middle = np.sqrt((inner + count / 2) / sum(RINGS))  # of the ring, by area
        for angle in np.arange(count) * (2 * np.pi / count):
            made.append(world + np.tan(divergence / 2) * middle * (np.cos(angle) * aside + np.sin(angle) * upward))
        inner += count
    rays = np.stack(made)
    return np.asarray(rays / np.linalg.norm(rays, axis=2, keepdims=True))


def _met(draw: Callable[[CameraPose], Images], pose: CameraPose, world: Floats, shape: tuple[int, ...]) -> _Met:
    """What rays (n, 3) in the world meet, as arrays of a shape."""
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
    return _Met(metres.reshape(shape), strength.reshape(shape), instance.reshape(shape), semantic.reshape(shape))


def strongest(met: _Met) -> _Met:
    """The strongest echo (n,) of beams of several rays (k, n): of those that meet something within one pulse's length.

    Its range is the mean of theirs by the light that returns; its id that of the ray that returns most of it.
    """
    if len(met.metres) == 1:
        return _Met(met.metres[0], met.strength[0], met.instance[0], met.semantic[0])
    found = np.isfinite(met.metres)
    metres = np.where(found, met.metres, 0.0)
    light = np.where(found, met.strength / np.maximum(metres, 1e-6) ** 2, 0.0)  # of the beam, each ray has its share
    best, within = np.full(light.shape[1], -1.0), np.zeros(light.shape, np.bool_)
    for first, start in zip(found, metres, strict=True):
        behind = metres - start
        window = found & first & (behind >= 0.0) & (behind <= PULSE_M)
        total = np.where(window, light, 0.0).sum(axis=0)
        better = total > best
        best, within = np.where(better, total, best), np.where(better, window, within)
    inside = np.where(within, light, 0.0)
    most, beam = inside.argmax(axis=0), np.arange(light.shape[1])
    share = np.where(best > 0.0, best, 1.0)
    middle = np.where(best > 0.0, (inside * metres).sum(axis=0) / share, np.inf)
    strength = np.where(within, met.strength, 0.0).sum(axis=0) / len(metres)
    return _Met(middle, strength, met.instance[most, beam], met.semantic[most, beam])


def _measured(metres: Floats, beams: Beams, tick: int) -> Floats:
    """Ranges with the lidar's error: normal, independent from beam to beam and sweep to sweep."""
    if not beams.noise_m:
        return metres
    errors = stream(beams.seed, "lidar range", tick).normal(0.0, beams.noise_m, metres.shape)
    return np.maximum(metres + errors, 1.0 / RANGE_STEPS)  # a range of 0 says that nothing returned


def _along(
    images: Images, view: CameraPose, world: Floats
) -> tuple[Floats, Floats, Floats, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Of rays (n, 3) in a view: metres, cosine to the surface, its reflectance, and the nearest pixel."""
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
