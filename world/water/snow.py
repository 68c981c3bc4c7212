"""Snow on the ground: how deep it lies, how it settles, and how white it is."""

from __future__ import annotations

import math

from world.compiled import compiled

SETTLED_KG_M3, SOAKED_KG_M3 = 280.0, 400.0  # cold and thawing old snow
SETTLING_H, SOAKING_H = 60.0, 24.0  # e-folding times towards them; judgement
LIGHTEST_KG_M3, FRESH_MOST_KG_M3 = 50.0, 150.0
FRESH_ALBEDO, OLD_ALBEDO = 0.85, 0.55  # Oke 1987: fresh 0.8-0.95, old 0.4-0.6
COVERS_M = 0.03  # depth from which nothing of the ground shows through
CONDUCTIVITY_100, CONDUCTIVITY_400 = 0.07, 0.45  # W/m/K at 100 and 400 kg/m3 (Sturm et al. 1997, rounded)
SNOW_HEAT_J_KG_K = 2100.0
SKIN_M = 0.1  # of snow that follows the day's warmth


@compiled
def fresh_density(air_c: float) -> float:
    """Density of new snow in kg/m3 (Hedstrom & Pomeroy 1998, eq. 10), bounded."""
    return max(LIGHTEST_KG_M3, min(FRESH_MOST_KG_M3, 67.92 + 51.25 * math.exp(min(air_c, 3.0) / 2.59)))


@compiled
def settled(swe_mm: float, density: float, fallen_mm: float, air_c: float, hours: float) -> tuple[float, float]:
    """Water equivalent in mm and density after a step in which some fell and the old snow settled."""
    goal, takes = (SOAKED_KG_M3, SOAKING_H) if air_c > 0.0 else (SETTLED_KG_M3, SETTLING_H)
    if density < goal:
        density = goal - (goal - density) * math.exp(-hours / takes)
    total = swe_mm + fallen_mm
    if fallen_mm > 0.0:
        # Layers of different density lie on each other: their depths add up.
        density = total / (swe_mm / density + fallen_mm / fresh_density(air_c))
    return total, density


@compiled
def depth_m(swe_mm: float, density: float) -> float:
    """Depth of lying snow in metres."""
    return swe_mm / density


@compiled
def albedo_over(ground_albedo: float, depth: float, density: float) -> float:
    """Albedo of ground under so much snow; the denser, the older and greyer."""
    age = max(0.0, min(1.0, (density - FRESH_MOST_KG_M3) / (SOAKED_KG_M3 - FRESH_MOST_KG_M3)))
    white = FRESH_ALBEDO + (OLD_ALBEDO - FRESH_ALBEDO) * age
    cover = min(1.0, depth / COVERS_M)
    return ground_albedo + (white - ground_albedo) * cover


@compiled
def conductance_through(depth: float, density: float, below: float) -> float:
    """W/m2/K through snow and what lies below it in series."""
    lightness = max(0.0, min(1.0, (density - 100.0) / 300.0))
    conductivity = CONDUCTIVITY_100 + (CONDUCTIVITY_400 - CONDUCTIVITY_100) * lightness
    return 1.0 / (1.0 / below + depth / conductivity)
