"""Smoke over the chimneys of burning hearths: colour only, like the rain, so truth sees through it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from engine.render.frame import Frame
from engine.render.geometry import SURFACE_FORMAT, corners, geom, node, unbounded
from engine.render.light import Light

PUFFS = 26  # per chimney
LIFE_S = 13.0
RISE_M_S = 1.25  # of warm smoke at the chimney; it slows as it cools
DRIFT_SHARE = 0.55  # of the wind: roofs and trees shelter it
GREY = np.array([0.62, 0.63, 0.66])


class Smoke:
    """The puffs under `path`, rebuilt when other hearths burn."""

    def __init__(self, mouths: Sequence[NDArray[np.float64]]) -> None:
        self.path = NodePath("smoke")
        self._mouths = mouths
        self._burning: tuple[int, ...] = ()

    def burn(self, rows: tuple[int, ...]) -> None:
        """Let the chimneys of these buildings smoke."""
        if rows == self._burning:
            return
        self._burning = rows
        self.path.node().remove_all_children()
        if not rows:
            return
        places = np.concatenate([self._mouths[k] for k in rows])
        seeds = np.concatenate([np.full(len(self._mouths[k]), k) for k in rows])
        vertices, triangles = corners(np.repeat(places, PUFFS, axis=0), np.tile(np.arange(PUFFS) / PUFFS, len(places)))
        chance = np.concatenate(
            [np.random.default_rng(np.random.SeedSequence(76, spawn_key=(int(k),))).random((PUFFS, 3)) for k in seeds]
        )
        rank = (np.tile(np.arange(PUFFS) / PUFFS, len(places)) + np.repeat(seeds * 0.381966, PUFFS)) % 1.0
        vertices["colour"][:, 2] = np.repeat(rank * 255, 4)
        vertices["extra"][:, :3] = np.repeat(chance * 255, 4, axis=0)
        made = node(geom(vertices, triangles, SURFACE_FORMAT), "smoke", "smoke")
        made.set_two_sided(True)
        unbounded(made)
        made.reparent_to(self.path)

    @staticmethod
    def write(frame: Frame, environment: NDArray[np.void], time_s: float, light: Light) -> None:
        """Put the smoke's drift and light at this time into the frame."""
        wind, towards = min(float(environment["wind_m_s"]), 12.0), float(environment["wind_towards"])
        drift = DRIFT_SHARE * wind * LIFE_S
        rise = RISE_M_S * LIFE_S / (1.0 + 0.22 * wind)
        frame["SMOKE_DRIFT"] = drift * np.cos(towards), drift * np.sin(towards), rise
        frame["SMOKE_TIME"] = (time_s / LIFE_S) % 1.0
        frame["SMOKE_COLOUR"] = (light.sky_light * 0.75 + light.key_colour * 0.16) * GREY
