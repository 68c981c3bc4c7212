"""A camera, the targets it fills, and the images they are read back as."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    Camera,
    CullFaceAttrib,
    FrameBufferProperties,
    GraphicsOutput,
    Mat4,
    NodePath,
    PerspectiveLens,
    RenderState,
    Texture,
)

from engine.render.frame import Frame
from engine.render.graphics import Context, ReadBack
from engine.render.passes import EYES, SURFACES, program_state
from engine.render.programs import KINDS, Targets, Weather
from engine.render.sensors import FAR_M, NEAR_M, clip_from_world
from engine.render.shading import DEPTH, Shading
from recorder.schema import CameraPose

_FLOATS = ("floats 0", "floats 1")
RGBA_PLANES = (GraphicsOutput.RTP_aux_rgba_0, GraphicsOutput.RTP_aux_rgba_1)
UNREAD = ("paint", "extra")  # targets that are looked at only where something was drawn: they need no clearing
FLOAT_PLANES = (GraphicsOutput.RTP_aux_float_0, GraphicsOutput.RTP_aux_float_1)


class View:
    """A camera and the targets it fills."""

    def __init__(
        self,
        context: Context,
        root: NodePath,
        targets: Targets,
        size: tuple[int, int],
        output: GraphicsOutput | None = None,
    ) -> None:
        self.targets, self.size = targets, size
        deferred = targets.deferred and output is None
        self._drawn = targets.keeping() if deferred else targets
        self._upright = output is not None  # a window shows clip y = 1 at the top; a buffer keeps row 0 first in memory
        self.textures: dict[str, Texture] = {}
        self.outputs = [self._buffer(context, size) if output is None else output]
        lens = PerspectiveLens()
        self.camera = NodePath(Camera("eye", lens))
        self.camera.reparent_to(root)
        self._states()
        region = self.outputs[0].make_display_region()
        region.set_camera(self.camera)
        self._shading = None
        if deferred:
            self._shading = Shading(context, root, self.camera, lens, targets.shaded(), size, self.textures)
            self.textures |= self._shading.textures
            self.outputs.append(self._shading.output)

    def _buffer(self, context: Context, size: tuple[int, int]) -> GraphicsOutput:
        properties = FrameBufferProperties()
        properties.set_rgba_bits(8, 8, 8, 8)
        properties.set_depth_bits(24)
        rgba = [name for name, on in (("ident", self._drawn.ident), ("extra", self._drawn.kept)) if on]
        properties.set_aux_rgba(len(rgba))
        properties.set_aux_float(len(self._drawn.floats))
        made = context.buffer("view", size, properties, -10)
        made.set_clear_depth_active(True)
        planes = {"paint" if self._drawn.kept else "rgb": GraphicsOutput.RTP_color}
        planes |= dict(zip(rgba, RGBA_PLANES, strict=False))
        planes |= {name: plane for name, plane, _ in zip(_FLOATS, FLOAT_PLANES, self._drawn.floats, strict=False)}
        for name, plane in planes.items():
            texture = Texture(name)
            made.add_render_texture(texture, GraphicsOutput.RTM_bind_or_copy, plane)  # type: ignore[arg-type]
            made.set_clear_active(plane, name not in UNREAD)
            made.set_clear_value(plane, (0, 0, 0, 0))
            self.textures[name] = texture
        if self._drawn.kept:
            properties.set_stencil_bits(8)
            made.set_clear_stencil_active(True)
            self.textures[DEPTH] = Texture(DEPTH)
            made.add_render_texture(
                self.textures[DEPTH], GraphicsOutput.RTM_bind_or_copy, GraphicsOutput.RTP_depth_stencil
            )
        return made

    def _states(self) -> None:
        camera = self.camera.node()
        assert isinstance(camera, Camera)
        camera.set_camera_mask(EYES if self._drawn.rgb else SURFACES)
        camera.set_tag_state_key("kind")
        for kind in KINDS:
            camera.set_tag_state(kind, program_state(kind, self._drawn))
        culled = CullFaceAttrib.make(CullFaceAttrib.M_cull_clockwise)
        if not self._upright:
            culled = CullFaceAttrib.make(CullFaceAttrib.M_cull_counter_clockwise)
        camera.set_initial_state(RenderState.make(culled))

    def under(self, weather: Weather) -> None:
        """Draw with the programs for this weather."""
        if self._shading is not None:
            self._shading.under(weather)
            return
        wanted = self._drawn.under(weather)
        if wanted != self._drawn:
            self._drawn = wanted
            self._states()

    def shade(self, kind: str, seen: bool) -> None:
        """Whether this kind of surface may be seen: one that is not costs no pass over the image."""
        if self._shading is not None:
            self._shading.shade(kind, seen)

    def aim(self, pose: CameraPose, following: CameraPose, before: CameraPose, frame: Frame) -> None:
        """Point the camera and tell the shaders; flow leads to `following` and back to `before`."""
        flip = np.diag([1.0, -1.0 if self._upright else 1.0, 1.0, 1.0])
        for name, eye_name, at in (
            ("VIEW", "EYE", pose),
            ("NEXT_VIEW", "NEXT_EYE", following),
            ("PREV_VIEW", "PREV_EYE", before),
        ):
            matrix, eye = clip_from_world(at, self.size)
            frame[name], frame[eye_name] = flip @ matrix, eye
        frame["IMAGE_SIZE"] = self.size
        self.point(pose)

    def point(self, pose: CameraPose) -> None:
        """Point the camera for Panda's culling alone."""
        turn = pose.rotation()
        right, down, forward = turn[:, 0], turn[:, 1], turn[:, 2]
        rows = [*right, 0, *forward, 0, *(-down), 0, *pose.position, 1]
        self.camera.set_mat(Mat4(*(float(v) for v in rows)))
        camera = self.camera.node()
        assert isinstance(camera, Camera)
        lens = camera.get_lens()
        lens.set_film_size(self.size[0], self.size[1])
        lens.set_focal_length(pose.intrinsics(*self.size)[0, 0])
        lens.set_near_far(NEAR_M, FAR_M)

    def images(
        self, reader: ReadBack, classes: NDArray[np.uint8], wanted: tuple[str, ...], moving: tuple[bool, bool]
    ) -> dict[str, NDArray[Any]]:
        """The wanted modalities of the frame just drawn; `moving`: whether there is a frame after it, one before."""
        from engine.render.unpacking import colours_of  # noqa: PLC0415 - compiled, as below

        made: dict[str, NDArray[Any]] = {}
        if self.targets.rgb:
            made["rgb"] = colours_of(reader.read(self.textures["rgb"], "rgba", np.uint8))
        if self.targets.ident:
            made |= self._labels(reader, classes, wanted)
        if self.targets.albedo:
            made["albedo"] = colours_of(reader.read(self.textures["albedo"], "rgba", np.uint8))
        return made | self._numbers(reader, moving)

    def _numbers(self, reader: ReadBack, moving: tuple[bool, bool]) -> dict[str, NDArray[Any]]:
        """Depth, normals and flows, out of the channels that engine.render.programs packs them into."""
        from engine.render.unpacking import depth_of, flow_of, normals_of  # noqa: PLC0415 - compiled, as below

        targets = self.targets
        made: dict[str, NDArray[Any]] = {}
        channels: dict[str, NDArray[np.float32]] = {}
        needed = {number for numbers in targets.floats for number in numbers}
        for name, numbers in zip(_FLOATS, self._drawn.floats, strict=False):
            if needed.intersection(numbers):
                plane = reader.read(self.textures[name], "rgba", np.float32)
                channels |= {number: plane[..., k] for k, number in enumerate(numbers)}
        if targets.normal:
            made["normal"] = normals_of(channels["normal_x"], channels["normal_y"], channels["rest"])
        if targets.depth:
            made["depth"] = depth_of(channels["depth"])
        flows = (("flow", "flow", targets.flow, moving[0]), ("back_flow", "back", targets.back, moving[1]))
        for bit, (name, channel, wanted, known) in enumerate(flows):
            if wanted and known:
                x, y = channels[f"{channel}_x"], channels[f"{channel}_y"]
                made[name], made[f"{name}_valid"] = flow_of(x, y, channels["rest"], bit)
            elif wanted:
                shape = channels["rest"].shape
                made[name], made[f"{name}_valid"] = np.zeros((*shape, 2), np.float32), np.zeros(shape, np.bool_)
        return made

    def _labels(self, reader: ReadBack, classes: NDArray[np.uint8], wanted: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        from engine.render.unpacking import labels_of  # noqa: PLC0415 - compiled loops, who has others draw needs none

        ident = reader.read(self.textures["ident"], "rgba", np.uint8).view("<u4")[..., 0]
        instance, semantic, part = labels_of(ident, classes)
        made: dict[str, NDArray[Any]] = {"instance": instance, "semantic": semantic, "part": part}
        return {name: image for name, image in made.items() if name in wanted}
