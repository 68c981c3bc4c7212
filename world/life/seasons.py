"""The season of leaves, flowers, grass and grain on every day of the year, from a climate alone."""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from world.grid import smoothstep
from world.life.biomes import PlantType, bioclimate, biome_weights
from world.life.crops import crop_year
from world.life.year import DAYS, Normals, daily_warmth, day_length_h, soil_days
from world.view import Season

Floats = NDArray[np.float64]

CHILL_C, FORCING_C = 5.0, 5.0
CHILLING_BEGINS_DAYS = 50  # before the winter solstice, about 1 November in the north
LEAST_FORCING_K_D = 40.0
UNFOLDING_K_D = (-45.0, 90.0)  # about the critical sum: from the first buds to full leaves, three weeks of spring
COLOURING_H, COLOURING_C = 14.5, 28.5  # day length and warmth below which leaves age (Delpierre et al. 2009)
COLOURING_SUM = 8268.0  # K2 d, beech and oak, the same
COLOURING, SHEDDING = (0.85, 1.3), (1.15, 1.75)  # shares of that sum over which the valley turns and sheds
LAST_LEAVES_DAYS = 40  # before the winter solstice, in which what still hangs falls
GRASS_LAG_DAYS, ROOT_LAG_DAYS = 14, 30
SOUTH_SHIFT_DAYS = 183
WINTER_SOLSTICE_DAY = 355
NO_TREES = 0.01  # share of the ground
DRY_SEASON_SHED, SCRUB_SHED = 0.65, 0.12  # of the leaves, of raingreen and of leathery trees


class Seasons:
    """The seasons of one place, worked out once; `at` reads any moment between the days."""

    def __init__(self, climate: Normals, latitude: float) -> None:
        self.crops = crop_year(climate, latitude)
        leaves = vegetation(climate, latitude)
        self.days: Floats = np.concatenate([leaves, [self.crops.height_m, self.crops.ripe]]).T.copy()
        """(365, 6) in the order of the fields of view.Season, at the noon of each day."""
        self._day: tuple[int, list[float], list[float]] = self._around(0)  # one, with its noon and the next

    def at(self, local: datetime) -> Season:
        """The season at a local date and time; continuous, and the same every year."""
        new_year, length = _year(local.year)
        noon = (local - new_year).total_seconds() / 86400.0 / length * DAYS - 0.5
        day = math.floor(noon)
        share = noon - day
        if day != self._day[0]:
            self._day = self._around(day)
        _, before, after = self._day
        return Season(*[b + (a - b) * share for b, a in zip(before, after, strict=True)])

    def _around(self, day: int) -> tuple[int, list[float], list[float]]:
        return day, self.days[day % DAYS].tolist(), self.days[(day + 1) % DAYS].tolist()


@cache
def _year(year: int) -> tuple[datetime, int]:
    """When a year begins, and its days."""
    new_year = datetime(year, 1, 1)  # noqa: DTZ001 (local solar time)
    return new_year, (datetime(year + 1, 1, 1) - new_year).days  # noqa: DTZ001


