"""How a camera strays from where its rig puts it, and how its exposure varies: held for a while, or smooth.

All of it is a function of the scenario and the tick, so that a frame asked for alone is the same as in its run.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.scenario import Range, Scenario, drawn, stream_of
from recorder.schema import CameraPose

Floats = NDArray[np.float64]

STEEPEST = np.radians(89.0)  # a camera that strays does not turn over
TONES = 24  # of a sway, in each channel; with so many its values are normal to the eye
CHANNELS = 5  # x, y, z, yaw, pitch


class Sway:
    """Band-limited noise in several independent channels, each of mean 0 and standard deviation 1 over time.

    Sums of sinusoids with random phases (Shinozuka & Deodatis 1991, "Simulation of stochastic processes by spectral
    representation"). Their frequencies lie one in each equal part of the logarithm of the band and have equal power,
    so power falls as 1 / f: slow sway of the body is large, unrest of the arm small. No tone lies outside the band.

    Args:
        rng: what its frequencies and phases are drawn from.
        band_hz: lowest and highest frequency.
        channels: how many.
    """

    def __init__(self, rng: np.random.Generator, band_hz: Range, channels: int) -> None:
        low, high = np.log(band_hz)
        part = (np.arange(TONES) + rng.uniform(size=(channels, TONES))) / TONES
        self._rad_s: Floats = 2 * np.pi * np.exp(low + (high - low) * part)
        self._phase: Floats = rng.uniform(0.0, 2 * np.pi, (channels, TONES))

    def at(self, seconds: float) -> Floats:
        """The channels (channels,) at a time."""
        return np.asarray(np.sqrt(2.0 / TONES) * np.sin(self._rad_s * seconds + self._phase).sum(axis=1))


def eased(share: float) -> float:
    """From 0 to 1 without a jolt in speed or acceleration (Perlin 2002, "Improving noise")."""
    return share**3 * (share * (share * 6.0 - 15.0) + 10.0)


class Straying:
    """What `[randomise]` makes of one camera's poses.

    Args:
        camera: its name; the numbers come from streams of that name.
        scenario: says how far, how often and how.
    """

    def __init__(self, camera: str, scenario: Scenario) -> None:
        self._camera, self._scenario, self._plan = camera, scenario, scenario.randomise
        self._stretch = max(1, round(self._plan.every * scenario.world.tick_rate))
        self._sway = Sway(stream_of(scenario, f"sway:{camera}"), self._plan.sway_hz, CHANNELS)

    def pose(self, pose: CameraPose, tick: int) -> CameraPose:
        """The pose as it strays at a tick, with the exposure of that tick."""
        plan = self._plan
        if plan.jitter_m or plan.jitter_deg:
            away = self._away(tick)
            x, y, z = np.asarray(pose.position) + away[:3] * plan.jitter_m
            yaw, pitch = np.array([pose.yaw, pose.pitch]) + np.radians(away[3:] * plan.jitter_deg)
            pitch = np.clip(pitch, -STEEPEST, STEEPEST)
            pose = replace(pose, position=(float(x), float(y), float(z)), yaw=float(yaw), pitch=float(pitch))
        return pose if plan.exposure_ev is None else replace(pose, exposure_ev=self._exposure(plan.exposure_ev, tick))

    def _away(self, tick: int) -> Floats:
        """How far it is out of its place at a tick, in standard deviations: x, y, z, yaw, pitch."""
        if self._plan.smooth:
            return self._sway.at(tick / self._scenario.world.tick_rate)
        return stream_of(self._scenario, f"camera:{self._camera}", tick // self._stretch).normal(0.0, 1.0, CHANNELS)

    def _exposure(self, between: Range, tick: int) -> float:
        stretch, into = divmod(tick, self._stretch)
        here, there = (drawn(self._scenario, f"exposure:{self._camera}", between, stretch + k) for k in (0, 1))
        return here + (there - here) * eased(into / self._stretch) if self._plan.smooth else here
