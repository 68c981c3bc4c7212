"""The picture with smooth edges: drawn twice as wide and high in a pass of its own, and averaged in linear light.

The truth cannot be averaged, as half of one id and half of another is a third one: it comes from a pass of its own.
"""

from __future__ import annotations

from panda3d.core import (
    Camera,
    FrameBufferProperties,
    GraphicsOutput,
    NodePath,
    OrthographicLens,
    Texture,
)

from engine.render.geometry import whole_image
from engine.render.graphics import Context
from engine.render.programs import Targets, Weather, program
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
        scene = whole_image("whole image", "smooth")
        scene.set_shader(program("smooth", Targets()))
        scene.set_shader_input("picture", self.large)
        camera = scene.attach_new_node(Camera("whole image", OrthographicLens()))
        mean.make_display_region().set_camera(camera)
        self.outputs = [*self._view.outputs, mean]

    def under(self, weather: Weather) -> None:
        """Draw with the programs for this weather."""
        self._view.under(weather)

    def point(self, pose: CameraPose) -> None:
        """Point the camera; what the shaders know of the frame is the same in all views of it."""
        self._view.point(pose)