def vegetation(climate: Normals, latitude: float) -> Floats:
    """Leaf cover, leaf colour, blossom and greenness of grass on every day of the year, (4, 365).

    Buds break when the warmth since the winter solstice reaches a sum that falls with the chilling before it
    (Cannell & Smith 1983; constants of Botta et al. 2000); leaves age with cold and short days (Delpierre et al.
    2009). Without a cold season trees stay green, and shed in the dry season if there is one.
    """
    solstice = (WINTER_SOLSTICE_DAY + (SOUTH_SHIFT_DAYS if latitude < 0 else 0)) % DAYS

    def from_solstice(values: Floats) -> Floats:
        return np.roll(values, -solstice)

    warmth = from_solstice(daily_warmth(climate, np.zeros(())))
    _, wanted, used = soil_days(climate, np.zeros(()))
    supply = from_solstice(np.where(wanted > 0.05, used / np.maximum(wanted, 0.05), 1.0))
    days = np.arange(DAYS)
    forcing = np.cumsum(np.maximum(warmth - FORCING_C, 0.0))
    chilled = np.cumsum(warmth < CHILL_C) + np.count_nonzero(warmth[-CHILLING_BEGINS_DAYS:] < CHILL_C)
    needed = np.maximum(638.0 * np.exp(-0.01 * chilled) - 68.0, LEAST_FORCING_K_D)
    beyond = forcing - needed
    unfolded = smoothstep(*UNFOLDING_K_D, beyond)

    hours = from_solstice(day_length_h(latitude))
    ageing = np.maximum(COLOURING_C - warmth, 0.0) ** 2 * (hours / COLOURING_H) ** 2
    aged = np.cumsum(np.where((days > DAYS // 2) & (hours < COLOURING_H), ageing, 0.0)) / COLOURING_SUM
    last = smoothstep(0.0, 1.0, (days - (DAYS - LAST_LEAVES_DAYS)) / (LAST_LEAVES_DAYS - 1.0))
    turned = np.maximum(smoothstep(*COLOURING, aged), last)
    shed = np.maximum(smoothstep(*SHEDDING, aged), last)
    # The colour of leaves that are gone fades out of sight before the new ones come.
    fading = np.maximum(smoothstep(0.2, 0.8, forcing / needed), smoothstep(120.0, 180.0, days.astype(np.float64)))
    turned = np.where(days > DAYS // 2, turned, 1.0 - fading) * unfolded.max()

    evergreen, raingreen = evergreen_share(climate)
    thirst = 1.0 - smoothstep(0.12, 0.5, running_mean(supply, ROOT_LAG_DAYS))
    kept = 1.0 - (SCRUB_SHED + (DRY_SEASON_SHED - SCRUB_SHED) * raingreen) * thirst
    cover = evergreen * kept + (1.0 - evergreen) * unfolded * (1.0 - shed)
    colour = (1.0 - evergreen) * turned

    warm = smoothstep(1.0, 9.0, running_mean(warmth, GRASS_LAG_DAYS))
    frosted = 0.12 + 0.23 * smoothstep(-10.0, 1.0, running_mean(warmth, GRASS_LAG_DAYS))
    moist = smoothstep(0.1, 0.75, running_mean(supply, GRASS_LAG_DAYS))
    green = 0.04 + 0.96 * moist * (frosted + (1.0 - frosted) * warm)

    trees = smoothstep(0.4, 1.0, forcing / needed) * (1.0 - smoothstep(10.0, 190.0, beyond))
    meadows = smoothstep(0.0, 200.0, beyond) * (1.0 - smoothstep(600.0, 1300.0, beyond)) * (1.0 - last)
    bloom = np.maximum(0.9 * trees, 0.45 * meadows * green)
    blossom = (1.0 - evergreen) * bloom * (1.0 - last) + evergreen * 0.35 * moist * warm
    return np.roll(np.clip(np.stack([cover, colour, blossom, green]), 0.0, 1.0), solstice, axis=1)


def evergreen_share(climate: Normals) -> tuple[float, float]:
    """Share of the leafy trees that winter does not bare, and of these the share that a dry season does."""
    here = bioclimate(climate, np.zeros(1))
    weights = biome_weights(here)[:, 0]
    scrub, tropical, savanna = (
        float(weights[kind])
        for kind in (PlantType.EVERGREEN_SCRUB, PlantType.TROPICAL_BROADLEAF, PlantType.SAVANNA_TREE)
    )
    bared = float(weights[PlantType.TEMPERATE_BROADLEAF] + weights[PlantType.PIONEER])
    mild = float(smoothstep(4.0, 11.0, here.coldest_c)[0])  # decides where there are hardly any trees to ask
    southern = (scrub + tropical + savanna + NO_TREES * mild) / (scrub + tropical + savanna + bared + NO_TREES)
    swing = float(np.ptp(climate.temperature_c))
    constant = 1.0 - float(smoothstep(4.0, 8.0, np.array(swing)))
    alive = float(smoothstep(0.0, 300.0, here.degree_days_5)[0])
    raingreen = float((1.0 - smoothstep(0.65, 0.9, here.water)[0]) * smoothstep(13.0, 18.0, here.coldest_c)[0])
    return alive * (1.0 - (1.0 - southern) * (1.0 - constant)), raingreen


def running_mean(values: Floats, days: int) -> Floats:
    """Mean over so many days up to each day, the year taken as a circle."""
    result: Floats = uniform_filter1d(values, days, mode="wrap", origin=(days - 1) // 2)
    return result
