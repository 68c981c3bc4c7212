"""The shadow maps of buildings, trees and people round the camera's focus. Hills shade by the horizon map instead."""

from __future__ import annotations

from dataclasses import dataclass

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

from engine.render.frame import Frame
from engine.render.graphics import Context
from recorder.schema import CameraPose

AHEAD = 0.42  # of the side of the square: so far ahead of the camera its middle lies at most

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reach:
    """What a map covers."""

    name: str  # of its matrix and centre in the frame
    texels: int
    side_m: float  # of the square
    depth_m: float  # of the box along the light


ONE = Reach("SHADOW", 896, 100.0, 260.0)
NEAR, FAR = Reach("SHADOW", 1536, 84.0, 260.0), Reach("FAR_SHADOW", 1536, 420.0, 700.0)


class Shadows:
    """The shadow maps of a stage: one, or for a fine picture one near the camera and one that reaches far."""

    def __init__(self, context: Context, root: NodePath, fine: bool) -> None:
        self.maps = tuple(ShadowMap(context, reach) for reach in ((NEAR, FAR) if fine else (ONE,)))
        for each in self.maps:
            each.camera.reparent_to(root)
            root.set_shader_input(each.reach.name.lower() + "_map", each.texture)

    @property
    def buffers(self) -> list[GraphicsOutput]:
        """What is to be drawn before the picture."""
        return [each.buffer for each in self.maps]

    def aim(self, pose: CameraPose, ground_m: float, light: Floats, frame: Frame) -> None:
        """Point the maps for a camera over ground of this height along the direction that light comes from."""
        for each in self.maps:
            matrix, centre = each.aim(each.focus(pose, ground_m), light)
            frame[f"{each.reach.name}_VIEW"], frame[f"{each.reach.name}_CENTRE"] = matrix, centre

    def holds(self, points: NDArray[np.floating], radii: NDArray[np.floating] | float) -> NDArray[np.bool_]:
        """True where a sphere round each point (n, 3) may throw its shadow into one of the maps as they are aimed."""
        return np.asarray(np.any([each.holds(points, radii) for each in self.maps], axis=0))

    def near(self, points: NDArray[np.floating], radii: NDArray[np.floating] | float) -> NDArray[np.bool_]:
        """Likewise into the first, the finest."""
        return self.maps[0].holds(points, radii)


class ShadowMap:
    """An orthographic depth buffer, moved in whole texels so that still shadows do not crawl."""

    def __init__(self, context: Context, reach: Reach) -> None:
        self.reach = reach
        properties = FrameBufferProperties()
        properties.set_depth_bits(24)
        self.buffer = context.buffer("shadow", (reach.texels, reach.texels), properties, -20)
        self.texture = Texture("shadow")
        self.buffer.add_render_texture(self.texture, GraphicsOutput.RTM_bind_or_copy, GraphicsOutput.RTP_depth)
        self.texture.set_wrap_u(SamplerState.WM_clamp)  # a sampler that repeats costs as much again
        self.texture.set_wrap_v(SamplerState.WM_clamp)
        self.texture.set_minfilter(SamplerState.FT_shadow)
        self.texture.set_magfilter(SamplerState.FT_shadow)
        self.buffer.set_clear_color_active(False)
        self.buffer.set_clear_depth_active(True)
        lens = OrthographicLens()
        lens.set_film_size(reach.side_m, reach.side_m)
        lens.set_near_far(1.0, 2 * reach.depth_m)
        self.camera = NodePath(Camera("shadow", lens))
        self.buffer.make_display_region().set_camera(self.camera)

    def holds(self, points: NDArray[np.floating], radii: NDArray[np.floating] | float) -> NDArray[np.bool_]:
        """True where a sphere round each point (n, 3) may throw its shadow into the map as it is aimed."""
        across = self._matrix[:2, :3] @ (points - self._centre).T
        inside = np.abs(across) < 1 + np.reshape(radii, (1, -1)) * 2 / self.reach.side_m
        return np.asarray(inside.all(axis=0))

    def focus(self, pose: CameraPose, ground_m: float) -> Floats:
        """The point on the ground that the map is centred on: ahead of the camera, nearer when it looks down."""
        forward = pose.rotation()[:, 2]
        eye = np.asarray(pose.position, np.float64)
        flat = forward[:2] / max(float(np.hypot(*forward[:2])), 1e-6)
        above = max(float(eye[2]) - ground_m, 1.0)
        drop = max(-float(forward[2]), 0.05)
        ahead = min(above / drop * float(np.hypot(*forward[:2])), AHEAD * self.reach.side_m)
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
        texel = self.reach.side_m / self.reach.texels
        snapped = (
            sum((np.floor(focus @ axis / texel) * texel) * axis for axis in (right, above))
            + (np.floor(focus @ light)) * light
        )
        centre = np.asarray(snapped, np.float64).astype(np.float32).astype(np.float64)
        matrix = np.eye(4)
        matrix[0, :3] = right * 2 / self.reach.side_m
        matrix[1, :3] = above * 2 / self.reach.side_m
        matrix[2, :3] = -light / self.reach.depth_m
        place = centre + light * self.reach.depth_m
        self._matrix, self._centre = matrix, centre
        self.camera.set_pos(Point3(*map(float, place)))
        self.camera.look_at(Point3(*map(float, centre)), Vec3(*map(float, above)))
        return matrix, centre
