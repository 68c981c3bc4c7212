"""The energy of a patch of ground, snow or water: sun and sky against warmth given to air, vapour, ground and ice.

Force-restore (Deardorff 1978): a thin surface layer over a deep store. All fluxes are linear in the new surface
temperature about the old one, so a step of any length is stable and its budget closes to rounding.
"""

from __future__ import annotations

import math

from world.compiled import compiled

STEFAN_BOLTZMANN = 5.670374e-8  # W/m2/K4
EMISSIVITY = 0.97
KELVIN = 273.15
AIR_HEAT = 1206.0  # J/m3/K, of air at 1.2 kg/m3
PSYCHROMETRIC_PA_K = 66.0
FUSION_J_KG = 3.337e5
VAPORISATION_J_KG, SUBLIMATION_J_KG = 2.45e6, 2.834e6
DAY_S, YEAR_S = 86400.0, 365.25 * 86400.0

SOIL_HEAT, SOIL_DIFFUSIVITY = 2.0e6, 5.0e-7  # J/m3/K and m2/s, moist loam
# Deardorff 1978, eq. 8-11: c1 = 2 sqrt(pi), c2 = 2 pi (7.4 in his rounding), depths of the daily and the yearly wave.
SURFACE_J_M2_K = SOIL_HEAT * math.sqrt(SOIL_DIFFUSIVITY * DAY_S) / (2.0 * math.sqrt(math.pi))
RESTORE_W_M2_K = 7.4 / DAY_S * SURFACE_J_M2_K
DEEP_J_M2_K = SOIL_HEAT * math.sqrt(SOIL_DIFFUSIVITY * YEAR_S)

WATER_HEAT, ICE_HEAT = 4.19e6, 1.93e6  # J/m3/K
MIXED_M = 1.0  # of standing water that the wind stirs within the day
STIRRED_W_M2_K = 25.0  # between it and what lies below; judgement
ICE_CONDUCTIVITY, ICE_KG_M3 = 2.2, 917.0  # W/m/K
THINNEST_ICE_M = 0.01  # of ice whose cold reaches the water below without delay

ROUGHNESS_M, WIND_HEIGHT_M, KARMAN = 0.03, 10.0, 0.4
CALMEST_M_S = 0.6  # convection stirs even still air; judgement


@compiled
def saturation(temperature_c: float) -> float:
    """Saturation vapour pressure over water in Pa (Magnus form, Alduchov & Eskridge 1996)."""
    t = max(-95.0, min(95.0, temperature_c))
    return 610.94 * math.exp(17.625 * t / (t + 243.04))


@compiled
def turbulent_exchange(wind_m_s: float, surface_c: float, air_c: float) -> float:
    """W/m2 that a kelvin of difference drives into the air: bulk transfer with Louis 1979's weight of stability."""
    wind = max(wind_m_s, CALMEST_M_S)
    logarithm = math.log(WIND_HEIGHT_M / ROUGHNESS_M)
    neutral = (KARMAN / logarithm) ** 2
    richardson = 9.81 * WIND_HEIGHT_M * (air_c - surface_c) / ((KELVIN + air_c) * wind * wind)
    if richardson > 0.0:
        weight = 1.0 / ((1.0 + 4.7 * richardson) * (1.0 + 4.7 * richardson))
    else:
        free = 7.4 * 9.4 * neutral * math.sqrt(WIND_HEIGHT_M / ROUGHNESS_M * -richardson)
        weight = 1.0 - 9.4 * richardson / (1.0 + free)
    return AIR_HEAT * neutral * max(weight, 0.05) * wind


@compiled
def surface_step(
    surface_c: float, deep_c: float, heat: float, conductance: float,
    sun_w_m2: float, sky_w_m2: float, air_c: float, vapour_pa: float, exchange: float, moisture: float,
    latent_j_kg: float, evaporable_mm: float, meltable_mm: float, freezable_mm: float, step_s: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """One step of the surface's budget.

    `heat` (J/m2/K) is the surface's, `conductance` (W/m2/K) leads to the deep store, `sun_w_m2` is absorbed,
    `sky_w_m2` falls in the long wave; `exchange` is of warmth into the air (W/m2/K), `moisture` (0..1) the share of it
    that vapour finds. No more evaporates, melts or freezes than the given mm.

    Returns:
        the new surface temperature; net radiation, sensible heat and heat into the ground (W/m2, towards the ground
        positive for the last alone); what evaporated (mm, negative for dew) and what melted (mm, negative: froze).
    """
    kelvin = KELVIN + surface_c
    emitted = EMISSIVITY * STEFAN_BOLTZMANN * kelvin * kelvin * kelvin * kelvin
    emitted_slope = 4.0 * emitted / kelvin
    wet = exchange / PSYCHROMETRIC_PA_K * moisture * latent_j_kg / VAPORISATION_J_KG
    pressure = saturation(surface_c)
    wet_slope = wet * pressure * 4283.6 / ((surface_c + 243.04) * (surface_c + 243.04))
    latent = wet * (pressure - vapour_pa)
    dry = (
        EMISSIVITY * sky_w_m2 + sun_w_m2 - emitted - exchange * (surface_c - air_c) - conductance * (surface_c - deep_c)
    )
    dry_slope = heat / step_s + emitted_slope + exchange + conductance
    evaporated = melted = 0.0
    change = 0.0
    for attempt in range(2):
        gain, slope = dry - latent, dry_slope + wet_slope
        change = gain / slope
        melted = 0.0
        to_zero = -surface_c
        spare = (gain - slope * to_zero) * step_s / FUSION_J_KG  # mm that this could melt at 0 degC, or freeze
        if spare > 0.0 and meltable_mm > 0.0:
            melted = min(spare, meltable_mm)
        elif spare < 0.0 and freezable_mm > 0.0:
            melted = max(spare, -freezable_mm)
        if melted != 0.0:
            change = to_zero if melted == spare else (gain - melted * FUSION_J_KG / step_s) / slope
        evaporated = (latent + wet_slope * change) * step_s / latent_j_kg
        if evaporated <= evaporable_mm or attempt == 1:
            break
        latent, wet_slope = evaporable_mm * latent_j_kg / step_s, 0.0
    evaporated = min(evaporated, evaporable_mm)
    net = EMISSIVITY * sky_w_m2 + sun_w_m2 - emitted - emitted_slope * change
    sensible = exchange * (surface_c + change - air_c)
    ground = conductance * (surface_c + change - deep_c)
    return surface_c + change, net, sensible, ground, evaporated, melted


@compiled
def ice_conductance(ice_m: float) -> float:
    """W/m2/K through a sheet of ice to the water under it, which is at 0 degC."""
    return ICE_CONDUCTIVITY / (ice_m + THINNEST_ICE_M)


@compiled
def frozen_under(ground_w_m2: float, step_s: float) -> float:
    """Metres of ice that form under a sheet through which so much heat goes down; negative upward flux freezes.

    With `ice_conductance` this is Stefan's law, (z + z0) dz/dt = k (0 - T) / (rho L).
    """
    return -ground_w_m2 * step_s / (ICE_KG_M3 * FUSION_J_KG)
