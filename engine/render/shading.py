"""Shades the pixels that another pass has kept, each once, and then draws what has no surface: sky, smoke, rain, snow.

A rasteriser in software shades four by four pixels together, all of them for every small triangle that touches one.
Over a whole image none is shaded in vain.
"""

from __future__ import annotations

from collections.abc import Mapping

from panda3d.core import (
    Camera,
    FrameBufferProperties,
    GraphicsOutput,
    Lens,
    NodePath,
    OrthographicLens,
    ShaderAttrib,
    Texture,
)

from engine.render.geometry import whole_image
from engine.render.graphics import Context
from engine.render.passes import AIR, program_state, where_marked
from engine.render.programs import KINDS, Targets, Weather

SHADED = ("ground", "solid", "plant", "water")
KEPT = {"kept_paint": "paint", "kept_extra": "extra", "kept_floats": "floats 0"}  # sampler -> target
DEPTH = "depth and marks"  # the target that tells where what is


class Shading:
    """The second pass of a view.

    Args:
        context: of all outputs.
        root: of the scene, with what its shaders share.
        camera: of the view, which Panda culls for.
        lens: of that camera.
        targets: the picture and the albedo, as far as they are wanted.
        size: of the images in pixels.
        kept: textures of the first pass by target.
    """

    def __init__(
        self,
        context: Context,
        root: NodePath,
        camera: NodePath,
        lens: Lens,
        targets: Targets,
        size: tuple[int, int],
        kept: Mapping[str, Texture],
    ) -> None:
        self._targets = targets
        self.textures: dict[str, Texture] = {}
        self.output = self._buffer(context, size, kept[DEPTH])
        self._whole: dict[str, NodePath] = {}
        self._cameras = [self._shades(root, kept)]
        if targets.rgb:
            self._cameras.append(camera.attach_new_node(Camera("air", lens)))
            self._cameras[-1].node().set_camera_mask(AIR)  # type: ignore[attr-defined]
        for order, each in enumerate(self._cameras):
            region = self.output.make_display_region()
            region.set_sort(order)
            region.set_camera(each)
            each.node().set_tag_state_key("kind")  # type: ignore[attr-defined]
        self._states()

    def _buffer(self, context: Context, size: tuple[int, int], depth: Texture) -> GraphicsOutput:
        wanted = [name for name in ("rgb", "albedo") if getattr(self._targets, name)]
        properties = FrameBufferProperties()
        properties.set_rgba_bits(8, 8, 8, 8)
        properties.set_depth_bits(24)
        properties.set_stencil_bits(8)
        properties.set_aux_rgba(len(wanted) - 1)
        made = context.buffer("shading", size, properties, -8)
        made.set_clear_depth_active(False)
        made.set_clear_stencil_active(False)
        for name, plane in zip(wanted, (GraphicsOutput.RTP_color, GraphicsOutput.RTP_aux_rgba_0), strict=False):
            texture = Texture(name)
            made.add_render_texture(texture, GraphicsOutput.RTM_bind_or_copy, plane)  # type: ignore[arg-type]
            made.set_clear_active(plane, True)
            made.set_clear_value(plane, (0, 0, 0, 0))
            self.textures[name] = texture
        made.add_render_texture(depth, GraphicsOutput.RTM_bind_or_copy, GraphicsOutput.RTP_depth_stencil)
        return made

    def shade(self, kind: str, seen: bool) -> None:
        """Whether to shade a kind of surface at all."""
        (self._whole[kind].show if seen else self._whole[kind].hide)()

    def _shades(self, root: NodePath, kept: Mapping[str, Texture]) -> NodePath:
        """A camera with a scene of its own: every kind of surface, over the whole image, where it was marked."""
        scene = NodePath("shades")
        scene.set_attrib(root.get_attrib(ShaderAttrib))
        for sampler, target in KEPT.items():
            scene.set_shader_input(sampler, kept[target])
        for kind in SHADED:
            path = whole_image(kind, f"shaded {kind}")
            path.set_attrib(where_marked(kind))
            path.reparent_to(scene)
            self._whole[kind] = path
        return scene.attach_new_node(Camera("shades", OrthographicLens()))

    def _states(self) -> None:
        for kind in KINDS:
            for each in self._cameras:
                each.node().set_tag_state(kind, program_state(kind, self._targets))  # type: ignore[attr-defined]

    def under(self, weather: Weather) -> None:
        """Shade with the programs for this weather."""
        wanted = self._targets.under(weather)
        if wanted != self._targets:
            self._targets = wanted
            self._states()
