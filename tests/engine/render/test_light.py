"""Light and shade in numbers: horizons against trigonometry, colours against common sense."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.render.horizon import Horizon
from engine.render.light import LUMA, clear_dome, light, sunlight
from tests.engine.render.valleys import CELL_M, environment, flat


def wall(height_m: float) -> Horizon:
    """A plain with a high plateau east of x = 20 m."""
    side = 129
    x = np.arange(side) * CELL_M - (side - 1) * CELL_M / 2
    heights = np.broadcast_to(np.where(x > 20.0, height_m, 0.0), (side, side)).astype(np.float32)
    return Horizon(flat(heights=heights.copy()))


@pytest.mark.parametrize("distance_m", [12.0, 30.0, 60.0])
def test_a_cliff_hides_the_sun_below_its_angle(distance_m: float) -> None:
    horizon = wall(15.0)
    column = int((20.0 - distance_m) / CELL_M + 64)
    angle = np.arctan2(15.0, distance_m)
    assert horizon.visible(0.0, angle - 0.16)[64, column] == pytest.approx(0.0, abs=0.02)
    assert horizon.visible(0.0, angle + 0.16)[64, column] == pytest.approx(1.0, abs=0.02)
    assert horizon.visible(np.pi, 0.1)[64, column] == 1.0  # nothing stands in the west


def test_open_ground_sees_the_whole_sky_and_a_pit_does_not() -> None:
    assert Horizon(flat()).sky_view((65, 65)).min() == pytest.approx(1.0)
    side = 65
    r, c = np.mgrid[0:side, 0:side] - 32
    pit = np.where(np.hypot(r, c) < 6, 0.0, 30.0).astype(np.float32)
    assert Horizon(flat(heights=pit)).sky_view((65, 65))[32, 32] < 0.4


def test_the_sun_moving_a_little_changes_little() -> None:
    horizon = wall(15.0)
    steps = [horizon.visible(a, 0.4) for a in np.linspace(0, 1.0, 60)]
    assert max(float(np.abs(a - b).max()) for a, b in pairwise(steps)) < 0.5


def test_low_sun_is_redder_and_weaker() -> None:
    low, high = sunlight(np.radians(3)), sunlight(np.radians(60))
    assert low[0] / low[2] > 2 * high[0] / high[2]
    assert low.sum() < high.sum()
    assert sunlight(np.radians(-3)).sum() == 0


def test_clear_sky_is_blue_above_and_brightest_towards_the_sun() -> None:
    dome = clear_dome(np.radians(35))
    zenith = dome[-1, 0]
    assert zenith[2] > 1.5 * zenith[0]
    low = dome[4] @ LUMA
    assert low[:4].mean() > low[20:28].mean()
    np.testing.assert_allclose(dome[:, 0], dome[:, -1], rtol=1e-9)


def test_light_never_jumps_through_a_day() -> None:
    elevations = np.radians(np.arange(-20.0, 60.0, 0.1))
    drawn = []
    for e in elevations:
        moment = light(environment(sun_elevation=e))
        drawn.append((moment.sky_light + moment.key_colour * max(moment.key_dir[2], 0)) @ LUMA * moment.exposure)
    steps = np.abs(np.diff(drawn)) / (np.array(drawn[1:]) + 0.02)
    assert steps.max() < 0.12
    assert min(drawn) > 0.01


def test_clouds_take_the_sun_away() -> None:
    clear, grey = light(environment(cloud=0.0)), light(environment(cloud=1.0))
    assert grey.key_colour.sum() < 0.05 * clear.key_colour.sum()
    assert np.ptp(grey.sky_light) / grey.sky_light.mean() < np.ptp(clear.sky_light) / clear.sky_light.mean()


def test_fog_density_is_koschmieders() -> None:
    moment = light(environment(visibility_m=500.0))
    assert np.exp(-moment.fog_density * 500.0) == pytest.approx(0.02, rel=1e-3)
