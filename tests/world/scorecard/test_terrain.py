"""Figures of the land: right on surfaces whose answer is known, and failing on land that is broken."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from world.scorecard import landform, terrain
from world.scorecard.card import Result
from world.scorecard.landform import CHANNEL_M2, Drainage, drain
from world.scorecard.lookalikes import fourier_noise, simplex_noise
from world.scorecard.subject import Subject
from world.world import WorldConfig

N, CELL_M = 161, 10.0


@cache
def steady_land(theta: float, steepness: float = 40.0) -> np.ndarray:
    """A surface whose slope along the flow is k A^-theta everywhere, exactly."""
    surface = simplex_noise(100.0 * np.random.default_rng(1).random((N, N)), CELL_M, 5)
    for _ in range(12):
        flow = drain(surface, CELL_M)
        heights = np.zeros(surface.size)
        for cell in flow.order:
            below = flow.receivers[cell]
            if below != cell:
                heights[cell] = heights[below] + steepness * flow.area_m2[cell] ** -theta * flow.length_m[cell]
        surface = heights.reshape(surface.shape)
    return surface


@pytest.fixture(scope="module")
def eroded() -> np.ndarray:
    return steady_land(0.45)


@pytest.fixture(scope="module")
def noise(eroded) -> np.ndarray:
    return fourier_noise(eroded, np.random.default_rng(3))


def power_law(beta: float, n: int = 256) -> np.ndarray:
    """A periodic field whose transects have the spectral slope `beta`."""
    k = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    k[0, 0] = np.inf
    white = np.fft.rfft2(np.random.default_rng(2).standard_normal((n, n)))
    return np.fft.irfft2(white * k ** (-(beta + 1.0) / 2.0), s=(n, n))


def binary_tree(depth: int) -> Drainage:
    """Streams that meet two by two, all of one cell: each cell drains to its parent in a heap."""
    cells = 2**depth - 1
    receivers = np.maximum((np.arange(cells) - 1) // 2, 0)
    area = np.array([CHANNEL_M2 * (2 ** (depth - int(np.log2(i + 1))) - 1) for i in range(cells)])
    length = np.where(np.arange(cells) == 0, 0.0, 1.0)
    return Drainage(np.zeros(cells), 1.0, 1, receivers, np.arange(cells), area, length, np.zeros(cells, np.bool_))


@pytest.mark.parametrize("theta", [0.3, 0.45, 0.6])
def test_both_concavities_find_the_one_a_surface_was_made_with(theta):
    flow = drain(steady_land(theta), CELL_M)
    assert landform.concavity(flow) == pytest.approx(theta, abs=0.03)
    assert landform.chi_concavity(flow) == pytest.approx(theta, abs=0.03)


def test_concavity_leaves_water_and_hollows_out(eroded):
    flooded = eroded.copy()
    level = np.quantile(eroded, 0.3)
    flooded[flooded < level] = level
    found = landform.concavity(drain(flooded, CELL_M), flooded <= level)
    assert found == pytest.approx(0.45, abs=0.08)


def test_on_a_tilted_plane_all_streams_are_parallel_and_length_grows_with_area():
    plane = np.broadcast_to(np.arange(402.0)[:, None], (402, 40)).copy()
    flow = drain(plane, 100.0)
    inner = flow.area_m2.reshape(plane.shape)[1:-1, 1:-1]
    assert np.array_equal(inner[:, 0], 1e4 * np.arange(400, 0, -1))  # nothing comes from the edges
    assert landform.hack_exponent(flow) == pytest.approx(1.0, abs=0.01)


def test_area_is_conserved(eroded):
    flow = drain(eroded, CELL_M)
    outlets = flow.receivers == np.arange(flow.receivers.size)
    assert flow.area_m2[outlets].sum() == pytest.approx(eroded.size * CELL_M**2)


def test_hypsometry_of_a_plane_and_of_a_parabolic_trough():
    x = np.linspace(-1.0, 1.0, 401)
    assert landform.hypsometric_integral(np.tile(x, (5, 1))) == pytest.approx(0.5)
    assert landform.hypsometric_integral(np.tile(x**2, (5, 1))) == pytest.approx(1.0 / 3.0, abs=0.005)


def test_streams_that_meet_two_by_two_have_a_bifurcation_ratio_of_two():
    ratios = landform.horton_ratios(binary_tree(9))
    assert ratios is not None
    bifurcation, lengths, areas = ratios
    assert bifurcation == pytest.approx(2.0)
    assert lengths == pytest.approx(1.0)
    assert 2.0 < areas < 2.4


@pytest.mark.parametrize("beta", [1.5, 2.0, 3.0])
def test_the_spectral_slope_of_a_field_made_with_one(beta):
    assert landform.spectral_slope(power_law(beta), 4.0, 16.0, 512.0) == pytest.approx(beta, abs=0.2)


def test_the_power_of_transects_adds_up_to_their_variance():
    rng = np.random.default_rng(0)
    wavenumber, power = landform.transect_spectrum(rng.standard_normal((512, 512)), 4.0)
    assert (power * wavenumber[0]).sum() == pytest.approx(1.0, abs=0.1)


def test_pits_are_those_that_were_dug():
    ground = np.add.outer(np.arange(40.0), 0.3 * np.arange(40.0))
    dug = np.zeros(ground.shape, np.bool_)
    dug[10, 10] = dug[20, 31] = dug[33, 5] = True
    ground[dug] -= 5.0
    found = landform.pits(ground, np.zeros_like(dug))
    assert np.array_equal(found, dug)
    assert not landform.pits(ground, dug).any()  # full of water, they are lakes
    flow = drain(ground, 4.0)
    assert np.array_equal(flow.hollow.reshape(ground.shape), dug)


def test_noise_has_the_relief_and_the_spectrum_of_the_land(eroded, noise):
    assert noise.std() == pytest.approx(eroded.std())
    _, own = landform.transect_spectrum(eroded, CELL_M)
    _, alike = landform.transect_spectrum(noise, CELL_M)
    middle = slice(3, 60)  # the land is not periodic, so the ends differ
    assert np.abs(np.log(alike[middle] / own[middle])).mean() < 0.5


def verdicts(ground: np.ndarray, cell_m: float = CELL_M) -> dict[str, str]:
    """What each metric says of a dry terrain with this ground."""
    subject = Subject(WorldConfig(seed=3))
    dry = np.zeros_like(ground)
    around = SimpleNamespace(heights=ground, cell_m=cell_m)
    subject.__dict__["valley"] = SimpleNamespace(
        heights=ground, water_depth=dry, soil_m=dry, cell_m=cell_m, surroundings=around
    )
    return {metric.key: Result(metric, (metric.measure(subject),)).verdict for metric in terrain.METRICS}


def test_land_that_rivers_cut_passes_what_noise_fails(eroded, noise):
    cut, random = verdicts(eroded), verdicts(noise)
    for key in ("concavity", "concavity_chi", "hollows"):
        assert cut[key] == "pass", key
        assert random[key] != "pass", key


def test_every_figure_fails_on_some_broken_land(eroded):
    rough = eroded + 3.0 * np.random.default_rng(4).standard_normal(eroded.shape)
    assert verdicts(rough)["pits"] == "fail"
    white = verdicts(100.0 * rough - 100.0 * eroded)
    assert white["spectrum"] == white["hillslopes"] == "fail"
    plane = np.arange(400.0)[:, None] + 1e-3 * np.random.default_rng(5).random((400, 400))
    assert verdicts(plane)["hack"] == "fail"
    plateau = np.full((N, N), 100.0)
    plateau[0] = 0.0
    assert verdicts(plateau)["hypsometry"] == "fail"


@pytest.mark.parametrize("key", ["bifurcation", "lengths", "areas"])
def test_streams_in_pairs_fail_hortons_ratios(key):
    metric = next(metric for metric in terrain.METRICS if metric.key == key)
    subject = Subject(WorldConfig(seed=3))
    tree = binary_tree(9)
    subject.shared("country", lambda: (SimpleNamespace(drainage=tree),))
    assert Result(metric, (metric.measure(subject),)).verdict == "fail"
