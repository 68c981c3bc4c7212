"""Water on the ground: what rain brings, what sun and wind take, and lying snow; a ledger in millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from world.sky.air import saturation_pa

CAPACITY_MM = 12.0  # water the top few centimetres of the soil hold between dry and saturated; judgement
SEEPAGE_HOURS = 30.0  # time in which the wet half of it drains away downwards: a day or so to field capacity
MELT_MM_PER_K_DAY = 4.0  # degree-day factor, 2-6 for open snow
LATENT_MJ_KG = 2.45
SOLAR_SHARE = 0.45  # of the irradiance goes into evaporation from wet ground; judgement
DALTON_MM_PER_KPA_DAY = 2.6  # Penman 1948: 0.35 (1 + 0.54 u) mm per mmHg and day
FRESH_SNOW_DENSITY = 0.1  # relative to water; the usual ten to one
SETTLED_SNOW_DENSITY = 0.25  # 0.2-0.3 for settled snow
SETTLING_HOURS = 60.0  # e-folding time of the settling; judgement
SNOW_COVERS_MM = 1.0  # water equivalent from which lying snow keeps sun and wind off the soil


@dataclass(frozen=True)
class GroundWater:
    """Stores and running totals in millimetres of water; stores equal their start plus what came minus what went."""

    soil_mm: float
    snow_mm: float  # water equivalent of lying snow
    snow_density: float  # relative to water
    rained_mm: float = 0.0
    snowed_mm: float = 0.0
    melted_mm: float = 0.0
    evaporated_mm: float = 0.0
    seeped_mm: float = 0.0
    ran_off_mm: float = 0.0

    @property
    def wetness(self) -> float:
        """0 dry .. 1 saturated."""
        return self.soil_mm / CAPACITY_MM

    @property
    def snow_depth_m(self) -> float:
        """Depth of the lying snow."""
        return self.snow_mm / 1000.0 / self.snow_density

    def after(
        self,
        hours: float,
        rain_mm_h: float,
        snow_mm_h: float,
        temperature_c: float,
        humidity: float,
        wind_m_s: float,
        sun_w_m2: float,
    ) -> GroundWater:
        """The stores after `hours` of this weather; every flux is bounded by what its store holds."""
        rained, snowed = rain_mm_h * hours, snow_mm_h * hours
        lying = self.snow_mm + snowed
        melted = min(lying, MELT_MM_PER_K_DAY / 24.0 * max(temperature_c, 0.0) * hours)
        density = self.snow_density + (SETTLED_SNOW_DENSITY - self.snow_density) * min(1.0, hours / SETTLING_HOURS)
        if lying > 0.0:
            density = (density * self.snow_mm + FRESH_SNOW_DENSITY * snowed) / lying
        soil = self.soil_mm + rained + melted
        evaporated = min(soil, self._drying_mm_h(temperature_c, humidity, wind_m_s, sun_w_m2) * hours)
        soil -= evaporated
        seeped = max(soil - 0.5 * CAPACITY_MM, 0.0) * min(1.0, hours / SEEPAGE_HOURS)
        soil -= seeped
        ran_off = max(soil - CAPACITY_MM, 0.0)
        return replace(
            self,
            soil_mm=soil - ran_off,
            snow_mm=lying - melted,
            snow_density=density,
            rained_mm=self.rained_mm + rained,
            snowed_mm=self.snowed_mm + snowed,
            melted_mm=self.melted_mm + melted,
            evaporated_mm=self.evaporated_mm + evaporated,
            seeped_mm=self.seeped_mm + seeped,
            ran_off_mm=self.ran_off_mm + ran_off,
        )

    def _drying_mm_h(self, temperature_c: float, humidity: float, wind_m_s: float, sun_w_m2: float) -> float:
        # Penman's two terms, energy and wind, limited by how wet the ground still is; snow cover keeps the sun off.
        if self.snow_mm > SNOW_COVERS_MM or temperature_c < 0.0:
            return 0.0
        energy = SOLAR_SHARE * sun_w_m2 * 3600e-6 / LATENT_MJ_KG
        deficit_kpa = saturation_pa(temperature_c) * (1.0 - humidity) / 1000.0
        wind = DALTON_MM_PER_KPA_DAY * (1.0 + 0.54 * wind_m_s) * deficit_kpa / 24.0
        return (energy * math.sqrt(1.0 - humidity) + wind) * math.pow(self.wetness, 0.7)
