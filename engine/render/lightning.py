"""Lightning: a stroke lights sky and ground for the tick at which it strikes, and its channel is drawn.

Colour only: it has no surface. Its shape is a function of its place, current and tick, so every drawing agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from engine.render.geometry import SURFACE, SURFACE_FORMAT, geom, node, unbounded
from recorder.schema import Event, Scenery

Floats = NDArray[np.float64]

KIND = "lightning"
CLOUD_BASE_M = 850.0  # above the ground where it strikes
TYPICAL_KA = 30.0  # median peak current of a first return stroke (Berger 1975)
NEAR_M = 1500.0  # at this distance a stroke's light has halved
BENDS = 7  # times the channel is halved
CROOKED = 0.13  # sideways, as a share of the length that is bent
BRANCHES = 7
GLOWS = (0.0, 1.0)  # each piece of the channel is drawn thin and bright, and wide and faint


@dataclass(frozen=True)
class Flash:
    """How a stroke lights the valley seen from an eye."""

    towards: Floats  # unit vector from the eye to the middle of the channel
    strength: float  # of its light where the eye is: 1 for a typical stroke close by
    glow: float  # of the clouds round it, likewise


@dataclass(frozen=True)
class Stroke:
    """One stroke: foot and head of its channel in the world, and how strong it is, 1 for a typical one."""

    foot: Floats
    head: Floats
    power: float
    seed: tuple[int, ...]


def strokes(events: Sequence[Event], scenery: Scenery) -> tuple[Stroke, ...]:
    """The strokes among the events of a tick."""
    return tuple(_stroke(event, scenery) for event in events if event.kind == KIND)


def _stroke(event: Event, scenery: Scenery) -> Stroke:
    x, y = float(event.data["x"]), float(event.data["y"])
    rows, cols = scenery.heights.shape
    c = int(np.clip(round((x - scenery.origin[0]) / scenery.cell_m), 0, cols - 1))
    r = int(np.clip(round((y - scenery.origin[1]) / scenery.cell_m), 0, rows - 1))
    seed = (event.tick % 2**32, round(x) % 2**32, round(y) % 2**32)
    foot = np.array([x, y, float(scenery.heights[r, c])])
    lean = np.random.default_rng(np.random.SeedSequence(75, spawn_key=seed)).uniform(-180, 180, 2)
    power = float(np.sqrt(abs(float(event.data["peak_ka"])) / TYPICAL_KA))
    return Stroke(foot, foot + np.array([*lean, CLOUD_BASE_M]), min(max(power, 0.3), 3.0), seed)


def flash(struck: Sequence[Stroke], eye: Floats) -> Flash | None:
    """What the brightest of these strokes does to the light round an eye; None where nothing struck."""
    seen = []
    for stroke in struck:
        to = (stroke.foot + stroke.head) / 2 - eye
        away = float(np.linalg.norm(to))
        strength = stroke.power / (1.0 + (away / NEAR_M) ** 2)
        seen.append(Flash(to / max(away, 1e-6), strength, min(stroke.power / (1.0 + (away / (6 * NEAR_M)) ** 2), 1.5)))
    return max(seen, key=lambda each: each.strength, default=None)


class Bolts:
    """The channels of the strokes of the tick, under `path`."""

    def __init__(self) -> None:
        self.path = NodePath("bolts")
        self._shown: tuple[tuple[int, ...], ...] = ()

    def strike(self, struck: Sequence[Stroke]) -> None:
        """Draw these strokes and no others."""
        now = tuple(stroke.seed for stroke in struck)
        if now == self._shown:
            return
        self._shown = now
        self.path.node().remove_all_children()
        if struck:
            pieces = np.concatenate([_channel(stroke) for stroke in struck])
            vertices, triangles = _quads(pieces)
            made = node(geom(vertices, triangles, SURFACE_FORMAT), "bolt", "bolt")
            made.set_two_sided(True)
            unbounded(made)
            made.reparent_to(self.path)


def _crooked(start: Floats, end: Floats, bends: int, rng: np.random.Generator) -> Floats:
    """Points from start to end, every piece halved `bends` times with a shift to the side."""
    line = np.stack([start, end])
    for _ in range(bends):
        length = np.linalg.norm(np.diff(line, axis=0), axis=1, keepdims=True)
        middle = (line[:-1] + line[1:]) / 2 + rng.normal(size=(len(line) - 1, 3)) * length * CROOKED
        woven = np.empty((2 * len(line) - 1, 3))
        woven[::2], woven[1::2] = line, middle
        line = woven
    return line


def _channel(stroke: Stroke) -> Floats:
    """Pieces (n, 7) of a channel and its branches: both ends and a brightness."""
    rng = np.random.default_rng(np.random.SeedSequence(75, spawn_key=(*stroke.seed, 1)))
    main = _crooked(stroke.head, stroke.foot, BENDS, rng)
    lines = [(main, min(0.75 + 0.25 * stroke.power, 1.0))]
    down = stroke.foot - stroke.head
    for _ in range(BRANCHES):
        at = int(rng.integers(len(main) // 10, int(len(main) * 0.75)))
        side = rng.normal(size=3) * (1, 1, 0.3)
        reach = rng.uniform(0.12, 0.34) * np.linalg.norm(down)
        towards = 0.75 * down / np.linalg.norm(down) + 0.8 * side / np.linalg.norm(side)
        lines.append((_crooked(main[at], main[at] + towards * reach, BENDS - 2, rng), float(rng.uniform(0.25, 0.5))))
    return np.concatenate([np.c_[line[:-1], line[1:], np.full(len(line) - 1, light)] for line, light in lines])


def _quads(pieces: Floats) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    made = np.zeros((len(GLOWS), len(pieces), 4), SURFACE)
    made["position"], made["normal"] = pieces[None, :, None, :3], pieces[None, :, None, 3:6]
    made["colour"][..., 0], made["colour"][..., 1] = (0, 255, 255, 0), (0, 0, 255, 255)
    made["colour"][..., 2] = pieces[None, :, None, 6] * 255
    made["extra"][..., 0] = np.array(GLOWS)[:, None, None] * 255
    start = 4 * np.arange(made.size // 4, dtype=np.uint32)[:, None]
    return made.reshape(-1), (start + np.array([0, 1, 2, 0, 2, 3], np.uint32)).reshape(-1, 3)
