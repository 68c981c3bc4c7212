"""The picture with smooth edges: drawn twice as wide and high in a pass of its own, and averaged in linear light.

The truth cannot be averaged, as half of one id and half of another is a third one: it comes from a pass of its own.
"""

from __future__ import annotations

import numpy as np
from panda3d.core import (
    Camera,
    FrameBufferProperties,
    GraphicsOutput,
    NodePath,
    OrthographicLens,
    Texture,
)

from engine.render.geometry import RADIANCE_FORMAT, geom, node, unbounded
from engine.render.graphics import Context
from engine.render.programs import Targets, program
from engine.render.view import View
from recorder.schema import CameraPose

TIMES = 2  # along either side: 2x2 pixels are drawn for one


class SmoothPicture:
    """A view of the picture alone in the quality fine: `large` is the picture as drawn, `texture` the one asked for."""

    def __init__(self, context: Context, root: NodePath, size: tuple[int, int]) -> None:
        width, height = size
        self._view = View(context, root, Targets(quality="fine"), (TIMES * width, TIMES * height))
        properties = FrameBufferProperties()
        properties.set_rgba_bits(8, 8, 8, 8)
        mean = context.buffer("smooth picture", size, properties, -5)
        self.texture = Texture("smooth picture")
        mean.add_render_texture(self.texture, GraphicsOutput.RTM_bind_or_copy, GraphicsOutput.RTP_color)
        mean.set_clear_color_active(False)
        self.large = self._view.textures["rgb"]
        self._scene = _whole_image(self.large)
        camera = self._scene.attach_new_node(Camera("whole image", OrthographicLens()))
        mean.make_display_region().set_camera(camera)
        self.outputs = [self._view.output, mean]

    def under(self, dark: bool, rain: bool) -> None:
        """Draw with what darkness and rain add, or without."""
        self._view.under(dark, rain)

    def point(self, pose: CameraPose) -> None:
        """Point the camera; what the shaders know of the frame is the same in all views of it."""
        self._view.point(pose)


def _whole_image(picture: Texture) -> NodePath:
    vertices = np.zeros((3, 7), np.float32)
    vertices[:, :2] = (-1, -1), (3, -1), (-1, 3)
    scene = NodePath("whole image")
    piece = geom(vertices, np.array([[0, 1, 2]]), RADIANCE_FORMAT)
    path = node(piece, "whole image", "smooth")
    path.reparent_to(scene)
    unbounded(path)
    path.set_shader(program("smooth", Targets()))
    path.set_shader_input("picture", picture)
    path.set_depth_test(False)
    path.set_depth_write(False)
    path.set_two_sided(True)
    return scene
