"""What lies over the picture in the window: speech bubbles, the clock and weather panel, help, a timeline.

Never part of a captured image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from panda3d.core import (
    Camera,
    Geom,
    GeomNode,
    GeomVertexFormat,
    GraphicsOutput,
    NodePath,
    OrthographicLens,
    TextNode,
    TransparencyAttrib,
)

from engine.render.geometry import geom
from engine.timeline import HEIGHT_PX, STRIP_PX, Bar, Timeline
from recorder.schema import CameraPose

LINE_PX = 17.0  # height of a line of text
MARGIN_PX = 9.0
WRAP_EMS = 15.0  # width of a bubble's text in line heights
CORNER_PX = 9.0
TAIL_PX = 13.0
ABOVE_HEAD_M = 0.35
FARTHEST_M = 60.0  # speech farther away is not shown
PAPER, INK, FAINT = (0.99, 0.975, 0.94, 0.93), (0.16, 0.13, 0.12, 1.0), (0.45, 0.33, 0.22, 1.0)
SLATE, CHALK = (0.10, 0.11, 0.14, 0.55), (0.97, 0.96, 0.93, 1.0)
TRACK, PLAYED, HAIR = (0.97, 0.96, 0.93, 0.36), (0.97, 0.96, 0.93, 0.9), (0.97, 0.96, 0.93, 0.6)
TALK, GAP = (0.98, 0.80, 0.45, 0.95), (0.68, 0.26, 0.20, 1.0)
BAR_PX, BAR_ABOVE_PX = 4.0, 24.0  # the bar is so thick, and so far above the lower edge of its strip
TALK_PX = 13.0  # height of the most talk anywhere
KNOB_PX = 5.0  # radius
SMALL = 0.76  # of a line of text: clocks on the timeline
OVER_ALL = 1 << 16  # drawn after any number of bubbles
Colour = tuple[float, float, float, float]
Box = tuple[float, float, float, float, Colour]  # left, lower, right, upper edge
COLOURED = np.dtype([("place", "<f4", (3,)), ("colour", "u1", (4,))])


@dataclass(frozen=True)
class Bubble:
    """What somebody is saying."""

    name: str
    text: str
    head: tuple[float, float, float]  # world place of the top of the speaker's head


@dataclass(frozen=True)
class Playhead:
    """A recording's timeline, where the playhead is on it, and where somebody points at it."""

    timeline: Timeline
    tick: int
    pointer: float | None = None  # pixels from the left side of the window


@dataclass(frozen=True)
class Overlay:
    """Everything written over one frame of the window."""

    bubbles: tuple[Bubble, ...] = ()
    panel: tuple[str, ...] = ()  # lines in the upper left corner: clock, weather
    help: str = ""  # one line at the bottom, above the timeline
    playhead: Playhead | None = None


