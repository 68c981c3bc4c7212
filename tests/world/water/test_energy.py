"""Warmth of the ground against Stefan's law, radiative balance, thaws of the known order, shadows and its own books."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.water.energy import (
    DEEP_J_M2_K,
    EMISSIVITY,
    FUSION_J_KG,
    ICE_CONDUCTIVITY,
    ICE_KG_M3,
    KELVIN,
    RESTORE_W_M2_K,
    STEFAN_BOLTZMANN,
    SURFACE_J_M2_K,
    THINNEST_ICE_M,
    VAPORISATION_J_KG,
    frozen_under,
    ice_conductance,
    saturation,
    surface_step,
    turbulent_exchange,
)
from world.water.horizon import sky_view, skylines


@given(
    surface=st.floats(-60, 60), deep=st.floats(-40, 40), heat=st.floats(1e3, 4e6), sun=st.floats(0, 1100),
    sky=st.floats(80, 450), air=st.floats(-70, 55), humidity=st.floats(0.05, 1), wind=st.floats(0, 40),
    moisture=st.floats(0, 1), evaporable=st.floats(0, 20), meltable=st.floats(0, 50), freezable=st.floats(0, 50),
    step=st.sampled_from([60.0, 3600.0]),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_the_budget_closes_and_stays_within_what_there_is(
    surface: float, deep: float, heat: float, sun: float, sky: float, air: float, humidity: float, wind: float,
    moisture: float, evaporable: float, meltable: float, freezable: float, step: float,
) -> None:  # fmt: skip
    exchange = turbulent_exchange(wind, surface, air)
    after, net, sensible, ground, evaporated, melted = surface_step(
        surface, deep, heat, RESTORE_W_M2_K, sun, sky, air, humidity * saturation(air), exchange, moisture,
        VAPORISATION_J_KG, evaporable, meltable, freezable, step,
    )  # fmt: skip
    spent = (
        sensible + ground + (evaporated * VAPORISATION_J_KG + melted * FUSION_J_KG + heat * (after - surface)) / step
    )
    size = abs(net) + abs(sensible) + abs(ground) + 1.0 + heat * abs(after - surface) / step
    assert spent == pytest.approx(net, abs=1e-9 * size)
    assert evaporated <= evaporable and -freezable <= melted <= meltable
    assert -150.0 < after < 150.0
    if 0.0 < melted < meltable or -freezable < melted < 0.0:
        assert after == pytest.approx(0.0, abs=1e-9)


def test_ice_thickens_as_stefan_found() -> None:
    cold, days = 10.0, 30
    ice = 0.0
    for _ in range(days * 1440):
        ice += frozen_under(ice_conductance(ice) * -cold, 60.0)
    # (z + z0)^2 - z0^2 = 2 k dT t / (rho L), exactly
    square = 2.0 * ICE_CONDUCTIVITY * cold * days * 86400.0 / (ICE_KG_M3 * FUSION_J_KG)
    assert ice == pytest.approx(math.sqrt(square + THINNEST_ICE_M**2) - THINNEST_ICE_M, rel=2e-3)
    assert 0.5 < ice < 0.65  # 3.5 cm times the root of 300 freezing degree-days


def test_a_dry_surface_in_still_vacuum_comes_to_radiative_balance() -> None:
    surface = 5.0
    for _ in range(2000):
        surface = surface_step(
            surface, 0.0, 1e4, 0.0, 300.0, 250.0, 0.0, 0.0, 0.0, 0.0, VAPORISATION_J_KG, 0.0, 0.0, 0.0, 60.0
        )[0]
    assert surface + KELVIN == pytest.approx(((300.0 / EMISSIVITY + 250.0) / STEFAN_BOLTZMANN) ** 0.25, rel=1e-6)


def test_the_ground_follows_the_days_sun_with_the_amplitude_of_a_half_space() -> None:
    """A sinusoidal flux into a half-space gives an amplitude of F / sqrt(omega) / inertia, an eighth of a day late."""
    omega = 2.0 * math.pi / 86400.0
    surface = deep = 10.0
    found = []
    for minute in range(1440 * 6):
        flux = 100.0 * math.sin(omega * minute * 60.0)
        sky = STEFAN_BOLTZMANN * (KELVIN + surface) ** 4  # so that the long wave cancels
        after, _, _, ground, _, _ = surface_step(
            surface, deep, SURFACE_J_M2_K, RESTORE_W_M2_K, flux, sky, 0.0, 0.0, 0.0, 0.0, VAPORISATION_J_KG, 0.0, 0.0,
            0.0, 60.0,
        )  # fmt: skip
        deep += ground * 60.0 / DEEP_J_M2_K
        surface = after
        found.append(surface - deep)
    last = np.array(found[-1440:])
    inertia = math.sqrt(2.0e6 * 2.0e6 * 5.0e-7)  # sqrt(rho c k)
    assert (last.max() - last.min()) / 2 == pytest.approx(100.0 / math.sqrt(omega) / inertia, rel=0.12)
    lag_h = (int(last.argmax()) - 360) / 60.0
    assert lag_h == pytest.approx(3.0, abs=0.6)


def test_wind_and_warm_ground_stir_the_air() -> None:
    assert turbulent_exchange(6.0, 10.0, 10.0) > turbulent_exchange(2.0, 10.0, 10.0)
    assert (
        turbulent_exchange(2.0, 20.0, 10.0) > turbulent_exchange(2.0, 10.0, 10.0) > turbulent_exchange(2.0, 0.0, 10.0)
    )


def test_skylines_see_a_wall_where_it_stands() -> None:
    heights = np.zeros((64, 64))
    heights[:, 48:] = 40.0
    tangents = skylines(heights, 4.0, 16)
    at = tangents[:, 16, 16]  # the cell in row and column 32: 16 cells west of the wall
    assert at[0] == pytest.approx(40.0 / (16 * 4.0), rel=0.25)
    assert at[8] == 0.0
    assert at[2] == pytest.approx(at[0] * math.cos(math.pi / 4), rel=0.25)
    seen = sky_view(tangents, heights.shape)
    assert seen.shape == heights.shape
    assert seen[32, 60] == pytest.approx(1.0) and 0.5 < seen[32, 44] < 0.9
