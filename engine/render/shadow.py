"""The shadow map of buildings, trees and people round the camera's focus. Hills shade by the horizon map instead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    Camera,
    FrameBufferProperties,
    GraphicsOutput,
    NodePath,
    OrthographicLens,
    Point3,
    SamplerState,
    Texture,
    Vec3,
)

from engine.render.graphics import Context
from recorder.schema import CameraPose

SIZE = 1280  # texels
EXTENT_M = 110.0  # the side of the square it covers
DEPTH_M = 260.0  # of the box along the light

Floats = NDArray[np.float64]


class ShadowMap:
    """An orthographic depth buffer, moved in whole texels so that still shadows do not crawl."""

    def __init__(self, context: Context) -> None:
        properties = FrameBufferProperties()
        properties.set_depth_bits(24)
        self.buffer = context.buffer("shadow", (SIZE, SIZE), properties, -20)
        self.texture = Texture("shadow")
        self.buffer.add_render_texture(self.texture, GraphicsOutput.RTM_bind_or_copy, GraphicsOutput.RTP_depth)
        self.texture.set_minfilter(SamplerState.FT_shadow)
        self.texture.set_magfilter(SamplerState.FT_shadow)
        self.buffer.set_clear_color_active(False)
        self.buffer.set_clear_depth_active(True)
        lens = OrthographicLens()
        lens.set_film_size(EXTENT_M, EXTENT_M)
        lens.set_near_far(1.0, 2 * DEPTH_M)
        self.camera = NodePath(Camera("shadow", lens))
        self.buffer.make_display_region().set_camera(self.camera)

    def holds(self, points: NDArray[np.floating], radii: NDArray[np.floating] | float) -> NDArray[np.bool_]:
        """True where a sphere round each point (n, 3) may throw its shadow into the map as it is aimed."""
        across = (points - self._centre) @ self._matrix[:2, :3].T
        inside = np.abs(across) < 1 + np.reshape(radii, (-1, 1)) * 2 / EXTENT_M
        return np.asarray(inside.all(axis=1))

    @staticmethod
    def focus(pose: CameraPose, ground_m: float) -> Floats:
        """The point on the ground that the map is centred on: ahead of the camera, nearer when it looks down."""
        forward = pose.rotation()[:, 2]
        eye = np.asarray(pose.position, np.float64)
        flat = forward[:2] / max(float(np.hypot(*forward[:2])), 1e-6)
        above = max(float(eye[2]) - ground_m, 1.0)
        drop = max(-float(forward[2]), 0.05)
        ahead = min(above / drop * float(np.hypot(*forward[:2])), 0.42 * EXTENT_M)
        return np.array([*(eye[:2] + flat * ahead), ground_m])

    def aim(self, focus: Floats, light: Floats) -> tuple[Floats, Floats]:
        """Point the map at `focus` along the direction `light` comes from.

        Returns:
            the matrix (4, 4) from `world - centre` to the map's clip space, and that centre (3,).
        """
        up = np.array([0.0, 0.0, 1.0]) if abs(light[2]) < 0.98 else np.array([1.0, 0.0, 0.0])
        right = np.cross(up, light)
        right /= np.linalg.norm(right)
        above = np.cross(light, right)
        texel = EXTENT_M / SIZE
        snapped = (
            sum((np.floor(focus @ axis / texel) * texel) * axis for axis in (right, above))
            + (np.floor(focus @ light)) * light
        )
        centre = np.asarray(snapped, np.float64).astype(np.float32).astype(np.float64)
        matrix = np.eye(4)
        matrix[0, :3] = right * 2 / EXTENT_M
        matrix[1, :3] = above * 2 / EXTENT_M
        matrix[2, :3] = -light / DEPTH_M
        place = centre + light * DEPTH_M
        self._matrix, self._centre = matrix, centre
        self.camera.set_pos(Point3(*map(float, place)))
        self.camera.look_at(Point3(*map(float, centre)), Vec3(*map(float, above)))
        return matrix, centre
