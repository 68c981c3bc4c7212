"""Writes light and weather into the frame's inputs: wind, wet ground, snow, waves, drifting clouds, falling rain."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from engine.render.frame import LAYOUT, Frame
from engine.render.light import Light, on_screen, smoothstep
from engine.render.precipitation import (
    FULL_RAIN_MM_H,
    FULL_SNOW_MM_H,
    RAIN_BOX_M,
    RAIN_FALL_M_S,
    SNOW_BOX_M,
    SNOW_FALL_M_S,
    fall_amount,
)
from engine.render.programs import COVERED_SNOW_M, CROP_FULL_M
from engine.render.season import Season
from engine.render.smoke import Smoke
from recorder.schema import Snapshot

GUST_RAD_S = 1.7
SWAY_PER_WIND = 0.11  # how far a stem leans per m/s, in units of its own stiffness
SWAY_LIMIT = 1.2
GUST_SHARE = 0.4  # of what gusts add to the wind: they come and go
REPEAT_S = 256.0  # after which the clock of splashes and rings begins anew
WAVE_SPEED = (0.013, 0.008, 0.021, -0.016)  # noise tiles per second
MOST_BLOSSOM = 0.85  # share of the sprays of a tree that flower
GREEN, GOLD = (0.095, 0.155, 0.038), (0.52, 0.385, 0.135)  # of fields seen from afar, linear
MOST_CROP_COVER, STUBBLE_COVER = 0.92, 0.55  # of the soil, by the tallest crop and by what the scythe leaves
SHADOW_OFFSET_M = 0.07  # along the normal: under one texel of the map, so that a lit wall does not shade itself


def write_light(frame: Frame, light: Light) -> None:
    """Put the light of the moment into the frame."""
    for field in fields(light):
        if field.name.upper() in LAYOUT:
            frame[field.name.upper()] = getattr(light, field.name)
    frame["SHADOW_OFFSET"] = SHADOW_OFFSET_M


def sway(environment: NDArray[np.void], time_s: float) -> tuple[float, float, float, float]:
    """Lean towards east and north, and the phase of the gusts at this time."""
    wind = float(environment["wind_m_s"])
    gust = float(environment["gust_m_s"]) if "gust_m_s" in (environment.dtype.names or ()) else 0.0
    lean = min(SWAY_PER_WIND * (wind + GUST_SHARE * max(gust - wind, 0.0)), SWAY_LIMIT)
    towards = float(environment["wind_towards"])
    return lean * np.cos(towards), lean * np.sin(towards), (GUST_RAD_S * time_s) % (2 * np.pi), 0.0


def write_season(frame: Frame, now: Season) -> None:
    """Put the year's work on the plants into the frame."""
    frame["LEAF_COVER"], frame["LEAF_COLOUR"], frame["GRASS_GREEN"] = now.leaf_cover, now.leaf_colour, now.grass_green
    frame["BLOSSOM"] = MOST_BLOSSOM * smoothstep(0.5, 0.95, now.blossom)
    frame["CROP_GROWN"], frame["CROP_RIPE"] = now.crop_height_m / CROP_FULL_M, now.crop_ripe
    ripe = np.asarray(GOLD) * now.crop_ripe + np.asarray(GREEN) * (1 - now.crop_ripe)
    frame["CROP_COLOUR"] = ripe
    stubble = now.crop_ripe * STUBBLE_COVER * smoothstep(0.02, 0.10, now.crop_height_m)
    frame["CROP_COVER"] = max(MOST_CROP_COVER * smoothstep(0.0, 0.40, now.crop_height_m), stubble)


def write_weather(
    frame: Frame,
    falls: dict[str, NodePath],
    environment: NDArray[np.void],
    time_s: float,
    light: Light,
    following: Snapshot | None,
    following_s: float,
    before: Snapshot | None,
    before_s: float,
) -> None:
    """Put the weather at this time into the frame, and show the rain or the snow that falls."""
    env = environment
    frame["SWAY"] = sway(env, time_s)
    frame["NEXT_SWAY"] = sway(env if following is None else following.environment, following_s)
    frame["PREV_SWAY"] = sway(env if before is None else before.environment, before_s)
    # roofs, leaves and people are wet while it rains; the soil's own wetness is laid cell by cell
    frame["CLOUD"], frame["WETNESS"] = (
        env["cloud"],
        max(float(env["ground_wetness"]), min(float(env["rain_mm_h"]), 1.0)),
    )
    frame["SNOW"] = min(float(env["snow_depth_m"]) / COVERED_SNOW_M, 1.0)
    rain, snow = float(env["rain_mm_h"]), float(env["snow_mm_h"])
    frame["RAIN"] = fall_amount(rain, FULL_RAIN_MM_H)
    frame["RIPPLE"] = min(0.45 + 0.12 * float(env["wind_m_s"]), 2.0)
    frame["SECONDS"] = time_s % REPEAT_S
    frame["WAVES"] = np.mod(np.array(WAVE_SPEED) * time_s, 1.0)
    _write_fall(frame, falls, env, time_s, light, rain, snow)
    Smoke.write(frame, env, time_s, light)


def _write_fall(
    frame: Frame,
    falls: dict[str, NodePath],
    environment: NDArray[np.void],
    time_s: float,
    light: Light,
    rain: float,
    snow: float,
) -> None:
    for kind, falling in (("rain", rain > 0 and rain >= snow), ("snow", snow > 0 and snow > rain)):
        if falling:
            falls[kind].show()
        else:
            falls[kind].hide()
    flakes = snow > rain
    box = np.array(SNOW_BOX_M if flakes else RAIN_BOX_M)
    speed = SNOW_FALL_M_S if flakes else RAIN_FALL_M_S
    wind, towards = min(float(environment["wind_m_s"]), 14.0), float(environment["wind_towards"])
    slant = wind * (0.35 if flakes else 0.55) / speed
    fallen = (speed * time_s) % box[2]
    axis = np.array([slant * np.cos(towards), slant * np.sin(towards), -1.0])
    frame["FALL_BOX"] = box
    frame["FALL_OFFSET"] = axis * fallen
    frame["FALL_DIR"] = axis / np.linalg.norm(axis)
    frame["FALL_PHASE"] = (2.1 * time_s) % (2 * np.pi)
    frame["FALL_AMOUNT"] = fall_amount(snow, FULL_SNOW_MM_H) if flakes else fall_amount(rain, FULL_RAIN_MM_H)
    behind = on_screen((light.fog_sun + light.fog_anti) * 0.5 + light.flash_sky * 0.3, light.exposure)
    frame["FALL_COLOUR"] = np.minimum(behind * (1.12 if flakes else 1.05) + (0.10 if flakes else 0.07), 1.0)
