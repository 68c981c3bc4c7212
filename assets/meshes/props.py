"""Small things that make a village lived in: crates and barrels, standing on z = 0; sizes in metres."""

from __future__ import annotations

from functools import cache

import numpy as np

from assets.meshes.mesh import Mesh, Rgb, box, join, lathe

_WOOD: Rgb = (134, 102, 70)
_IRON: Rgb = (56, 54, 56)


@cache
def crate() -> Mesh:
    """A slatted crate of 0.6 m."""
    body = box((0, 0, 0.27), (0.54, 0.54, 0.54), (168, 132, 88)).tinted(0.78)
    slats = []
    for z in (0.1, 0.28, 0.46):
        for yaw in (0.0, np.pi / 2):
            slats.append(box((0, 0, z), (0.6 if yaw == 0 else 0.58, 0.58 if yaw == 0 else 0.6, 0.13), (172, 136, 92)))
    corners = [box((x, y, 0.28), (0.08, 0.08, 0.57), _WOOD) for x in (-0.27, 0.27) for y in (-0.27, 0.27)]
    return _grounded(join([body, *slats[::2], *corners]), 0.4)


@cache
def barrel() -> Mesh:
    """A cask 0.9 m high with iron hoops."""
    rows = [(0.26, 0.0), (0.335, 0.28), (0.345, 0.45), (0.335, 0.62), (0.27, 0.9), (0.0, 0.88)]
    staves = lathe(rows, 10, _WOOD).painted((104, 76, 50), (156, 118, 78), 0.0, 0.9)
    hoops = []
    for z, radius in ((0.12, 0.306), (0.34, 0.349), (0.58, 0.349), (0.78, 0.306)):
        hoops.append(lathe([(radius, z - 0.03), (radius, z + 0.03)], 10, _IRON))
    return _grounded(join([staves, *hoops]), 0.4)


def _grounded(mesh: Mesh, height: float) -> Mesh:
    """Darker towards the ground, where grass and earth shut out the sky."""
    return mesh.shaded(np.clip(0.58 + 0.42 * mesh.positions[:, 2] / height, 0.4, 1))
