"""What happens to each patch of ground in a minute: snow falls, sun and air warm it, water dries, soaks in, seeps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.energy import (
    AIR_HEAT,
    DEEP_J_M2_K,
    FUSION_J_KG,
    ICE_HEAT,
    ICE_KG_M3,
    KELVIN,
    MIXED_M,
    RESTORE_W_M2_K,
    STEFAN_BOLTZMANN,
    STIRRED_W_M2_K,
    SUBLIMATION_J_KG,
    SURFACE_J_M2_K,
    VAPORISATION_J_KG,
    WATER_HEAT,
    frozen_under,
    ice_conductance,
    surface_step,
    turbulent_exchange,
)
from world.water.snow import (
    SKIN_M,
    SNOW_HEAT_J_KG_K,
    albedo_over,
    conductance_through,
    settled,
)
from world.water.soil import TOP_MM, moisture_for_vapour, soil_step

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shade = NDArray[np.float32]

# Stores of a patch: water in mm, ice in m, density in kg/m3, temperatures in degC.
TOP, ROOT, GROUND, SNOW, DENSITY, FROZEN, ICE, SURFACE, DEEP = range(9)
STORES = 9
# What a patch is like: mm/h, mm, mm, h, 1, 1, 1, rise over run, rise over run, 1.
SATURATED, ROOT_MOST, GROUND_MOST, SEEPS_IN, ALBEDO, PLANTED, CANOPY, EAST_SLOPE, NORTH_SLOPE, SKY_VIEW = range(10)
TRAITS = 10
# The air over it, on a coarser lattice: degC, Pa, W/m2, m/s, mm/h, mm/h, W/m2 across the beam, W/m2.
AIR, VAPOUR, LONGWAVE, WIND, RAIN, SNOWFALL, BEAM, DIFFUSE = range(8)
FORCINGS = 8
# Totals: m3 of water, then joules.
RAINED, SNOWED, EVAPORATED, UNDERFLOW, NET, SENSIBLE, LATENT, STORED, MELTED, CARRIED, UNCLOSED = range(11)
TOTALS = 11

WATER_ALBEDO, ICE_ALBEDO = 0.07, 0.4
SNOW_UNDER_CANOPY, CANOPY_HIDES_SKY = 0.6, 0.7  # of sun and sky that closed canopy keeps from snow under it
WATERY_MM = 5.0  # deeper water has the budget of water, not of wet ground
WETTED_MM = 0.2  # more than this evaporates like open water
STIRRED_M = 0.3  # deeper water exchanges warmth with its depths
BEARING_ICE_M = 0.02  # thinner ice lets falling snow into the water,
BEARING_SHARE = 0.5  # but where so much of the water is ice
THIN_ICE_M = 0.01  # ice thinner than this has the warmth of so much
FLOWING_M_S = 0.4  # faster water carries its ice away
STOMATA_S_M = 150.0  # bulk resistance of mixed plants through the day and year (FAO-56: 70 for short grass at its best)
DEEP_MM_H = 6.0  # saturated conductivity below the roots; judgement
SHADOW_EDGE = 0.01  # tangent over which a shadow's edge passes: the sun's own breadth
AZIMUTHS = 16
DRAINS_EVENLY = 0.7  # share of standing water that must be left after a step


@compiled
def advance_ground(
    first: int, last: int, stores: Floats, traits: Floats, drains_to: Ints, horizon: Shade, forcing: Floats,
    scale: float, sun: Floats, depth: Floats, east: Floats, north: Floats, falling: Floats, bank: Floats,
    totals: Floats, cell_m: float, step_s: float,
) -> None:  # fmt: skip
    """Step the rows `first` to `last` in place; see the tables above for what the stacks hold.

    `forcing` (FORCINGS, nodes, nodes) spans the map, with `scale` nodes per cell; `sun` is the unit vector towards
    the sun and the fraction of a turn of its azimuth; `depth` in m and its fluxes are the water that stands on the
    ground, `falling` in m/s what is to fall onto it or, negative, soak away; `bank` (cells,) in m3 is on its way into
    the streams, by flat index, and `drains_to` (cells,) says into which, -1 for off the map.
    """
    cols = depth.shape[1]
    nodes = forcing.shape[1]
    area = cell_m * cell_m
    hours = step_s / 3600.0
    litre = area / 1000.0  # m3 per mm
    sector = sun[3] * AZIMUTHS
    before = int(sector) % AZIMUTHS
    turned = sector - math.floor(sector)
    after = (before + 1) % AZIMUTHS
    rise = sun[2] / max(math.sqrt(sun[0] * sun[0] + sun[1] * sun[1]), 1e-9)
    here = np.zeros(FORCINGS)
    for r in range(first, last):
        v = min(r * scale, nodes - 1.0)
        south = min(int(v), nodes - 2)
        fv = v - south
        for c in range(cols):
            u = min(c * scale, nodes - 1.0)
            west = min(int(u), nodes - 2)
            fu = u - west
            for k in range(FORCINGS):
                low = forcing[k, south, west] * (1.0 - fu) + forcing[k, south, west + 1] * fu
                high = forcing[k, south + 1, west] * (1.0 - fu) + forcing[k, south + 1, west + 1] * fu
                here[k] = low * (1.0 - fv) + high * fv
            air = here[AIR]
            top, root, swe = stores[TOP, r, c], stores[ROOT, r, c], stores[SNOW, r, c]
            ice, surface, deep = stores[ICE, r, c], stores[SURFACE, r, c], stores[DEEP, r, c]
            frozen = min(stores[FROZEN, r, c], top)
            standing = depth[r, c] * 1000.0
            rain, snowfall = here[RAIN] * hours, here[SNOWFALL] * hours
            totals[RAINED] += rain * litre
            totals[SNOWED] += snowfall * litre
            swe, density = settled(swe, stores[DENSITY, r, c], snowfall, air, hours)
            ice = min(ice, standing / ICE_KG_M3)
            watery = standing > WATERY_MM
            drowned = 0.0
            bears = ice >= min(BEARING_ICE_M, BEARING_SHARE * standing / ICE_KG_M3)
            if watery and not bears and 0.0 < swe / density * 1000.0 < standing:
                # The water's warmth melts what falls into it; snow that stands out of a film of water stays.
                drowned, standing, swe = swe, standing + swe, 0.0
                deep -= drowned * FUSION_J_KG / DEEP_J_M2_K
            snowy = swe > 0.0
            sheeted = watery and ice > 0.0 and not snowy

            canopy = traits[CANOPY, r, c]
            shade_r, shade_c = r // 2, c // 2
            skyline = horizon[before, shade_r, shade_c] * (1.0 - turned) + horizon[after, shade_r, shade_c] * turned
            lit = max(0.0, min(1.0, 0.5 + (rise - skyline) / SHADOW_EDGE)) if sun[2] > 0.0 else 0.0
            slope_x, slope_y = traits[EAST_SLOPE, r, c], traits[NORTH_SLOPE, r, c]
            facing = (sun[2] - slope_x * sun[0] - slope_y * sun[1]) / math.sqrt(
                1.0 + slope_x * slope_x + slope_y * slope_y
            )
            view = traits[SKY_VIEW, r, c]
            sunshine = here[BEAM] * lit * max(0.0, facing) + here[DIFFUSE] * view
            albedo = traits[ALBEDO, r, c]
            wind = here[WIND]
            if snowy:
                albedo = albedo_over(albedo, swe / density, density)
                sunshine *= 1.0 - SNOW_UNDER_CANOPY * canopy
                view *= 1.0 - CANOPY_HIDES_SKY * canopy
                wind *= 1.0 - SNOW_UNDER_CANOPY * canopy
            elif watery:
                albedo = ICE_ALBEDO if ice > 0.0 else WATER_ALBEDO
            kelvin = KELVIN + air
            around = STEFAN_BOLTZMANN * kelvin * kelvin * kelvin * kelvin
            longwave = here[LONGWAVE] * view + around * (1.0 - view)
            exchange = turbulent_exchange(wind, surface, air)

            moisture, from_top, latent_j_kg = 1.0, 0.0, VAPORISATION_J_KG
            heat, conductance, below = SURFACE_J_M2_K, RESTORE_W_M2_K, deep
            evaporable = meltable = freezable = 0.0
            flows = False
            if snowy:
                latent_j_kg, evaporable, meltable = SUBLIMATION_J_KG, swe, swe
                heat = SNOW_HEAT_J_KG_K * min(swe, SKIN_M * density) + SURFACE_J_M2_K * max(0.0, 1.0 - swe / 5.0)
                conductance = conductance_through(swe / density, density, RESTORE_W_M2_K)
            elif sheeted:
                evaporable, meltable = standing, ice * ICE_KG_M3
                heat, below = ICE_HEAT * max(min(ice, SKIN_M), THIN_ICE_M), 0.0
                conductance = ice_conductance(ice)
            elif watery:
                evaporable = standing
                heat = WATER_HEAT * min(standing / 1000.0, MIXED_M) + SURFACE_J_M2_K
                conductance = STIRRED_W_M2_K if standing > STIRRED_M * 1000.0 else RESTORE_W_M2_K
                if surface < 2.0:
                    east_m_s = 500.0 * (east[r, c] + east[r, c + 1]) / standing
                    north_m_s = 500.0 * (north[r, c] + north[r + 1, c]) / standing
                    flows = east_m_s * east_m_s + north_m_s * north_m_s > FLOWING_M_S * FLOWING_M_S
                freezable = standing
            else:
                meltable, freezable = frozen, top - frozen
                if standing > WETTED_MM:
                    evaporable = standing
                else:
                    evaporable = top - frozen + root
                    moisture, from_top = moisture_for_vapour(top, root, traits[ROOT_MOST, r, c], traits[PLANTED, r, c])
                    drag = AIR_HEAT / exchange
                    moisture *= drag / (drag + STOMATA_S_M)
            surface_was = surface
            surface, net, sensible, into, evaporated, melted = surface_step(
                surface, below, heat, conductance, sunshine * (1.0 - albedo), longwave, air, here[VAPOUR], exchange,
                moisture, latent_j_kg, evaporable, meltable, freezable, step_s,
            )  # fmt: skip

            stored = heat * (surface - surface_was)
            arriving = rain
            carried = 0.0
            melt = melted
            if snowy:
                swe -= evaporated
                molten = min(melted, swe)
                swe -= molten
                arriving += molten
                deep += into * step_s / DEEP_J_M2_K
            elif sheeted:
                grown = max(frozen_under(into, step_s), melted / ICE_KG_M3 - ice)
                melt = -grown * ICE_KG_M3 + melted
                carried = into * step_s + grown * ICE_KG_M3 * FUSION_J_KG
                ice = max(0.0, ice + grown - melted / ICE_KG_M3)
                standing -= evaporated
            elif watery:
                if flows:
                    carried = melted * FUSION_J_KG
                    melt = 0.0
                else:
                    ice = -melted / ICE_KG_M3
                standing -= evaporated
                deep += into * step_s / DEEP_J_M2_K
            else:
                frozen -= melted
                deep += into * step_s / DEEP_J_M2_K
                if standing > WETTED_MM or evaporated < 0.0:
                    if evaporated > standing:
                        top -= evaporated - standing
                        standing = 0.0
                    else:
                        standing -= evaporated
                else:
                    of_top = min(top - frozen, evaporated * from_top)
                    of_root = min(root, evaporated - of_top)
                    root -= of_root
                    top -= evaporated - of_root
            if not sheeted:
                stored += into * step_s
            if drowned > 0.0:
                stored -= drowned * FUSION_J_KG
                melt += drowned
            top, standing = max(0.0, top), max(0.0, standing)
            totals[EVAPORATED] += evaporated * litre
            latent = evaporated * latent_j_kg
            totals[NET] += net * step_s * area
            totals[SENSIBLE] += sensible * step_s * area
            totals[LATENT] += latent * area
            totals[STORED] += stored * area
            totals[MELTED] += melt * FUSION_J_KG * area
            totals[CARRIED] += carried * area
            budget = net * step_s - sensible * step_s - latent - stored - melt * FUSION_J_KG - carried
            totals[UNCLOSED] += abs(budget) * area

            stuck = min(standing, ice * ICE_KG_M3)
            frozen_share = min(1.0, frozen / max(top, 0.3 * TOP_MM))
            left, top, root, ground, seeped = soil_step(
                standing - stuck, arriving, top, root, stores[GROUND, r, c], traits[SATURATED, r, c], frozen_share,
                traits[ROOT_MOST, r, c], traits[GROUND_MOST, r, c], DEEP_MM_H, traits[SEEPS_IN, r, c], hours,
            )  # fmt: skip
            left += stuck
            target = drains_to[r * cols + c]
            if target >= 0:
                bank[target] += seeped * litre
            else:
                totals[UNDERFLOW] += seeped * litre
            # What comes or goes does so through the whole step, except where a film would be gone before its end.
            was = depth[r, c] * 1000.0
            if left > DRAINS_EVENLY * was:
                falling[r, c] = (left - was) / 1000.0 / step_s
            else:
                depth[r, c] = left / 1000.0
                falling[r, c] = 0.0
            stores[TOP, r, c], stores[ROOT, r, c], stores[GROUND, r, c] = top, root, ground
            stores[SNOW, r, c], stores[DENSITY, r, c], stores[FROZEN, r, c] = swe, density, min(frozen, top)
            stores[ICE, r, c], stores[SURFACE, r, c], stores[DEEP, r, c] = ice, surface, deep
