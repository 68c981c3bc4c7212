"""Colours of clothes and houses, varied: their hue turned round the colour circle, their lightness kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.scenario import Scenario, stream_of
from recorder.schema import Cast, Scenery

CLOTHES = ("top_rgb", "legs_rgb", "hat_rgb")
HOUSES = ("wall_rgb", "roof_rgb")
LIVELIER = 0.25  # saturation that a full variation adds at most: grey has no hue to turn


def varied_cast(cast: Cast, scenario: Scenario) -> Cast:
    """The cast in the clothes of its scenario's variation."""
    amount = scenario.randomise.clothes
    return replace(cast, looks=_varied(cast.looks, CLOTHES, amount, scenario, "clothes")) if amount else cast


def varied_scenery(scenery: Scenery, scenario: Scenario) -> Scenery:
    """The scenery with the walls and roofs of its scenario's variation."""
    amount = scenario.randomise.houses
    if not amount:
        return scenery
    return replace(scenery, buildings=_varied(scenery.buildings, HOUSES, amount, scenario, "houses"))


def _varied(
    rows: NDArray[np.void], names: tuple[str, ...], amount: float, scenario: Scenario, name: str
) -> NDArray[np.void]:
    made = rows.copy()
    for number, column in enumerate(names):
        rng = stream_of(scenario, name, number)
        turns = rng.uniform(-0.5, 0.5, len(rows)) * amount
        made[column] = turned(rows[column], turns, rng.uniform(0, LIVELIER, len(rows)) * amount)
    made.flags.writeable = False
    return made


def turned(rgb: NDArray[np.uint8], turns: NDArray[np.float64], livelier: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours (n, 3) uint8 with their hue turned by parts of a circle and their saturation raised, at equal value.

    Hue, saturation, value after Smith 1978, "Color gamut transform pairs".
    """
    colour = rgb / 255.0
    value, least = colour.max(axis=1), colour.min(axis=1)
    chroma = value - least
    safe = np.where(chroma > 0, chroma, 1.0)
    r, g, b = colour.T
    hue = np.select(
        [chroma == 0, value == r, value == g], [0.0 * r, (g - b) / safe, (b - r) / safe + 2.0], (r - g) / safe + 4.0
    )
    saturation = np.clip(chroma / np.where(value > 0, value, 1.0) + livelier, 0.0, 1.0)
    hue = hue[:, None] + 6.0 * turns[:, None]
    k = (np.array([5.0, 3.0, 1.0]) + hue) % 6.0
    share = np.clip(np.minimum(k, 4.0 - k), 0.0, 1.0)
    made = value[:, None] * (1.0 - saturation[:, None] * share)
    return np.asarray(np.round(made * 255.0), np.uint8)