def rounded(width: float, height: float, tail: float | None) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Outline (V, 2) and fan triangles of a box from (0, 0) to (width, height), a tail hanging down at x = tail."""
    r = min(CORNER_PX, width / 2, height / 2)
    corners = ((width - r, height - r, 0), (r, height - r, 1), (r, r, 2), (width - r, r, 3))
    outline = [(width / 2, height / 2)]
    for x, y, quarter in corners:
        for angle in np.linspace(quarter, quarter + 1, 6) * np.pi / 2:
            outline.append((x + r * np.cos(angle), y + r * np.sin(angle)))
    n = len(outline) - 1
    fan = [(0, 1 + k, 1 + (k + 1) % n) for k in range(n)]
    if tail is not None:
        foot = min(max(tail, r + TAIL_PX / 2), width - r - TAIL_PX / 2)
        outline += [(foot - TAIL_PX / 2, 0.5), (tail, -TAIL_PX), (foot + TAIL_PX / 2, 0.5)]
        fan.append((n + 1, n + 2, n + 3))
    return np.array(outline), np.array(fan, dtype=np.uint32)


class Hud:
    """Draws overlays in pixels on a window, origin at the lower left."""

    def __init__(self, window: GraphicsOutput) -> None:
        self.root = NodePath("hud")
        self.root.set_depth_test(False)
        self.root.set_depth_write(False)
        self.root.set_transparency(TransparencyAttrib.M_alpha)
        self.root.set_two_sided(True)
        self._lens = OrthographicLens()
        self._lens.set_near_far(-10.0, 10.0)
        camera = self.root.attach_new_node(Camera("hud", self._lens))
        region = window.make_display_region()
        region.set_sort(20)
        region.set_clear_depth_active(True)
        region.set_camera(camera)
        self._page = self.root.attach_new_node("page")
        self._strip = Strip(self.root)
        self._layers = 0
        self._drawn: tuple[object, ...] = ()

    def lay(self, overlay: Overlay, pose: CameraPose, size: tuple[int, int]) -> None:
        """Lay the overlay out for a camera and a window size in pixels."""
        if self._drawn == (overlay, pose, size):
            return
        self._drawn = (overlay, pose, size)
        width, height = size
        self._lens.set_film_size(width, height)
        self._lens.set_film_offset(width / 2, height / 2)
        self._page.remove_node()
        self._page, self._layers = self.root.attach_new_node("page"), 0
        self._bubbles(overlay.bubbles, pose, size)
        if overlay.panel:
            text = _text("\n".join(overlay.panel), CHALK, wrap=(width - 60.0) / LINE_PX)
            self._box(text, (14.0, height - 14.0 - _extent(text)[1] - 2 * MARGIN_PX), SLATE, None)
        if overlay.help:
            text = _text(overlay.help, CHALK, 0.82, wrap=(width - 60.0) / LINE_PX)
            foot = 12.0 if overlay.playhead is None else STRIP_PX + HEIGHT_PX + 8.0
            self._box(text, ((width - _extent(text)[0]) / 2 - MARGIN_PX, foot), SLATE, None)
        self._strip.lay(overlay.playhead, width)

    def _bubbles(self, bubbles: tuple[Bubble, ...], pose: CameraPose, size: tuple[int, int]) -> None:
        if not bubbles:
            return
        heads = np.array([b.head for b in bubbles]) + np.array([0.0, 0.0, ABOVE_HEAD_M])
        pixels, depth = pose.project(heads, size)
        taken: list[tuple[float, float, float, float]] = []
        for k in np.argsort(depth, kind="stable"):  # the nearest speaker first: the others make room
            u, v = pixels[k]
            if not (0.3 < depth[k] < FARTHEST_M and 0 <= u < size[0] and -size[1] < v < size[1]):
                continue
            text = _text(bubbles[k].text, INK, wrap=WRAP_EMS)
            name = _text(bubbles[k].name, FAINT, 0.80)
            w = max(_extent(text)[0], _extent(name)[0]) + 2 * MARGIN_PX
            h = _extent(text)[1] + LINE_PX * 0.95 + 2 * MARGIN_PX
            x = min(max(float(u) - w / 2, 6.0), max(size[0] - w - 6.0, 6.0))
            y = min(size[1] - float(v) + TAIL_PX, size[1] - h - 6.0)
            for other in taken:
                if x < other[2] and other[0] < x + w and y < other[3] and other[1] < y + h:
                    y = other[3] + 6.0
            taken.append((x, y, x + w, y + h))
            self._box(text, (x, y), PAPER, float(u) - x, (w, h))
            self._place(name, x + MARGIN_PX, y + h - MARGIN_PX - LINE_PX * 0.72)

    def _box(
        self,
        text: TextNode,
        corner: tuple[float, float],
        colour: Colour,
        tail: float | None,
        size: tuple[float, float] | None = None,
    ) -> None:
        w, h = size or (_extent(text)[0] + 2 * MARGIN_PX, _extent(text)[1] + 2 * MARGIN_PX)
        self._on_top(_paper(self._page, (w, h), corner, colour, tail))
        self._place(text, corner[0] + MARGIN_PX, corner[1] + MARGIN_PX - text.get_bottom() * LINE_PX)

    def _place(self, text: TextNode, x: float, y: float) -> None:
        """Put a text so that its first line starts at x with its baseline at y."""
        path = self._page.attach_new_node(text.generate())
        path.set_pos(x, 0.0, y)
        path.set_scale(LINE_PX)
        self._on_top(path)

    def _on_top(self, path: NodePath) -> None:
        self._layers += 1
        path.set_bin("fixed", self._layers)


class Strip:
    """Draws a timeline along the bottom: speech over a bar with the playhead, and the clock under it.

    What only changes with the window's width or the recording is kept from frame to frame.
    """

    def __init__(self, root: NodePath) -> None:
        self._root = root.attach_new_node("timeline")
        self._root.set_bin("fixed", OVER_ALL)
        self._still = self._root.attach_new_node("still")
        self._moving = self._root.attach_new_node("moving")
        self._laid: Bar | None = None

    def lay(self, playhead: Playhead | None, width: int) -> None:
        """Lay it out for a window so many pixels wide; None hides it."""
        self._moving.remove_node()
        self._moving = self._root.attach_new_node("moving")
        if playhead is None:
            self._still.hide()
            return
        self._still.show()
        bar = Bar(playhead.timeline, width)
        if self._laid != bar:
            self._laid = bar
            self._still.remove_node()
            self._still = self._root.attach_new_node("still")
            self._draw_still(bar)
        self._draw_moving(bar, playhead)

    def _draw_still(self, bar: Bar) -> None:
        _paper(self._still, (bar.width - 2 * STRIP_PX, HEIGHT_PX), (STRIP_PX, STRIP_PX), SLATE, None).set_bin(
            "fixed", OVER_ALL
        )
        foot, top = STRIP_PX + BAR_ABOVE_PX, STRIP_PX + BAR_ABOVE_PX + BAR_PX
        boxes = [(bar.left, foot, bar.right + 1, top, TRACK)]
        boxes += [(x, foot - 5, x + 1, foot - 1, HAIR) for x in bar.marks()]
        edges, loudness = bar.speech()
        for left, right, share in zip(edges, edges[1:], loudness, strict=False):
            if share > 0:
                boxes.append((left, top + 1, right - 1, top + 1 + max(TALK_PX * share, 2), TALK))
        _boxes(self._still, boxes, OVER_ALL + 1)
        places = [(round(bar.x(gap.start)), round(bar.x(gap.stop))) for gap in bar.timeline.gaps]
        gaps = {
            (left, max(right, left + 2)) for left, right in places
        }  # the shortest is seen, many in one place are one
        _boxes(self._still, [(left, foot, right, top, GAP) for left, right in sorted(gaps)], OVER_ALL + 3)
        for tick, right_of in ((bar.timeline.first, bar.left), (bar.timeline.last, None)):
            text = _text(bar.timeline.clock(tick), CHALK, SMALL)
            self._write(self._still, text, bar.right - _extent(text)[0] if right_of is None else right_of)

    def _draw_moving(self, bar: Bar, playhead: Playhead) -> None:
        foot, top = STRIP_PX + BAR_ABOVE_PX, STRIP_PX + BAR_ABOVE_PX + BAR_PX
        x = bar.x(playhead.tick)
        boxes = [(bar.left, foot, x, top, PLAYED), (x, foot, x + 1, top + TALK_PX + 1, PLAYED)]
        if playhead.pointer is not None:
            at = min(max(playhead.pointer, bar.left), bar.right)
            boxes.append((at, foot - 5, at + 1, top + TALK_PX + 1, HAIR))
            tick = bar.tick(at)
            absent = "" if bar.timeline.holds(tick) else ", missing"
            text = _text(bar.timeline.clock(tick) + absent, CHALK, SMALL)
            end = _extent(_text(bar.timeline.clock(bar.timeline.last), CHALK, SMALL))[0] + 10.0
            wide = _extent(text)[0]
            self._write(self._moving, text, min(max(at - wide / 2, bar.left + end), bar.right - end - wide))
        _boxes(self._moving, boxes, OVER_ALL + 2)
        knob = _paper(self._moving, (2 * KNOB_PX, 2 * KNOB_PX), (x - KNOB_PX, (foot + top) / 2 - KNOB_PX), CHALK, None)
        knob.set_bin("fixed", OVER_ALL + 4)

    def _write(self, parent: NodePath, text: TextNode, x: float) -> None:
        path = parent.attach_new_node(text.generate())
        path.set_pos(round(x), 0.0, STRIP_PX + 6.0)
        path.set_scale(LINE_PX)
        path.set_bin("fixed", OVER_ALL + 1)


def _boxes(parent: NodePath, boxes: list[Box], layer: int) -> None:
    """Draw boxes on whole pixels, later ones over earlier ones."""
    if not boxes:
        return
    corners = np.zeros((len(boxes), 4), COLOURED)
    edges = np.rint([box[:4] for box in boxes])
    corners["place"][:, :, 0] = edges[:, [0, 2, 2, 0]]
    corners["place"][:, :, 2] = edges[:, [1, 1, 3, 3]]
    corners["colour"] = np.rint(np.array([box[4] for box in boxes]) * 255)[:, None, :]
    two = np.array([[0, 1, 2], [0, 2, 3]])
    triangles = (np.arange(len(boxes))[:, None, None] * 4 + two).reshape(-1, 3)
    path = parent.attach_new_node(_sheet(geom(corners.reshape(-1), triangles, GeomVertexFormat.get_v3c4())))
    path.set_bin("fixed", layer)


def _paper(
    parent: NodePath,
    size: tuple[float, float],
    corner: tuple[float, float],
    colour: Colour,
    tail: float | None,
) -> NodePath:
    """A box with round corners, its lower left one at `corner`, with a tail hanging down at x = tail."""
    outline, fan = rounded(*size, tail)
    places = np.zeros((len(outline), 3), np.float32)
    places[:, 0], places[:, 2] = outline[:, 0] + corner[0], outline[:, 1] + corner[1]
    paper = parent.attach_new_node(_sheet(geom(places, fan, GeomVertexFormat.get_v3())))
    paper.set_color(*colour)
    return paper


def _sheet(made: Geom) -> GeomNode:
    holder = GeomNode("box")
    holder.add_geom(made)
    return holder


def _text(words: str, colour: Colour, scale: float = 1.0, wrap: float | None = None) -> TextNode:
    node = TextNode("text")
    node.set_text(words)
    node.set_text_color(*colour)
    node.set_text_scale(scale)
    if wrap is not None:
        node.set_wordwrap(wrap)  # in the units of the laid out text, whatever its scale
    return node


def _extent(text: TextNode) -> tuple[float, float]:
    return text.get_width() * LINE_PX, text.get_height() * LINE_PX
