"""Draws snapshots: the same stage serves the window, the capture, the replay and the re-render.

One pass over the geometry writes the truth, and what a second needs to shade every pixel of the picture once; in the
quality fine the picture has passes of its own, larger and averaged. The truth has the same bytes in every quality and
whatever else is asked for.

Truth sees through fog, smoke, rain and snow in the air, and lightning: they are in the picture only. Sway of leaves and
grass is geometry, so it is in every modality and in the flow; so are leaves that have fallen, crops that have grown,
and water that has risen. Lying snow and ice have no thickness, but snow buries the grass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    Camera,
    ColorBlendAttrib,
    GraphicsOutput,
    GraphicsWindow,
    NodePath,
    Texture,
)

from assets.meshes.mesh import Mesh
from assets.palette import SemanticClass
from engine.render.beyond import Beyond
from engine.render.buildings import Buildings, merged
from engine.render.clouds import Clouds
from engine.render.frame import Frame
from engine.render.graphics import ReadBack, RenderError, close_context, open_context
from engine.render.grass import Grass
from engine.render.ground import Ground
from engine.render.horizon import Horizon
from engine.render.hud import Hud, Overlay
from engine.render.lamps import Lamps
from engine.render.lidar import FACE_PX, MEASURED, sweep
from engine.render.light import light
from engine.render.lightning import Bolts, flash, strokes
from engine.render.lying import Lying
from engine.render.optics import Poses, through_lens
from engine.render.passes import AFTER_LAND, AIR, EYES, LAND, SHADOWS, SURFACES, add_bins, program_state
from engine.render.people import People
from engine.render.plants import Plants
from engine.render.precipitation import fall_path
from engine.render.programs import SHADOW_KINDS, Targets, Weather, refused
from engine.render.season import season
from engine.render.sensors import frustum
from engine.render.shadow import FAR, Shadows
from engine.render.sky import Sky, grain_texture, noise_texels, noise_texture
from engine.render.smoke import Smoke
from engine.render.smooth import SmoothPicture
from engine.render.stars import star_path, write_stars
from engine.render.view import View
from engine.render.water import Water
from engine.render.weather import write_light, write_season, write_weather
from engine.scenario import MODALITIES, QUALITIES
from recorder.annotate import class_lookup
from recorder.schema import CameraPose, Cast, Scenery, Snapshot

TICK_RATE_HZ = 16
LAND_ORDER = 14  # of the land among all that is drawn


@dataclass(frozen=True)
class Moment:
    """Another frame of the same camera, to which flow leads; without a snapshot it leads nowhere."""

    snapshot: Snapshot | None = None
    pose: CameraPose | None = None

    def time_s(self, now_s: float, tick_rate: float) -> float:
        """Its time, or the present one."""
        return now_s if self.snapshot is None else self.snapshot.tick / tick_rate

    @property
    def rows(self) -> NDArray[np.void] | None:
        """Its villagers."""
        return None if self.snapshot is None else self.snapshot.villagers


NOWHERE = Moment()


class Stage:
    """A valley and its cast, ready to be drawn from anywhere at any tick.

    Args:
        scenery: all that does not move.
        cast: who may walk through it; the rows of every snapshot follow it.
        size: width and height of the images in pixels.
        modalities: which of MODALITIES `render` returns; only their targets are attached and written.
        quality: which of QUALITIES the picture has.
        window_title: opens a window of that title for `show`; None draws with no screen.
        tick_rate: ticks per second, which turns a snapshot's tick into the time of waves, wind and gestures.

    Raises:
        RenderError: there is no GL driver or no display.
        ValueError: an unknown modality or quality, or a size below one pixel.
    """

    def __init__(
        self,
        scenery: Scenery,
        cast: Cast,
        size: tuple[int, int],
        modalities: Sequence[str] = MODALITIES,
        *,
        quality: str = "fine",
        window_title: str | None = None,
        tick_rate: float = TICK_RATE_HZ,
    ) -> None:
        unknown = sorted(set(modalities) - set(MODALITIES))
        if unknown or min(size) < 1:
            raise ValueError(f"Cannot render {', '.join(unknown) or size}: modalities are {', '.join(MODALITIES)}.")
        if quality not in QUALITIES:
            raise ValueError(f"Cannot render in the quality {quality}: it is one of {', '.join(QUALITIES)}.")
        self.size, self.modalities, self.quality, self._tick_rate = size, tuple(modalities), quality, tick_rate
        self._scenery, self._cast = scenery, cast
        self.context = open_context(window_title, size if window_title else (1, 1))
        self._reader = ReadBack(self.context)
        self.classes = class_lookup(scenery, cast)
        self.root = NodePath("valley")
        self.frame = Frame(self.root)
        self._build(scenery, cast)
        self._shadows = Shadows(self.context, self.root, fine=quality == "fine")
        self._inputs(scenery)
        host, windowed = self.context.host, self.context.windowed
        smooth = quality == "fine" and "rgb" in modalities and not windowed
        self._view = View(self.context, self.root, self._targets(smooth), size)
        self._smooth = SmoothPicture(self.context, self.root, size) if smooth else None
        self._sensor: View | None = None  # of lidars, made for the first
        self._shadow_states()
        self._outputs = [*self._view.outputs, *(self._smooth.outputs if self._smooth else ()), *self._shadows.buffers]
        for output in self._outputs:
            output.set_active(False)
        self._window = View(self.context, self.root, Targets(quality=quality), size, host) if windowed else None
        self._hud = Hud(host) if windowed else None

    def _build(self, scenery: Scenery, cast: Cast) -> None:
        self.horizon = Horizon(scenery)
        self.ground = Ground(scenery, self.horizon.sky_view(scenery.heights.shape))
        self.beyond = Beyond(scenery, self.ground.vertices)
        self.beyond.path.reparent_to(self.ground.path)
        self.water, self.lying = Water(scenery), Lying(scenery)
        self.solids = NodePath("solids")
        self.buildings = Buildings(scenery.buildings)
        self.buildings.path.reparent_to(self.solids)
        self.lamps = Lamps(self.buildings.meshes)
        self.smoke, self.bolts = Smoke(self.buildings.mouths), Bolts()
        self.plants, self.grass, self.people, self.sky = (
            Plants(scenery.plants),
            Grass(scenery, self.ground.colours),
            People(cast.looks, self.quality == "fine"),
            Sky(),
        )
        self.stars, self.clouds = (
            star_path(),
            Clouds(noise_texels() / np.float32(255), solid=self.quality == "fine"),
        )
        self.falls = {kind: fall_path(kind) for kind in ("rain", "snow")}
        # Near things first, so that what they hide costs no shading: what stands on the land, then the land from the
        # eye outwards; then water and sky, then what is in the air.
        add_bins()
        drawn = (
            (self.people.path, 10),
            (self.solids, 11),
            (self.plants.path, 12),
            (self.grass.path, 13),
            (self.ground.path, LAND_ORDER),
            (self.water.path, 15),
            (self.sky.dome, 20),
            (self.stars, 21),
            (self.bolts.path, 28),
            (self.smoke.path, 29),
            (self.falls["rain"], 30),
            (self.falls["snow"], 31),
        )
        for path, order in drawn:
            path.reparent_to(self.root)
            path.set_bin(LAND if path is self.ground.path else "fixed" if order < LAND_ORDER else AFTER_LAND, order)
        for path in (self.people.casters, self.plants.casters, self.buildings.casters):
            path.reparent_to(self.root)
            path.hide(EYES | SURFACES | AIR)
        (self.buildings.casters if self.quality == "fine" else self.buildings.path).hide(SHADOWS)
        for path, _ in drawn[:6]:  # what has a surface
            path.hide(AIR)
        for path in (
            self.people.path,
            self.plants.path,
            self.grass.path,
            self.ground.path,
            self.water.path,
            self.sky.dome,
        ):
            path.hide(SHADOWS)
        blend = ColorBlendAttrib.make(
            ColorBlendAttrib.M_add, ColorBlendAttrib.O_incoming_alpha, ColorBlendAttrib.O_one_minus_incoming_alpha
        )
        added = ColorBlendAttrib.make(ColorBlendAttrib.M_add, ColorBlendAttrib.O_incoming_alpha, ColorBlendAttrib.O_one)
        for path in (self.stars, self.smoke.path, self.bolts.path, *self.falls.values()):
            path.hide(SHADOWS | SURFACES)
            path.set_attrib(added if path in (self.bolts.path, self.stars) else blend)
            path.set_depth_write(False)
        self.sky.dome.set_depth_write(False)
        self.sky.dome.hide(SURFACES)

    def _inputs(self, scenery: Scenery) -> None:
        self.root.set_shader_input("noise", noise_texture())
        self.root.set_shader_input("grains", grain_texture())
        self.root.set_shader_input("clouds", self.clouds.texture)
        self.clouds.write(self.frame)
        self.root.set_shader_input("hills", self.horizon.hills)
        self.root.set_shader_input("ground_light", self.horizon.texture)
        self.root.set_shader_input("lying", self.lying.texture)
        west, south, east, north = scenery.extent
        self.frame["MAP_ORIGIN"] = west, south
        self.frame["MAP_SCALE"] = 1 / max(east - west, 1e-6), 1 / max(north - south, 1e-6)
        self.frame["EDGE_FADE"] = self.beyond.fade_per_m
        self.frame["EDGE_CENTRE"], self.frame["EDGE_SCALE"] = self.beyond.rim

    def _targets(self, smooth: bool) -> Targets:
        """What the pass of the truth writes: the picture, too, unless a pass of its own draws it."""
        wanted = set(self.modalities)
        return Targets(
            rgb="rgb" in wanted and not smooth,
            quality=self.quality,
            ident=bool(wanted & {"instance", "semantic", "part"}),
            albedo="albedo" in wanted,
            normal="normal" in wanted,
            depth="depth" in wanted,
            flow="flow" in wanted,
            back="back_flow" in wanted,
        )

    def _shadow_states(self) -> None:
        for each in self._shadows.maps:
            camera = each.camera.node()
            assert isinstance(camera, Camera)
            camera.set_camera_mask(SHADOWS)
            camera.set_tag_state_key("kind")
            for kind in SHADOW_KINDS:
                targets = Targets(shadow_pass=True, far_shadow=each.reach is FAR)
                camera.set_tag_state(kind, program_state(kind, targets))

    def add_mesh(self, mesh: Mesh, ident: int, semantic: SemanticClass = SemanticClass.PROP) -> None:
        """Put a mesh given in the world frame on the stage under an instance id of its own."""
        piece = merged([(mesh, ident)])
        piece.reparent_to(self.solids)
        if ident >= len(self.classes):
            self.classes = np.concatenate([self.classes, np.zeros(ident + 1 - len(self.classes), np.uint8)])
        self.classes[ident] = semantic

    def render(
        self,
        snapshot: Snapshot,
        pose: CameraPose,
        following: Snapshot | None = None,
        following_pose: CameraPose | None = None,
        before: Snapshot | None = None,
        before_pose: CameraPose | None = None,
    ) -> dict[str, NDArray[Any]]:
        """What the camera sees at the snapshot's tick.

        Args:
            snapshot: the tick to draw.
            pose: the camera.
            following: the snapshot the flow leads to; None leaves the flow zero and nowhere valid.
            following_pose: the camera of that snapshot; None keeps the camera still.
            before: the snapshot the backward flow leads to, likewise.
            before_pose: the camera of that one; None keeps the camera still.

        Returns:
            by modality, row 0 at the top, arrays of the caller's own: rgb (H, W, 3) uint8 sRGB; depth (H, W) float32
            planar metres, inf where no surface is; instance (H, W) uint32, 0 where none; semantic (H, W) uint8,
            assets.palette.SemanticClass; part (H, W) uint8, assets.palette.Part, 0 where a thing has none; normal
            (H, W, 3) float32, world frame, unit length within 5e-4, 0 where none; flow (H, W, 2) float32 pixels (right,
            down) from this frame to the following one, in steps of 1/256, with flow_valid (H, W) bool: there is a
            surface and it lands inside the following image, whether or not something hides it there; back_flow and
            back_flow_valid, the same towards the frame before; albedo (H, W, 3) uint8: the share of light that the
            surface reflects diffusely, encoded as sRGB, with its texture, wetness and snow, 0 where none.

        Raises:
            RenderError: the graphics driver refuses a shader program.
        """
        if pose.lens == "lidar":
            return sweep(lambda at: self._measured(snapshot, at), pose, snapshot.environment, snapshot.tick)
        if pose.lens != "pinhole":
            after = (following_pose or pose) if following is not None else None
            previous = (before_pose or pose) if before is not None else None
            return through_lens(
                lambda poses: self._straight(snapshot, poses, following, before), (pose, after, previous), self.size
            )
        return self._straight(snapshot, (pose, following_pose, before_pose), following, before)

    def _measured(self, snapshot: Snapshot, pose: CameraPose) -> dict[str, NDArray[Any]]:
        """What a lidar measures in one direction."""
        if self._sensor is None:
            targets = Targets(rgb=False, ident=True, albedo=True, normal=True, depth=True)
            self._sensor = View(self.context, self.root, targets, (FACE_PX, FACE_PX))
            self._outputs += self._sensor.outputs
        self._prepare(snapshot, pose, NOWHERE, NOWHERE, self._sensor)
        self._draw(self._sensor.outputs, False)
        return self._sensor.images(self._reader, self.classes, MEASURED, (False, False))

    def _straight(
        self, snapshot: Snapshot, poses: Poses, following: Snapshot | None, before: Snapshot | None
    ) -> dict[str, NDArray[Any]]:
        """What a pinhole sees."""
        pose, *others = poses
        after, previous = Moment(following, others[0]), Moment(before, others[1])
        self._prepare(snapshot, pose, after, previous, self._view)
        outputs = list(self._view.outputs) if self._view.targets.rgb or self._view.targets.truth else []
        if self._smooth is not None:
            self._smooth.point(pose)
            outputs += self._smooth.outputs
        self._draw(outputs, self._view.targets.lit or self._smooth is not None)
        moving = following is not None, before is not None
        images = self._view.images(self._reader, self.classes, self.modalities, moving)
        if self._smooth is not None:
            images["rgb"] = self._reader.read(self._smooth.texture, "rgb", np.uint8)
        return images

    def show(
        self, snapshot: Snapshot, pose: CameraPose, overlay: Overlay | None = None, time_s: float | None = None
    ) -> None:
        """Draw the snapshot to the window, with the overlay on top.

        Args:
            snapshot: what to draw; between two ticks, the result of recorder.schema.interpolate.
            pose: the camera; the image takes the window's present size.
            overlay: speech, clock and help; None draws the valley alone.
            time_s: the time of waves and wind, where it runs on between two ticks; None takes the snapshot's tick.

        Raises:
            RenderError: the stage was opened without a window.
        """
        if self._window is None or self._hud is None:
            raise RenderError("This stage draws without a screen: open it with a window_title to show anything.")
        self._window.size = max(self.context.host.get_x_size(), 1), max(self.context.host.get_y_size(), 1)
        self._prepare(snapshot, pose, NOWHERE, NOWHERE, self._window, time_s)
        self._hud.lay(overlay or Overlay(), pose, self._window.size)
        self._draw([self.context.host], self._window.targets.lit)

    @property
    def window(self) -> GraphicsWindow:
        """The window, for keys, the mouse and whether it is still open.

        Raises:
            RenderError: the stage was opened without one.
        """
        if not isinstance(self.context.host, GraphicsWindow):
            raise RenderError("This stage draws without a screen: there is no window.")
        return self.context.host

    def _draw(self, outputs: list[GraphicsOutput], shadowed: bool) -> None:
        """Draw these outputs, after the shadow map if they need it; all others rest, those of other stages too."""
        active = [*outputs, *self._shadows.buffers] if shadowed else outputs
        self.context.host.set_active(self.context.host in outputs)
        for output in active:
            output.set_active(True)
        self.context.draw()
        for output in self._outputs:
            output.set_active(False)
        if kinds := refused():
            raise RenderError(
                f"The graphics driver refused the shader programs of {', '.join(kinds)}, as it says above: "
                "install Mesa 20 or newer (libgl1-mesa-dri) or a driver with OpenGL 3.3."
            )

    def _prepare(
        self,
        snapshot: Snapshot,
        pose: CameraPose,
        following: Moment,
        before: Moment,
        view: View,
        time_s: float | None = None,
    ) -> None:
        now = snapshot.tick / self._tick_rate if time_s is None else time_s
        after, previous = following.time_s(now, self._tick_rate), before.time_s(now, self._tick_rate)
        eye = np.asarray(pose.position, np.float64)
        planes = frustum(pose, view.size)
        struck = strokes(snapshot.events, self._scenery)
        shine, year = light(snapshot.environment, flash(struck, eye)), season(snapshot.environment)
        self._lay(snapshot)
        view.aim(pose, following.pose or pose, before.pose or pose, self.frame)
        pictured = view.targets.rgb or (self._smooth is not None and view is self._view)
        if pictured:
            azimuth = float(np.arctan2(shine.key_dir[1], shine.key_dir[0]))
            self.horizon.shine(azimuth, float(np.arcsin(shine.key_dir[2])))
            self.sky.shine(shine.dome, float(snapshot.environment["sun_azimuth"]))
            write_light(self.frame, shine)
            self.frame["EXPOSURE"] = shine.exposure * 2.0**pose.exposure_ev
            self.clouds.drift(snapshot.environment, now)
            (self.stars.show if shine.starlight > 0 else self.stars.hide)()
            write_stars(self.frame, snapshot.environment, self._scenery.latitude)
            self.bolts.strike(struck)
        weather = Weather(
            dark=bool(shine.glow.any()),
            rain=float(snapshot.environment["rain_mm_h"]) > 0.0,
            fog=shine.fog_bank > 0.0,
            snow=self.lying.snowy or float(snapshot.environment["snow_depth_m"]) > 0.0,
            hills=self.horizon.shades,
        )
        view.under(weather)
        view.shade("water", self.water.in_view(planes))
        if pictured and self._smooth is not None:
            self._smooth.under(weather)
        moments = following.snapshot, after, before.snapshot, previous
        write_weather(self.frame, self.falls, snapshot.environment, now, shine, *moments)
        write_season(self.frame, year)
        self._shadows.aim(pose, self._ground_below(eye), shine.key_dir, self.frame)
        forward = pose.rotation()[:, 2]
        self.lamps.shine(self.frame, self.buildings.lit, snapshot.villagers, eye, forward, bool(shine.glow.any()))
        self.ground.refine(eye)
        self.plants.select(eye, planes)
        if pictured and self.quality != "truth":
            self.plants.cast(self._shadows.holds, self._shadows.near)
        self.grass.select(eye, planes, year, self.lying)
        self.people.place(
            snapshot.villagers, now, following.rows, after, before.rows, previous, eye, planes, self._shadows.near
        )

    def _lay(self, snapshot: Snapshot) -> None:
        """Bring ground, water, plants and buildings to the state of this snapshot, where it is another than drawn."""
        if self.water.lay(snapshot.surface):
            self.ground.flood(self.water.wet)
        laid = self.lying.lay(snapshot, self.water.wet)
        if laid:
            self.beyond.snow(self.lying.snow_at_heights)
        self.plants.grow(season(snapshot.environment), self.lying, laid)
        self.buildings.light(snapshot.buildings)
        self.smoke.burn(self.buildings.burning(snapshot.buildings))

    def texture(self, target: str) -> Texture:
        """The texture of a target: rgb, large rgb (before it is smoothed), ident, albedo, floats 0 or floats 1."""
        if self._smooth is not None and target in ("rgb", "large rgb"):
            return self._smooth.texture if target == "rgb" else self._smooth.large
        return self._view.textures[target]

    def _ground_below(self, eye: NDArray[np.float64]) -> float:
        s = self._scenery
        rows, cols = s.heights.shape
        c = int(np.clip(round((float(eye[0]) - s.origin[0]) / s.cell_m), 0, cols - 1))
        r = int(np.clip(round((float(eye[1]) - s.origin[1]) / s.cell_m), 0, rows - 1))
        return float(s.heights[r, c])

    def close(self) -> None:
        """Free the stage's buffers and, of a window, the window."""
        for output in self._outputs:
            self.context.engine.remove_window(output)
        self._outputs = []
        self.root.remove_node()
        if self.context.windowed:
            close_context()


__all__ = ["MODALITIES", "RenderError", "Stage"]
