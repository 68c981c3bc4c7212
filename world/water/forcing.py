"""The air's field and the sun as the ground feels them: vapour, long wave and the two parts of daylight."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from world.sky.field import AirField
from world.sky.sun import clear_sky_w_m2, sun_at, utc_of
from world.water.energy import KELVIN, STEFAN_BOLTZMANN
from world.water.ground import AIR, BEAM, DIFFUSE, FORCINGS, LONGWAVE, RAIN, SNOWFALL, VAPOUR, WIND

Floats = NDArray[np.float64]

CLEAR_BEAM_SHARE = 0.82  # of a clear sky's light comes straight from the sun; 0.75-0.85 in clean air
LOWEST_SUN = math.sin(math.radians(1.0))  # a beam lower than this is not steepened further
STRONGEST_BEAM_W_M2 = 1100.0


class Air(Protocol):
    """Who tells the weather over the map."""

    def field(self, seconds: float) -> AirField:
        """The air's field some seconds after the start, constant through each minute."""
        ...


def sun_towards(start: datetime, seconds: float, latitude: float, longitude: float) -> tuple[Floats, float]:
    """Unit vector towards the sun (east, north, up) with its azimuth as a share of a turn; and its elevation."""
    sun = sun_at(utc_of(start + timedelta(seconds=seconds), longitude), latitude, longitude)
    level = math.cos(sun.elevation)
    east, north = level * math.cos(sun.azimuth_heading), level * math.sin(sun.azimuth_heading)
    turn = (sun.azimuth_heading / (2.0 * math.pi)) % 1.0
    return np.array([east, north, math.sin(sun.elevation), turn]), sun.elevation


def forcing_of(field: AirField, elevation: float) -> Floats:
    """What acts on the ground at the field's nodes, (FORCINGS, nodes, nodes); see `ground`.

    Long wave: Brutsaert 1975 under a clear sky, clouds after Unsworth & Monteith 1975. Daylight: Haurwitz 1945 and
    Kasten & Czeplak 1980 for the sum, of which the beam has what clouds leave of the sun's disc.
    """
    found = np.empty((FORCINGS, *field.temperature_c.shape))
    kelvin = KELVIN + field.temperature_c
    saturated = 610.94 * np.exp(17.625 * field.temperature_c / (field.temperature_c + 243.04))
    vapour = np.clip(field.humidity, 0.0, 1.0) * saturated
    cloud = np.clip(np.maximum(field.cloud, field.fog), 0.0, 1.0)
    clear = np.minimum(1.24 * (vapour / 100.0 / kelvin) ** (1.0 / 7.0), 1.0)
    emissivity = clear + 0.84 * cloud * (1.0 - clear)
    found[AIR], found[VAPOUR] = field.temperature_c, vapour
    found[LONGWAVE] = emissivity * STEFAN_BOLTZMANN * kelvin**4
    found[WIND] = np.hypot(field.wind_east_m_s, field.wind_north_m_s)
    found[RAIN], found[SNOWFALL] = np.maximum(field.rain_mm_h, 0.0), np.maximum(field.snow_mm_h, 0.0)
    whole = clear_sky_w_m2(elevation)
    everywhere = whole * (1.0 - 0.75 * cloud**3.4)
    straight = CLEAR_BEAM_SHARE * whole * (1.0 - cloud)
    beam = straight / max(math.sin(elevation), LOWEST_SUN)
    found[BEAM] = np.minimum(beam, STRONGEST_BEAM_W_M2)
    found[DIFFUSE] = everywhere - straight
    return found
